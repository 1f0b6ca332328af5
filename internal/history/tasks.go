package history

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/task"
)

const changedSince = "it was changed since"

// opposite is the kind of change that takes back another. All others are updates.
var opposite = map[journal.Action]task.ChangeKind{
	journal.Created: task.Deleted, journal.Deleted: task.Restored, journal.Restored: task.Deleted,
	journal.Completed: task.Reopened, journal.Reopened: task.Completed,
}

// task takes back a change of a task.
func (u *undo) task(ctx context.Context, e journal.Entry) error {
	t, trail, err := u.known(ctx, e.ObjectID)
	if err != nil {
		return err
	}
	if e.Action == journal.Reminded {
		u.sent(e)
		return nil
	}
	if e.Action.Notice() {
		return nil // it follows from changes that are taken back themselves
	}
	if wasUndone(trail, e.ID) {
		u.result.Already++
		return nil
	}
	if standing := live(trail, e.ID); len(standing) > 0 {
		u.block(e, changedSince, &standing[0])
		return nil
	}
	if t == nil {
		if e.Action == journal.Deleted {
			return u.insertAgain(ctx, e)
		}
		u.block(e, "it is gone for good", nil)
		return nil
	}
	if e.Action == journal.Completed {
		if free, err := u.takeBackSuccessor(ctx, e, t); err != nil || !free {
			return err
		}
	}
	if inserted(e) && t.DeletedAt != nil {
		return nil // it came back deleted, and goes with the occurrence before it
	}
	former, missing, err := u.former(ctx, t, e)
	if err != nil {
		return err
	}
	if missing != "" {
		u.block(e, missing+", which it had, was deleted since", nil)
		return nil
	}
	kind := task.Updated
	if k, other := opposite[e.Action]; other {
		kind = k
	}
	if e.Action == journal.Reopened && former.Recurrence != nil {
		if kind, err = u.completing(ctx, e); err != nil {
			return err
		}
	}
	former.PutBack(t, u.user, u.now)
	if reason, err := u.misplaced(ctx, t, former); err != nil || reason != "" {
		if reason != "" {
			u.block(e, reason, nil)
		}
		return err
	}
	u.tx.TakeBack(e, nil)
	if err := u.tx.Save(ctx, task.Change{Kind: kind, Before: t, Task: former}); err != nil {
		return err
	}
	u.changed(former, e)
	return nil
}

// former returns a task as it was before a change.
func (u *undo) former(ctx context.Context, t *task.Task, e journal.Entry) (former *task.Task, missing string, err error) {
	if e.Action == journal.Created {
		former = t.Clone()
		former.DeletedAt = &u.now
		return former, "", nil
	}
	former, missing, err = u.tx.Former(ctx, t, e)
	if err == nil && e.Action == journal.Restored {
		former.DeletedAt = &u.now // it is kept for its time again
	}
	return former, missing, err
}

// completing returns the kind of change that makes a task done again which e reopened.
// The event of a completion is followed by the next occurrence. But where the task was
// given its rule only after it was done, none had followed, and none must now.
func (u *undo) completing(ctx context.Context, e journal.Entry) (task.ChangeKind, error) {
	trails, err := u.tx.Trails(ctx, journal.Task, []int64{e.ObjectID}, 0)
	if err != nil {
		return "", err
	}
	kind := task.Completed
	for _, earlier := range trails[e.ObjectID] {
		if earlier.ID < e.ID && earlier.Action == journal.Completed {
			var completed struct {
				Rule string `json:"recurrence_rule"`
			}
			if err := json.Unmarshal(earlier.After, &completed); err != nil {
				return "", err
			}
			if kind = task.Completed; completed.Rule == "" {
				kind = task.Updated
			}
		}
	}
	return kind, nil
}

// changed notes that a change of a task was taken back.
func (u *undo) changed(t *task.Task, e journal.Entry) {
	for _, later := range u.trails[e.ObjectID] {
		if later.ID > e.ID && later.Action == journal.Reminded {
			u.sent(later)
		}
	}
	u.tasks[e.ObjectID] = t
	// The entry that was just left has no id here yet. Each is the newest.
	u.trails[e.ObjectID] = append(u.trails[e.ObjectID], journal.Entry{ID: math.MaxInt64, Object: e.Object, ObjectID: e.ObjectID, Undoes: e.ID})
	u.done(e)
}

// sent notes a reminder that stays sent.
func (u *undo) sent(e journal.Entry) {
	if !u.told[e.ID] && len(u.told) < shown {
		u.told[e.ID] = true
		u.lasting(e, "a reminder was sent, and that cannot be taken back")
	}
}

// takeBackSuccessor removes the occurrence that completing a task created. It must be
// as it was created; otherwise that stands in the way. An occurrence that was there
// before stays.
func (u *undo) takeBackSuccessor(ctx context.Context, e journal.Entry, t *task.Task) (free bool, err error) {
	next, err := u.tx.LockSuccessor(ctx, t.ID)
	if errors.Is(err, fault.ErrNotFound) {
		return true, nil // none was created yet, and none will be for a task that is open
	}
	if err != nil {
		return false, err
	}
	_, trail, err := u.known(ctx, next.ID)
	if err != nil {
		return false, err
	}
	came := false
	var arrival journal.Entry // that was not taken back yet
	for _, later := range trail {
		if later.ID > e.ID && later.Undoes <= e.ID && arrives(later) { // not what only came back since
			if came = true; !wasUndone(trail, later.ID) {
				arrival = later
			}
		}
	}
	if !came {
		return true, nil
	}
	for _, later := range live(trail, e.ID) {
		if !arrives(later) {
			u.block(e, "the occurrence that followed it was changed since", &later)
			return false, nil
		}
	}
	for _, later := range trail {
		if later.Action == journal.Reminded {
			u.sent(later)
		}
	}
	parts, arrivals, free, err := u.partsOfSuccessor(ctx, e, next)
	if err != nil || !free {
		return false, err
	}
	u.tx.TakeBack(arrival, arrivals)
	if err := task.RemoveTree(ctx, u.tx, next, parts); err != nil {
		return false, err
	}
	arrivals[next.ID] = Consequence{Entry: arrival.ID}
	for id, one := range arrivals {
		u.tasks[id] = nil
		u.trails[id] = append(u.trails[id], journal.Entry{ID: math.MaxInt64, Object: journal.Task, ObjectID: id, Undoes: one.Entry})
	}
	return true, nil
}

// arrives tells whether an entry is of a task that was not there before.
func arrives(e journal.Entry) bool { return e.Action == journal.Created || inserted(e) }

// inserted tells whether an entry is of a task that had been removed for good.
func inserted(e journal.Entry) bool {
	var recorded struct{ Inserted bool }
	return json.Unmarshal(e.Restores, &recorded) == nil && recorded.Inserted
}

// insertAgain stores a task that was removed for good: the occurrence that followed a
// task until that was reopened.
func (u *undo) insertAgain(ctx context.Context, e journal.Entry) error {
	gone, err := u.tx.Gone(ctx, e)
	if err != nil {
		return err
	}
	if gone == nil {
		u.block(e, "it is gone for good", nil)
		return nil
	}
	if gone.PreviousTaskID != nil {
		before, _, err := u.known(ctx, *gone.PreviousTaskID)
		if err != nil {
			return err
		}
		if before == nil || !before.Completed() {
			u.block(e, "it followed an occurrence that is open now; undo what opened that", nil)
			return nil
		}
	}
	gone.Version = e.Version
	gone.PutBack(nil, u.user, u.now)
	u.tx.TakeBack(e, nil)
	inserted, err := u.tx.InsertAgain(ctx, gone)
	if err != nil {
		return err
	}
	if !inserted {
		u.block(e, "its series has gone on since", nil)
		return nil
	}
	u.changed(gone, e)
	return nil
}
