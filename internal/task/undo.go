package task

import (
	"context"
	"errors"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Reopening is the result of reopening a task.
type Reopening struct {
	Task      *Task
	Changed   bool // false: it was open already
	Restored  bool // it was deleted and is back
	Unskipped bool // it is back on the date that was skipped
	Parts     int  // parts that were deleted with it and are back
	// The successor that completing the task had created.
	TookBack      *Task // removed, since nobody had changed it
	KeptSuccessor *Task // kept, since somebody had
}

// Reopen undoes the latest completion, deletion or skip of a task. Undoing a
// completion also removes the successor it created, if nobody has changed that.
// Reminders still ahead are armed again.
func (s *Service) Reopen(ctx context.Context, user person.Settings, id int64) (Reopening, error) {
	var result Reopening
	err := s.changeAny(ctx, user, id, func(tx Tx, t *Task) error {
		var err error
		result, err = s.reopen(ctx, tx, t, user)
		return err
	})
	return result, err
}

func (s *Service) reopen(ctx context.Context, tx Tx, t *Task, user person.Settings) (Reopening, error) {
	result := Reopening{Task: t}
	now, before, kind := s.clock(), t.Clone(), Updated
	switch {
	case t.DeletedAt != nil:
		result.Restored, kind = true, Restored
		t.DeletedAt, t.DeletedWith = nil, nil
		if err := t.returnToParent(ctx, tx); err != nil {
			return result, err
		}
	case t.Completed():
		if err := result.takeBackSuccessor(ctx, tx, t.ID); err != nil {
			return result, err
		}
		t.CompletedAt, kind = nil, Reopened
	case len(t.Skipped) > 0:
		result.Unskipped = true
		t.unskip()
	default:
		return result, nil
	}
	result.Changed = true
	if !t.Completed() {
		t.float(user)
		t.rearm(user, now)
	}
	t.touch(now)
	if err := tx.Save(ctx, Change{Kind: kind, Before: before, Task: t}); err != nil || !result.Restored {
		return result, err
	}
	var err error
	if result.Parts, err = s.restoreParts(ctx, tx, t, before.DeletedWith, user); err == nil && result.Parts > 0 {
		err = stand(ctx, tx, t)
	}
	return result, err
}

// takeBackSuccessor removes the successor that completing a task created, with its
// parts, if nobody has changed any of them.
func (r *Reopening) takeBackSuccessor(ctx context.Context, tx Tx, id int64) error {
	next, err := tx.LockSuccessor(ctx, id)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	parts, err := tx.LockTree(ctx, next.ID)
	if err != nil {
		return err
	}
	if next.DeletedAt == nil {
		touched, err := tx.Touched(ctx, treeIDs(next, parts))
		if err != nil {
			return err
		}
		commented, err := TreeCommented(ctx, tx, next, parts)
		if err != nil {
			return err
		}
		joined, err := tx.Joined(ctx, next.ID)
		if err != nil {
			return err
		}
		if touched || commented || joined {
			r.KeptSuccessor = next
			return nil
		}
	}
	// A deleted successor is removed permanently, so that the next completion can
	// create one.
	if next.DeletedAt == nil {
		r.TookBack = next
	}
	return RemoveTree(ctx, tx, next, parts)
}

// Skipping is the result of skipping an occurrence.
type Skipping struct {
	Task       *Task
	PassedOver int // further dates passed over because they were in the past
}

// SkipOccurrence moves a recurring task to its next date without completing it.
// Reopen undoes it.
func (s *Service) SkipOccurrence(ctx context.Context, user person.Settings, id int64) (Skipping, error) {
	var result Skipping
	err := s.change(ctx, user, id, func(tx Tx, t *Task) error {
		var err error
		result, err = s.skip(ctx, tx, t, user)
		return err
	})
	return result, err
}

func (s *Service) skip(ctx context.Context, tx Tx, t *Task, user person.Settings) (Skipping, error) {
	if t.Recurrence == nil {
		return Skipping{}, &fault.Error{Code: fault.InvalidInput, Field: "task_id", Message: "task " + itoa(t.ID) + " does not recur, so it has no next date", Hint: "give it a recurrence_rule, or change its due_date, with update_task"}
	}
	if t.Completed() {
		return Skipping{}, &fault.Error{Code: fault.Conflict, Field: "task_id", Message: "this occurrence is already completed; skip the open one that follows it"}
	}
	now := s.clock()
	from := now
	if t.DueDate != nil && t.DueDate.After(from) {
		from = *t.DueDate // a skip never moves a task to an earlier date
	}
	next, err := t.nextDate(from)
	if err != nil {
		return Skipping{}, err
	}
	if next == nil {
		return Skipping{}, &fault.Error{Code: fault.Conflict, Field: "task_id", Message: "this is the last occurrence of its series, there is no next date to move to; complete_task or delete_task ends the series"}
	}
	before := t.Clone()
	result := Skipping{Task: t, PassedOver: t.passedOver(next.Time)}
	t.skipTo(next)
	t.arm(user, now)
	t.touch(now)
	return result, tx.Save(ctx, Change{Kind: Skipped, Before: before, Task: t})
}

// skipTo moves the task to another date of its series and remembers the one it had.
func (t *Task) skipTo(next *recurrence.Occurrence) {
	r := t.Recurrence
	skipped := append(t.Skipped, SkippedDate{
		Due: t.DueDate, Date: r.Date, Start: r.Start, StartOccurrence: r.StartOccurrence,
		Occurrence: r.Occurrence, AllDay: t.AllDay, AbsoluteReminder: t.AbsoluteReminder, StartDate: t.StartDate,
	})
	t.moveTo(next)
	t.forgetMoments() // they concerned the skipped date
	t.Skipped = skipped[max(len(skipped)-maxSkipped, 0):]
}

// unskip moves the task back to the date skipped last.
func (t *Task) unskip() {
	last := t.Skipped[len(t.Skipped)-1]
	t.Skipped = t.Skipped[:len(t.Skipped)-1]
	r := t.Recurrence
	t.DueDate, t.AllDay, t.AbsoluteReminder, t.SnoozedUntil = last.Due, last.AllDay, last.AbsoluteReminder, nil
	if t.StartDate != nil && last.StartDate != nil {
		t.StartDate = last.StartDate
	}
	r.Date, r.Start, r.StartOccurrence, r.Occurrence = last.Date, last.Start, last.StartOccurrence, last.Occurrence
}
