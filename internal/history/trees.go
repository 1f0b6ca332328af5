package history

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/task"
)

// tree takes back a change of a task, with those of the parts that it took along, the
// latest first.
func (u *undo) tree(ctx context.Context, e journal.Entry) error {
	along, err := u.takenAlong(ctx, e)
	if err != nil {
		return err
	}
	later := 0
	for later < len(along) && along[later].entry > e.ID {
		later++
	}
	if err := u.partsOf(ctx, along[:later]); err != nil {
		return err
	}
	if err := u.task(ctx, e); err != nil {
		return err
	}
	return u.partsOf(ctx, along[later:])
}

// partsOf takes back changes of parts, a page at a time. What it reads of them it
// forgets again.
func (u *undo) partsOf(ctx context.Context, along []partChange) error {
	for page := range slices.Chunk(along, pageSize) {
		var tasks, ids []int64
		for _, one := range page {
			tasks, ids = append(tasks, one.task), append(ids, one.entry)
		}
		u.oldest = min(u.oldest, ids[len(ids)-1])
		if err := u.readTasks(ctx, tasks); err != nil {
			return err
		}
		entries, err := u.tx.Entries(ctx, ids)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := u.task(ctx, e); err != nil {
				return err
			}
		}
		for _, id := range tasks {
			u.forget(id)
		}
	}
	return nil
}

// partChange is an entry of a part that a change of another task took along.
type partChange struct{ task, entry int64 }

// takenAlong finds the entries of the parts that a change of a task took along, newest
// first, and locks those parts.
func (u *undo) takenAlong(ctx context.Context, e journal.Entry) ([]partChange, error) {
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
	if err := u.tx.Weigh(ctx, len(followed)); err != nil {
		return nil, err
	}
	along := make([]partChange, 0, len(followed))
	for id, one := range followed {
		along = append(along, partChange{id, one.Entry})
	}
	slices.SortFunc(along, func(a, b partChange) int { return cmp.Compare(b.entry, a.entry) })
	return along, u.tx.LockTasks(ctx, slices.Sorted(maps.Keys(followed)))
}

// misplaced tells why a task cannot have its former place among others, "" if it can:
// what it was a part of may be gone, and parts may have come that would be left alone.
func (u *undo) misplaced(ctx context.Context, t, former *task.Task) (reason string, err error) {
	if former.DeletedAt != nil {
		if t.DeletedAt != nil {
			return "", nil
		}
		if err := u.tx.LockStructure(ctx); err != nil { // no part comes from here on
			return "", err
		}
		parts, err := u.tx.LockTree(ctx, t.ID)
		if slices.ContainsFunc(parts, func(p task.Part) bool { return !p.Deleted }) {
			reason = "it has parts that came since"
		}
		return reason, err
	}
	stored := t
	if t.DeletedAt != nil { // its place is taken anew
		stored = &task.Task{ID: t.ID, ParentID: t.ParentID, BlockedBy: former.BlockedBy, DeletedAt: t.DeletedAt}
	}
	err = former.CheckPlace(ctx, u.tx, stored)
	if e := (*fault.Error)(nil); errors.As(err, &e) {
		return strings.TrimPrefix(e.Plain().Message, e.Field+": "), nil
	}
	return "", err
}

// partsOfSuccessor returns the parts of an occurrence that followed from a completion,
// with the entries of their creation. They must be as they were created; otherwise that
// stands in the way.
func (u *undo) partsOfSuccessor(ctx context.Context, e journal.Entry, next *task.Task) (parts []task.Part, arrivals Consequences, free bool, err error) {
	arrivals = Consequences{}
	if parts, err = u.tx.LockTree(ctx, next.ID); err != nil {
		return nil, nil, false, err
	}
	for _, part := range parts {
		_, trail, err := u.known(ctx, part.ID)
		if err != nil {
			return nil, nil, false, err
		}
		for _, later := range trail.live(e.ID, 0) {
			if later.Action != journal.Created && later.Action != journal.Restored {
				return nil, nil, false, u.block(ctx, e, "a part of the occurrence that followed it was changed since", &later)
			}
			arrivals[part.ID] = Consequence{Entry: later.ID}
		}
		u.forget(part.ID) // its content is read once more, with a page of others
	}
	return parts, arrivals, true, nil
}
