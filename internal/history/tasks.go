package history

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

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
	if err := u.inTime(); err != nil { // one change may take thousands of parts along
		return err
	}
	if e.Action.Notice() {
		return nil // it follows from changes that are taken back themselves
	}
	if trail.wasUndone(e.ID) {
		u.result.Already++
		return nil
	}
	if standing := trail.newest(e.ID); standing != nil {
		return u.block(ctx, e, changedSince, standing)
	}
	if t == nil {
		if e.Action == journal.Deleted {
			return u.insertAgain(ctx, e)
		}
		return u.block(ctx, e, "it is gone for good", nil)
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
		return u.block(ctx, e, missing+", which it had, was deleted since", nil)
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
			return u.block(ctx, e, reason, nil)
		}
		return err
	}
	u.tx.TakeBack(e, nil)
	if err := u.tx.Save(ctx, task.Change{Kind: kind, Before: t, Task: former}); err != nil {
		return err
	}
	return u.changed(ctx, former, e)
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
	recurred, known, err := u.tx.CompletedBefore(ctx, e)
	if known && !recurred {
		return task.Updated, err
	}
	return task.Completed, err
}

// changed notes that a change of a task was taken back.
func (u *undo) changed(ctx context.Context, t *task.Task, e journal.Entry) error {
	if err := u.sentSince(ctx, e.ObjectID, e.ID); err != nil {
		return err
	}
	u.done(e)
	trail := u.trails[e.ObjectID]
	if trail == nil { // it was forgotten, and is read again if need be
		return nil
	}
	u.tasks[e.ObjectID] = t
	trail.takeBack(e.ID)
	return nil
}

// sentSince notes the reminders of a task after an entry that stay sent.
func (u *undo) sentSince(ctx context.Context, id, after int64) error {
	_, trail, err := u.known(ctx, id)
	if err != nil {
		return err
	}
	var sent []int64
	for _, later := range trail.steps {
		if later.ID > after && later.Action == journal.Reminded && !u.told[later.ID] && len(u.told)+len(sent) < shown {
			sent = append(sent, later.ID)
		}
	}
	if len(sent) == 0 {
		return nil
	}
	reminders, err := u.tx.Entries(ctx, sent)
	for _, one := range slices.Backward(reminders) {
		u.sent(one)
	}
	return err
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
	var arrival int64 // that was not taken back yet
	for _, later := range trail.steps {
		if later.ID > e.ID && later.Undoes <= e.ID && later.arrives() { // not what only came back since
			if came = true; !trail.wasUndone(later.ID) {
				arrival = later.ID
			}
		}
	}
	if !came {
		return true, nil
	}
	for _, later := range trail.live(e.ID, 0) {
		if !later.arrives() {
			return false, u.block(ctx, e, "the occurrence that followed it was changed since", &later)
		}
	}
	if err := u.sentSince(ctx, next.ID, 0); err != nil {
		return false, err
	}
	parts, arrivals, free, err := u.partsOfSuccessor(ctx, e, next)
	if err != nil || !free {
		return false, err
	}
	if commented, err := task.TreeCommented(ctx, u.tx, next, parts); err != nil || commented {
		if commented {
			err = u.block(ctx, e, "the occurrence that followed it has comments", nil)
		}
		return false, err
	}
	if joined, err := u.tx.Joined(ctx, next.ID); err != nil || joined {
		if joined {
			err = u.block(ctx, e, "the occurrence that followed it has parts that came since", nil)
		}
		return false, err
	}
	u.tx.TakeBack(journal.Entry{ID: arrival, Object: journal.Task, ObjectID: next.ID}, arrivals)
	if err := task.RemoveTree(ctx, u.tx, next, parts); err != nil {
		return false, err
	}
	u.forget(next.ID)
	for id := range arrivals {
		u.forget(id)
	}
	return true, nil
}

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
		return u.block(ctx, e, "it is gone for good", nil)
	}
	if gone.PreviousTaskID != nil {
		before, _, err := u.known(ctx, *gone.PreviousTaskID)
		if err != nil {
			return err
		}
		if before == nil || !before.Completed() {
			return u.block(ctx, e, "it followed an occurrence that is open now; undo what opened that", nil)
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
		return u.block(ctx, e, "its series has gone on since", nil)
	}
	return u.changed(ctx, gone, e)
}
