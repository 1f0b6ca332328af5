package history

import (
	"context"
	"errors"
	"maps"
	"slices"

	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/task"
)

// tree takes back a change of a task, with those of the parts that it took along, the
// latest first.
func (u *undo) tree(ctx context.Context, e journal.Entry) error {
	parts, err := u.takenAlong(ctx, e)
	if err != nil {
		return err
	}
	for _, one := range parts {
		if one.ID > e.ID {
			if err := u.task(ctx, one); err != nil {
				return err
			}
		}
	}
	if err := u.task(ctx, e); err != nil {
		return err
	}
	for _, one := range parts {
		if one.ID < e.ID {
			if err := u.task(ctx, one); err != nil {
				return err
			}
		}
	}
	return nil
}

// takenAlong reads the entries of the parts that a change of a task took along, newest
// first, and what is known of those parts.
func (u *undo) takenAlong(ctx context.Context, e journal.Entry) ([]journal.Entry, error) {
	switch e.Action {
	case journal.Completed, journal.Deleted, journal.Restored:
	default:
		return nil, nil
	}
	t, _, err := u.known(ctx, e.ObjectID)
	if err != nil {
		return nil, err
	}
	if t != nil { // most tasks have no parts, and looking for them is cheaper than for entries
		parts, err := u.tx.LockTree(ctx, t.ID)
		if err != nil || len(parts) == 0 {
			return nil, err
		}
	}
	followed, err := u.tx.Consequences(ctx, e)
	if err != nil || len(followed) == 0 {
		return nil, err
	}
	ids, first := make([]int64, 0, len(followed)), e.ID
	for _, one := range followed {
		ids, first = append(ids, one.Entry), min(first, one.Entry)
	}
	objects := slices.Sorted(maps.Keys(followed))
	if err := u.tx.LockTasks(ctx, objects); err != nil {
		return nil, err
	}
	tasks, err := u.tx.TasksByID(ctx, objects)
	if err != nil {
		return nil, err
	}
	trails, err := u.tx.Trails(ctx, journal.Task, objects, min(first, u.oldest))
	if err != nil {
		return nil, err
	}
	for _, id := range objects {
		if _, known := u.tasks[id]; !known {
			u.tasks[id], u.trails[id] = tasks[id], trails[id]
		}
	}
	return u.tx.Entries(ctx, ids)
}

// misplaced tells why a task cannot have its former place among others, "" if it can:
// what it was a part of may be gone, and parts may have come that would be left alone.
func (u *undo) misplaced(ctx context.Context, t, former *task.Task) (reason string, err error) {
	if former.DeletedAt != nil {
		if t.DeletedAt != nil {
			return "", nil
		}
		parts, err := u.tx.LockTree(ctx, t.ID)
		if slices.ContainsFunc(parts, func(p *task.Task) bool { return p.DeletedAt == nil }) {
			reason = "it has parts that came since"
		}
		return reason, err
	}
	stored := t
	if t.DeletedAt != nil { // its place is taken anew
		stored = &task.Task{ID: t.ID, BlockedBy: former.BlockedBy}
	}
	err = former.CheckPlace(ctx, u.tx, stored)
	if e := (*fault.Error)(nil); errors.As(err, &e) {
		return e.Plain().Message, nil
	}
	return "", err
}

// partsOfSuccessor returns the parts of an occurrence that followed from a completion,
// with the entries of their creation. They must be as they were created; otherwise that
// stands in the way.
func (u *undo) partsOfSuccessor(ctx context.Context, e journal.Entry, next *task.Task) (parts []*task.Task, arrivals Consequences, free bool, err error) {
	arrivals = Consequences{}
	if parts, err = u.tx.LockTree(ctx, next.ID); err != nil {
		return nil, nil, false, err
	}
	for _, part := range parts {
		_, trail, err := u.known(ctx, part.ID)
		if err != nil {
			return nil, nil, false, err
		}
		for _, later := range live(trail, e.ID) {
			if later.Action != journal.Created && later.Action != journal.Restored {
				u.block(e, "a part of the occurrence that followed it was changed since", &later)
				return nil, nil, false, nil
			}
			arrivals[part.ID] = Consequence{Entry: later.ID}
		}
	}
	return parts, arrivals, true, nil
}
