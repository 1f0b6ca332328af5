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
	pageSize = 500
	// shown is how many of the changes taken back a result lists.
	shown = 50
	// maxApart is how many tasks that were changed after they followed from another
	// change are looked at one by one.
	maxApart = MaxUndone
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
	trails map[int64][]journal.Entry
	oldest int64          // where the trails begin
	told   map[int64]bool // reminders listed as sent
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
	if refs, err = u.withSuccessor(ctx, s, refs); err != nil {
		return err
	}
	var tasks []int64
	for _, r := range refs {
		if r.Object == journal.Task {
			tasks = append(tasks, r.ObjectID)
		}
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

// readTasks reads tasks and their trails, whatever is known of them.
func (u *undo) readTasks(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	found, err := u.tx.TasksByID(ctx, ids)
	if err != nil {
		return err
	}
	trails, err := u.tx.Trails(ctx, journal.Task, ids, u.oldest)
	if err != nil {
		return err
	}
	for _, id := range ids {
		u.tasks[id], u.trails[id] = found[id], trails[id]
	}
	return nil
}

func (u *undo) forgetAll() {
	u.tasks, u.trails = map[int64]*task.Task{}, map[int64][]journal.Entry{}
}

// known returns a task, nil if it is gone for good, and its trail.
func (u *undo) known(ctx context.Context, id int64) (*task.Task, []journal.Entry, error) {
	if _, read := u.tasks[id]; !read {
		if err := u.readTasks(ctx, []int64{id}); err != nil {
			return nil, nil, err
		}
	}
	return u.tasks[id], u.trails[id], nil
}

func (u *undo) one(ctx context.Context, e journal.Entry) error {
	switch e.Object {
	case journal.Task:
		return u.tree(ctx, e)
	case journal.Category, journal.Tag:
		return u.label(ctx, e)
	case journal.Settings:
		return u.settings(ctx, e)
	case journal.Channel:
		return u.channel(ctx, e)
	case journal.CalendarFeed:
		return u.feed(ctx, e)
	case journal.Token:
		u.lasting(e, "tokens are not given back or ended by undo; api token revoke ends one")
	default:
		u.lasting(e, "this cannot be taken back")
	}
	return nil
}

// done notes that a change was taken back.
func (u *undo) done(e journal.Entry) {
	u.result.Count++
	if len(u.result.Undone) < shown {
		u.result.Undone = append(u.result.Undone, e)
	}
}

// block notes what stands in the way of taking back a change.
func (u *undo) block(e journal.Entry, reason string, by *journal.Entry) {
	u.result.Blocked = append(u.result.Blocked, Obstacle{Entry: e, Reason: reason, By: by})
}

func (u *undo) lasting(e journal.Entry, reason string) {
	u.result.Lasting = append(u.result.Lasting, Lasting{Entry: e, Reason: reason})
}

// live lists the changes of an object after an entry that still stand, newest first:
// not those that were taken back since, nor what took those back. trail is in order.
func live(trail []journal.Entry, after int64) []journal.Entry {
	takenBack := map[int64]bool{}
	var standing []journal.Entry
	for _, e := range slices.Backward(trail) {
		switch {
		case e.ID <= after:
			return standing
		case takenBack[e.ID] || e.Action.Notice():
		case e.Undoes > after:
			takenBack[e.Undoes] = true
		default:
			standing = append(standing, e)
		}
	}
	return standing
}

// wasUndone tells whether an entry was taken back, and that was not taken back in
// turn.
func wasUndone(trail []journal.Entry, id int64) bool {
	for _, e := range trail {
		if e.Undoes == id && !wasUndone(trail, e.ID) {
			return true
		}
	}
	return false
}
