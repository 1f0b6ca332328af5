package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Parts says what becomes of the open parts of a task that is completed.
type Parts string

// The choices. There is no default: the caller decides.
const (
	CompleteParts Parts = "complete" // they are done too
	KeepParts     Parts = "keep"     // they stay open
)

// completeParts completes the open parts of a task, deepest first, if that is what the
// caller chose. Without a choice they stand in the way.
func (s *Service) completeParts(ctx context.Context, tx Tx, t *Task, at time.Time, choice Parts) (completed int, err error) {
	if choice != "" {
		if err := input.CheckEnum("parts", choice, KeepParts, CompleteParts); err != nil {
			return 0, err
		}
	}
	if !t.Standing.HasParts() || choice == KeepParts {
		return 0, nil
	}
	tree, err := lockTree(ctx, tx, t)
	if err != nil {
		return 0, err
	}
	open := slices.DeleteFunc(tree, func(p Part) bool { return p.Completed || p.Deleted })
	if len(open) > 0 && choice == "" {
		them := fmt.Sprintf("%d open parts", len(open))
		if len(open) == 1 {
			them = "an open part"
		}
		return 0, &fault.Error{
			Code: fault.Conflict, Field: "parts", Message: fmt.Sprintf("task %d has %s; say with parts what becomes of them: \"complete\" completes them too, \"keep\" leaves them open", t.ID, them),
			Hint: fmt.Sprintf("list_tasks with parent_id %d lists its parts", t.ID),
		}
	}
	slices.Reverse(open)
	err = eachPart(ctx, tx, open, func(part *Task) error {
		before := part.Clone()
		part.CompletedAt = &at
		part.disarm()
		part.touch(s.clock())
		return tx.Save(ctx, Change{Kind: Completed, Before: before, Task: part, With: t.ID})
	})
	return len(open), err
}

// partsAtOnce is how many parts of a tree are held in memory with their content.
const partsAtOnce = 50

// eachPart reads the tasks of a tree in the order given, a page at a time, and calls fn
// with each.
func eachPart(ctx context.Context, tx Trees, parts []Part, fn func(*Task) error) error {
	for page := range slices.Chunk(parts, partsAtOnce) {
		ids := make([]int64, len(page))
		for i, part := range page {
			ids[i] = part.ID
		}
		found, err := tx.TasksByID(ctx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if t := found[id]; t != nil {
				if err := fn(t); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// lockTree is LockTree, unless there are more parts than one call can change.
func lockTree(ctx context.Context, tx Tx, t *Task) ([]Part, error) {
	tree, err := tx.LockTree(ctx, t.ID)
	if err == nil && len(tree) > MaxTree {
		err = &fault.Error{Code: fault.LimitExceeded, Field: "task_id", Message: fmt.Sprintf("task %d has more than %d parts below it; nothing was changed", t.ID, MaxTree), Hint: "do it with some of its parts first"}
	}
	return tree, err
}

// deleteParts deletes the parts of a task, deepest first.
func (s *Service) deleteParts(ctx context.Context, tx Tx, t *Task) (deleted int, err error) {
	if t.Standing.HasParts() {
		if _, err := lockTree(ctx, tx, t); err != nil {
			return 0, err
		}
	}
	// None comes from here on, and those that came in the meantime are seen.
	if err := tx.LockStructure(ctx); err != nil {
		return 0, err
	}
	tree, err := lockTree(ctx, tx, t)
	if err != nil {
		return 0, err
	}
	tree = slices.DeleteFunc(tree, func(p Part) bool { return p.Deleted })
	slices.Reverse(tree)
	err = eachPart(ctx, tx, tree, func(part *Task) error {
		now, before := s.clock(), part.Clone()
		part.DeletedAt, part.DeletedWith = &now, &t.ID
		part.disarm()
		part.touch(now)
		return tx.Save(ctx, Change{Kind: Deleted, Before: before, Task: part, With: t.ID})
	})
	return len(tree), err
}

// restoreParts brings back the parts that were deleted with a task, or together with it
// with another.
func (s *Service) restoreParts(ctx context.Context, tx Tx, t *Task, with *int64, user person.Settings) (restored int, err error) {
	tree, err := lockTree(ctx, tx, t)
	if err != nil {
		return 0, err
	}
	tree = slices.DeleteFunc(tree, func(p Part) bool {
		return !p.Deleted || p.DeletedWith == nil || *p.DeletedWith != t.ID && !sameID(p.DeletedWith, with)
	})
	err = eachPart(ctx, tx, tree, func(part *Task) error {
		now, before := s.clock(), part.Clone()
		part.DeletedAt, part.DeletedWith = nil, nil
		if !part.Completed() {
			part.float(user)
			part.rearm(user, now)
		}
		part.touch(now)
		return tx.Save(ctx, Change{Kind: Restored, Before: before, Task: part, With: t.ID})
	})
	return len(tree), err
}

// returnToParent keeps the place of a part that is restored, unless that is gone or no
// longer allows it; then it is no part any more.
func (t *Task) returnToParent(ctx context.Context, tx Trees) error {
	if t.ParentID == nil {
		return nil
	}
	err := t.CheckPlace(ctx, tx, &Task{ID: t.ID, ParentID: t.ParentID, BlockedBy: t.BlockedBy, DeletedAt: &t.UpdatedAt})
	if e := (*fault.Error)(nil); errors.As(err, &e) {
		t.note("it is no part of task %d any more: %s", *t.ParentID, strings.TrimPrefix(e.Plain().Message, e.Field+": "))
		t.ParentID, err = nil, nil
	}
	return err
}

// RemoveTree deletes a task and its parts permanently, deepest first.
func RemoveTree(ctx context.Context, tx Tx, t *Task, parts []Part) error {
	deepestFirst := slices.Clone(parts)
	slices.Reverse(deepestFirst)
	if err := eachPart(ctx, tx, deepestFirst, func(part *Task) error { return tx.RemoveWith(ctx, part, t.ID) }); err != nil {
		return err
	}
	return tx.Remove(ctx, t)
}

// insertSuccessor stores the occurrence that follows t, with its parts. It stores
// nothing if t has a successor already, or if what t is a part of is done or deleted.
func (s *Service) insertSuccessor(ctx context.Context, tx Tx, t, next *Task, user person.Settings) (*Task, error) {
	if t.ParentID != nil {
		above, err := lockAbove(ctx, tx, *t.ParentID)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(above, func(a *Task) bool { return a.Completed() || a.DeletedAt != nil }) {
			return nil, nil
		}
	}
	inserted, err := tx.Insert(ctx, next, Idempotency{})
	if err != nil || !inserted || !t.Standing.HasParts() {
		if !inserted {
			next = nil
		}
		return next, err
	}
	tree, err := lockTree(ctx, tx, t)
	if err != nil {
		return nil, err
	}
	tree = slices.DeleteFunc(tree, func(p Part) bool { return p.Deleted })
	ids, err := tx.NewIDs(ctx, len(tree))
	if err != nil {
		return nil, err
	}
	again := map[int64]int64{t.ID: next.ID}
	for i, part := range tree {
		again[part.ID] = ids[i]
	}
	now := s.clock()
	shift := t.shiftTo(next)
	err = eachPart(ctx, tx, tree, func(part *Task) error {
		_, err := tx.Insert(ctx, part.anew(again, shift, user, now), Idempotency{})
		return err
	})
	if err != nil {
		return nil, err
	}
	return next, nil
}

// lockAbove is Ancestors, with their rows locked, so that none of them is deleted
// meanwhile.
func lockAbove(ctx context.Context, tx Tx, id int64) ([]*Task, error) {
	above, err := tx.Ancestors(ctx, id)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(above))
	for i, one := range above {
		ids[i] = one.ID
	}
	if err := tx.LockTasks(ctx, ids); err != nil {
		return nil, err
	}
	return tx.Ancestors(ctx, id) // as the transactions left them that had the locks
}

// shiftTo is how much wall time lies between a task and its next occurrence. Without a
// due date it counts from the completion.
func (t *Task) shiftTo(next *Task) time.Duration {
	to := recurrence.Wall(*next.DueDate, next.Zone())
	if t.DueDate == nil {
		return to.Sub(recurrence.Wall(*t.CompletedAt, next.Zone())).Round(24 * time.Hour)
	}
	return to.Sub(recurrence.Wall(*t.DueDate, next.Zone()))
}

// anew is a part as it comes again with the next occurrence of its tree: open, as far
// from that as before. again maps the ids of the tree to those of its next occurrence;
// what blocked it from outside of the tree does not block it again.
func (t *Task) anew(again map[int64]int64, shift time.Duration, user person.Settings, now time.Time) *Task {
	next := t.Clone()
	next.ID, next.Version = again[t.ID], 1
	next.CompletedAt, next.WaitingFor, next.Standing = nil, "", Standing{}
	next.CreatedAt, next.UpdatedAt = now, now
	parent := again[*t.ParentID]
	next.ParentID, next.PreviousTaskID = &parent, nil
	next.BlockedBy = nil
	for _, id := range t.BlockedBy {
		if there := again[id]; there != 0 {
			next.BlockedBy = append(next.BlockedBy, there)
		}
	}
	slices.Sort(next.BlockedBy)
	next.StartDate = t.shifted(t.StartDate, shift)
	if next.DueDate = t.shifted(t.DueDate, shift); next.DueDate != nil {
		next.DueWall = nil
		next.keepWall(t.wall().Add(shift))
	}
	next.forgetMoments()
	next.float(user)
	next.arm(user, now)
	return next
}
