package history

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"tickler/internal/journal"
	"tickler/internal/task"
)

// read reads the tasks of entries, and what happened to them since.
func (u *undo) read(ctx context.Context, entries []journal.Entry) error {
	u.forgetAll()
	var ids []int64
	for _, e := range entries {
		u.oldest = e.ID // the last is the oldest
		if e.Object == journal.Task {
			ids = append(ids, e.ObjectID)
		}
	}
	return u.readTasks(ctx, ids)
}

// readTasks reads tasks and their trails, whatever is known of them. It leaves out the
// last ones if their trails are too long for all.
func (u *undo) readTasks(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	steps, err := u.tx.Trails(ctx, journal.Task, ids, u.oldest, maxSteps+1)
	if err != nil {
		return err
	}
	whole := len(steps) <= maxSteps
	trails := map[int64][]Step{}
	for begin := 0; begin < len(steps); {
		end := begin
		for end < len(steps) && steps[end].ObjectID == steps[begin].ObjectID {
			end++
		}
		if end < len(steps) || whole {
			trails[steps[begin].ObjectID] = steps[begin:end]
		}
		begin = end
	}
	if !whole {
		if len(trails) == 0 {
			return tooLong(fmt.Sprintf("task %d has changed more than %d times since", steps[0].ObjectID, maxSteps))
		}
		ids = slices.Sorted(maps.Keys(trails))
	}
	if u.steps+len(steps) > maxSteps {
		u.forgetAll()
	}
	found, err := u.tx.TasksByID(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		u.forget(id)
		u.tasks[id], u.trails[id] = found[id], newTrail(trails[id])
		u.steps += len(trails[id])
	}
	return nil
}

func (u *undo) forgetAll() {
	u.tasks, u.trails, u.steps = map[int64]*task.Task{}, map[int64]*trail{}, 0
}

// forget drops what is known of a task.
func (u *undo) forget(id int64) {
	if known := u.trails[id]; known != nil {
		u.steps -= len(known.steps)
	}
	delete(u.tasks, id)
	delete(u.trails, id)
}

// known returns a task, nil if it is gone for good, and its trail.
func (u *undo) known(ctx context.Context, id int64) (*task.Task, *trail, error) {
	if _, read := u.tasks[id]; !read {
		if err := u.readTasks(ctx, []int64{id}); err != nil {
			return nil, nil, err
		}
	}
	return u.tasks[id], u.trails[id], nil
}

// trailOf reads what happened to the object of an entry, other than a task, since.
func (u *undo) trailOf(ctx context.Context, e journal.Entry) (*trail, error) {
	steps, err := u.tx.Trails(ctx, e.Object, []int64{e.ObjectID}, e.ID, maxSteps+1)
	if err != nil {
		return nil, err
	}
	if len(steps) > maxSteps {
		return nil, tooLong(fmt.Sprintf("%s %d has changed more than %d times since", spoken(e.Object), e.ObjectID, maxSteps))
	}
	return newTrail(steps), nil
}
