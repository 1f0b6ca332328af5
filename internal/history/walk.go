package history

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/person"
	"tickler/internal/task"
)

const (
	// pageSize is how many entries, tasks and descriptions are in memory at a time.
	pageSize = 50
	// shown is how many of the changes taken back a result lists, and likewise of those
	// that were not.
	shown = 50
	// MaxReminders is how many of those that a task was reminded by are looked at.
	MaxReminders = shown
	// maxSteps is how much of what happened since is in memory at a time.
	maxSteps = 50_000
	// maxApart is how many tasks that were changed after they followed from another
	// change are looked at one by one.
	maxApart = MaxUndone
	// longest is how long one undo may take.
	longest = time.Minute
)

// undo takes back one selection, newest change first.
type undo struct {
	tx     Tx
	now    time.Time
	user   person.Settings
	result Undoing
	// What is known of tasks. A task that is gone for good is nil. What a statement
	// changed behind our back is dropped and read again.
	tasks  map[int64]*task.Task
	trails map[int64]*trail
	steps  int            // of all trails
	oldest int64          // where the trails begin
	told   map[int64]bool // reminders listed as sent
	until  time.Time      // when it has taken too long
}

func (u *undo) all(ctx context.Context, s Selection) error {
	u.told = map[int64]bool{}
	refs, err := u.tx.Selected(ctx, s, MaxUndone+1)
	if err != nil {
		return err
	}
	if err := check(s, refs); err != nil {
		return err
	}
	if refs, err = u.theComment(ctx, s, refs); err != nil {
		return err
	}
	if refs, err = u.withSuccessor(ctx, s, refs); err != nil {
		return err
	}
	var tasks []int64
	for _, r := range refs {
		if r.Object == journal.Task {
			tasks = append(tasks, r.ObjectID)
		}
	}
	if err := u.tx.Weigh(ctx, len(refs)); err != nil {
		return err
	}
	if err := u.tx.LockTasks(ctx, tasks); err != nil {
		return err
	}
	if u.user, err = u.tx.Settings(ctx); err != nil {
		return err
	}
	for page := range slices.Chunk(refs, pageSize) {
		ids := make([]int64, len(page))
		for i, r := range page {
			ids[i] = r.ID
		}
		entries, err := u.tx.Entries(ctx, ids)
		if err != nil {
			return err
		}
		if err := u.read(ctx, entries); err != nil {
			return err
		}
		for _, e := range entries {
			if err := u.one(ctx, e); err != nil {
				return fmt.Errorf("undo change %d: %w", e.ID, err)
			}
		}
	}
	return nil
}

// inTime refuses to go on when the undo has taken too long. It holds locks on all that
// it has changed.
func (u *undo) inTime() error {
	if time.Now().After(u.until) {
		return tooLong(fmt.Sprintf("undoing this took longer than %.0f s", longest.Seconds()))
	}
	return nil
}

// check refuses a selection that is empty, too large, or of several connections.
func check(s Selection, refs []Ref) error {
	switch {
	case len(refs) == 0:
		return nothing(s)
	case len(refs) > MaxUndone:
		return &fault.Error{
			Code: fault.LimitExceeded, Message: fmt.Sprintf("these are more than %d changes, the most that one call undoes; nothing was undone", MaxUndone),
			Hint: "undo what was done since a later moment first, or call by call",
		}
	case s.Connection == "":
		return nil
	}
	first := refs[0].TokenID
	if i := slices.IndexFunc(refs, func(r Ref) bool { return r.TokenID != first }); i >= 0 {
		return &fault.Error{
			Code: fault.Conflict, Field: "connection", Message: fmt.Sprintf("more than one connection has that name, for example those with the token ids %d and %d; nothing was undone", first, refs[i].TokenID),
			Hint: "give the id instead",
		}
	}
	return nil
}

// withSuccessor adds to the reopening of a task the removal of the occurrence that had
// followed it: one does not come back without the other.
func (u *undo) withSuccessor(ctx context.Context, s Selection, refs []Ref) ([]Ref, error) {
	if s.ChangeID == 0 {
		return refs, nil
	}
	chosen, err := u.tx.Entries(ctx, []int64{refs[0].ID})
	if err != nil || len(chosen) == 0 || chosen[0].Action != journal.Reopened {
		return refs, err
	}
	same, err := u.tx.Selected(ctx, Selection{CallID: chosen[0].CallID}, MaxUndone)
	if err != nil {
		return nil, err
	}
	for _, r := range same {
		if r.Object != journal.Task || r.ObjectID == chosen[0].ObjectID {
			continue
		}
		other, err := u.tx.Entries(ctx, []int64{r.ID})
		if err != nil || len(other) == 0 || other[0].Action != journal.Deleted {
			continue
		}
		if gone, err := u.tx.Gone(ctx, other[0]); err != nil {
			return nil, err
		} else if gone != nil && gone.PreviousTaskID != nil && *gone.PreviousTaskID == chosen[0].ObjectID {
			refs = append(refs, r)
		}
	}
	return refs, nil
}

// tooLong is the error of an undo that takes more than one call may.
func tooLong(reason string) error {
	return &fault.Error{
		Code: fault.LimitExceeded, Message: reason + ", and nothing was undone",
		Hint: "undo less at a time: call by call, or what was done since a later moment first",
	}
}

func (u *undo) one(ctx context.Context, e journal.Entry) error {
	if err := u.inTime(); err != nil {
		return err
	}
	switch e.Object {
	case journal.Task:
		return u.tree(ctx, e)
	case journal.Category, journal.Tag:
		return u.unlessUndone(ctx, e, u.label)
	case journal.Settings:
		return u.unlessUndone(ctx, e, u.settings)
	case journal.Channel:
		return u.unlessUndone(ctx, e, u.channel)
	case journal.CalendarFeed:
		return u.unlessUndone(ctx, e, u.feed)
	case journal.Comment:
		return u.unlessUndone(ctx, e, u.comment)
	case journal.Token:
		u.lasting(e, "tokens are not given back or ended by undo; api token revoke ends one")
	default:
		u.lasting(e, "this cannot be taken back")
	}
	return nil
}

// unlessUndone takes back a change of something else than a task, by what happened to
// it since, unless it was taken back before.
func (u *undo) unlessUndone(ctx context.Context, e journal.Entry, undo func(context.Context, journal.Entry, *trail) error) error {
	since, err := u.trailOf(ctx, e)
	if err != nil {
		return err
	}
	if since.wasUndone(e.ID) {
		u.result.Already++
		return nil
	}
	return undo(ctx, e, since)
}

// done notes that a change was taken back.
func (u *undo) done(e journal.Entry) {
	u.result.Count++
	if len(u.result.Undone) < shown {
		u.result.Undone = append(u.result.Undone, withoutContent(e))
	}
}

// block notes what stands in the way of taking back a change: a later one of the
// object, unless by is nil.
func (u *undo) block(ctx context.Context, e journal.Entry, reason string, by *Step) error {
	u.result.InTheWay++
	if len(u.result.Blocked) >= shown {
		return nil
	}
	o := Obstacle{Entry: withoutContent(e), Reason: reason}
	if by != nil {
		found, err := u.tx.Entries(ctx, []int64{by.ID})
		if err != nil {
			return err
		}
		if len(found) > 0 { // a change that this undo made itself has no id yet
			later := withoutContent(found[0])
			o.By = &later
		}
	}
	u.result.Blocked = append(u.result.Blocked, o)
	return nil
}

func (u *undo) lasting(e journal.Entry, reason string) {
	if len(u.result.Lasting) < shown {
		u.result.Lasting = append(u.result.Lasting, Lasting{Entry: withoutContent(e), Reason: reason})
	}
}

func withoutContent(e journal.Entry) journal.Entry {
	e.Before, e.After, e.Restores = nil, nil, nil
	return e
}
