package task

import (
	"context"
	"errors"
	"time"

	"tickler/internal/fault"
	"tickler/internal/person"
)

// Service is what a caller can do with tasks. Every method acts on behalf of
// one user, whose settings say how dates are read; errors that the caller can
// act on are *Error.
type Service struct {
	store Store
	now   func() time.Time
}

// NewService makes a service on store; now is the clock.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now}
}

// clock is the current instant as it is stored: UTC, microseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// Get returns a task, or NOT_FOUND.
func (s *Service) Get(ctx context.Context, user person.Settings, id int64) (*Task, error) {
	t, err := s.store.Task(ctx, user.UserID, id)
	if err != nil {
		return nil, taskError(err, id)
	}
	return t, nil
}

// Completion is the result of completing a task.
type Completion struct {
	Task    *Task
	Changed bool // false: it was completed before
	// Of a recurring task: the due date of the next occurrence, or that there is none.
	Next        *Task
	SeriesEnded bool
}

// Complete marks a task done. Completing again changes nothing. The next
// occurrence of a recurring task is created by the recurrer from the event.
func (s *Service) Complete(ctx context.Context, user person.Settings, id int64) (Completion, error) {
	var result Completion
	err := s.change(ctx, user, id, func(tx Tx, t *Task) error {
		result.Task = t
		var err error
		if result.Changed, err = s.complete(ctx, tx, t); err != nil {
			return err
		}
		return result.predictNext(ctx, tx, user, s.clock())
	})
	if err != nil {
		return Completion{}, err
	}
	return result, nil
}

// complete marks a task done, unless it is.
func (s *Service) complete(ctx context.Context, tx Tx, t *Task) (changed bool, err error) {
	if t.Completed() {
		return false, nil
	}
	now, before := s.clock(), t.Clone()
	t.CompletedAt = &now
	t.disarm()
	t.touch(now)
	return true, tx.Save(ctx, Change{Kind: Completed, Before: before, Task: t})
}

// predictNext fills in what follows a recurring task that was completed: the
// successor that it has, with whatever date it was given, or the one it will get.
func (c *Completion) predictNext(ctx context.Context, tx Tx, user person.Settings, now time.Time) error {
	if c.Task.Recurrence == nil {
		return nil
	}
	next, err := tx.LockSuccessor(ctx, c.Task.ID)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		if next, err = c.Task.Successor(user.ReminderOffsets, now); err != nil {
			return err
		}
	case err != nil:
		return err
	case next.DeletedAt != nil:
		next = nil // whoever deleted it ended the series
	}
	c.Next, c.SeriesEnded = next, next == nil
	return nil
}

// Deletion is the result of deleting a task.
type Deletion struct {
	Task        *Task
	SeriesEnded bool // the task was the open occurrence of a series
}

// Delete removes a task from every list. Reopen restores it.
func (s *Service) Delete(ctx context.Context, user person.Settings, id int64) (Deletion, error) {
	var result Deletion
	err := s.change(ctx, user, id, func(tx Tx, t *Task) error {
		var err error
		result, err = s.delete(ctx, tx, t)
		return err
	})
	return result, err
}

func (s *Service) delete(ctx context.Context, tx Tx, t *Task) (Deletion, error) {
	now, before := s.clock(), t.Clone()
	t.DeletedAt = &now
	t.disarm()
	t.touch(now)
	return Deletion{Task: t, SeriesEnded: t.Recurrence != nil && !t.Completed()}, tx.Save(ctx, Change{Kind: Deleted, Before: before, Task: t})
}

// Reopening is the result of reopening a task.
type Reopening struct {
	Task     *Task
	Changed  bool // false: it was open already
	Restored bool // it was deleted, and is not any more
	// The successor that completing the task had caused.
	TookBack      *Task // was removed again, since nobody had touched it
	KeptSuccessor *Task // was kept, since somebody had
}

// Reopen undoes the last of completing and deleting a task. Undoing a
// completion takes back the successor that it caused, if nobody touched it.
// Reminders that still lie ahead are armed again.
func (s *Service) Reopen(ctx context.Context, user person.Settings, id int64) (Reopening, error) {
	var result Reopening
	err := s.changeAny(ctx, user, id, func(tx Tx, t *Task) error {
		result.Task = t
		now, before := s.clock(), t.Clone()
		switch {
		case t.DeletedAt != nil:
			result.Restored = true
			t.DeletedAt = nil
		case t.Completed():
			next, err := tx.LockSuccessor(ctx, t.ID)
			switch {
			case errors.Is(err, fault.ErrNotFound):
			case err != nil:
				return err
			case next.untouched(), next.DeletedAt != nil:
				// A deleted one goes for good: its place is free for the next completion.
				if next.DeletedAt == nil {
					result.TookBack = next
				}
				if err := tx.Remove(ctx, next); err != nil {
					return err
				}
			default:
				result.KeptSuccessor = next
			}
			t.CompletedAt = nil
		default:
			return nil
		}
		result.Changed = true
		if !t.Completed() {
			t.rearm(user.ReminderOffsets, now)
		}
		t.touch(now)
		return tx.Save(ctx, Change{Kind: Updated, Before: before, Task: t})
	})
	return result, err
}

// SkipOccurrence moves a recurring task to its next date without completing it.
func (s *Service) SkipOccurrence(ctx context.Context, user person.Settings, id int64) (*Task, error) {
	var result *Task
	err := s.change(ctx, user, id, func(tx Tx, t *Task) error {
		if t.Recurrence == nil {
			return &fault.Error{Code: fault.InvalidInput, Field: "task_id", Message: "task " + itoa(id) + " does not recur, so it has no next date", Hint: "give it a recurrence_rule, or change its due_date, with update_task"}
		}
		if t.Completed() {
			return &fault.Error{Code: fault.Conflict, Field: "task_id", Message: "this occurrence is already completed; skip the open one that follows it"}
		}
		now, before := s.clock(), t.Clone()
		from := now
		if t.DueDate != nil && t.DueDate.After(from) {
			from = *t.DueDate // a skip never moves a task to an earlier date
		}
		next, err := t.nextDate(from)
		if err != nil {
			return err
		}
		if next == nil {
			return &fault.Error{Code: fault.Conflict, Field: "task_id", Message: "this is the last occurrence of its series, there is no next date to move to; complete_task or delete_task ends the series"}
		}
		t.moveTo(next)
		t.AbsoluteReminder, t.SnoozedUntil = nil, nil // they were about the date that is skipped
		t.arm(user.ReminderOffsets, now)
		t.touch(now)
		result = t
		return tx.Save(ctx, Change{Kind: Updated, Before: before, Task: t})
	})
	return result, err
}

// change runs fn on a task that exists and is not deleted, with its row locked.
func (s *Service) change(ctx context.Context, user person.Settings, id int64, fn func(Tx, *Task) error) error {
	return s.changeAny(ctx, user, id, func(tx Tx, t *Task) error {
		if t.DeletedAt != nil {
			return &fault.Error{Code: fault.NotFound, Field: "task_id", Message: "task " + itoa(id) + " is deleted", Hint: "reopen_task restores it"}
		}
		return fn(tx, t)
	})
}

func (s *Service) changeAny(ctx context.Context, user person.Settings, id int64, fn func(Tx, *Task) error) error {
	err := s.store.Tx(ctx, user.UserID, func(tx Tx) error {
		t, err := tx.LockTask(ctx, id)
		if err != nil {
			return err
		}
		return fn(tx, t)
	})
	return taskError(err, id)
}

func (t *Task) touch(now time.Time) {
	t.UpdatedAt = now
	t.Version++
}

// untouched tells whether nobody has changed the task since it was created.
func (t *Task) untouched() bool { return t.Version == 1 }

func taskError(err error, id int64) error {
	if errors.Is(err, fault.ErrNotFound) {
		return &fault.Error{
			Code: fault.NotFound, Field: "task_id", Message: "there is no task " + itoa(id) + " among yours",
			Hint: "list_tasks or search_tasks gives the ids; a deleted task can be restored with reopen_task",
		}
	}
	return err
}
