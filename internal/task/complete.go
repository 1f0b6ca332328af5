package task

import (
	"context"
	"errors"
	"time"

	"tickler/internal/fault"
	"tickler/internal/person"
)

// CompleteInput completes a task.
type CompleteInput struct {
	TaskID      int64  `json:"task_id" doc:"Its id." minimum:"1"`
	CompletedAt string `json:"completed_at,omitempty" doc:"When it was done, if not now." example:"2026-02-27"`
	Missed      Missed `json:"missed,omitempty" doc:"Dates that passed; default skip." enum:"skip,keep"`
	Parts       Parts  `json:"parts,omitempty" doc:"What becomes of open parts." enum:"complete,keep"`
}

// Completion is the result of completing a task.
type Completion struct {
	Task    *Task
	Changed bool // false: it was already completed
	Parts   int  // open parts that were completed with it
	// For a recurring task: the next occurrence, or that there is none.
	Next        *Task
	SeriesEnded bool
	PassedOver  int // dates of the series that went by while the task was late
}

// Complete marks a task as done. Completing it again changes nothing. The recurrer
// creates the next occurrence of a recurring task when it receives the event.
func (s *Service) Complete(ctx context.Context, user person.Settings, in CompleteInput) (Completion, error) {
	at, err := s.doneAt(user, in.CompletedAt)
	if err != nil {
		return Completion{}, err
	}
	var result Completion
	err = s.change(ctx, user, in.TaskID, func(tx Tx, t *Task) error {
		result.Task = t
		if !t.Completed() { // an update of its own, with its event: that of a completion does not tell of it
			before := t.Clone()
			if err := t.setMissed(in.Missed); err != nil {
				return err
			}
			if _, err := alter(ctx, tx, before, t, s.clock()); err != nil {
				return err
			}
		}
		var err error
		if result.Changed, result.Parts, err = s.complete(ctx, tx, t, at, in.Parts); err != nil {
			return err
		}
		return result.predictNext(ctx, tx, user, s.clock())
	})
	if err != nil {
		return Completion{}, err
	}
	return result, nil
}

// doneAt returns when a task was done: now, unless a moment in the past is given. A
// day means its end, but no later than now.
func (s *Service) doneAt(user person.Settings, text string) (time.Time, error) {
	now := s.clock()
	if text == "" {
		return now, nil
	}
	due, err := readDue("completed_at", text, user, now)
	if err != nil {
		return now, err
	}
	if due.AllDay && due.Time.After(now) && !startOfDay(due.Wall, user.Zone()).After(now) {
		return now, nil // today
	}
	if due.Time.After(now) {
		return now, fault.Invalid("completed_at", "%s is still to come: it is %s; allowed is a moment that has passed, for example %q",
			text, FormatTime(&now, user.Zone()), now.In(user.Zone()).AddDate(0, 0, -1).Format(time.DateOnly))
	}
	return due.Time, nil
}

// complete marks a task as done, unless it is already. parts decides on its open
// parts; without that decision they stand in the way.
func (s *Service) complete(ctx context.Context, tx Tx, t *Task, at time.Time, parts Parts) (changed bool, completed int, err error) {
	if t.Completed() {
		return false, 0, nil
	}
	if completed, err = s.completeParts(ctx, tx, t, at, parts); err != nil {
		return false, 0, err
	}
	before := t.Clone()
	t.CompletedAt = &at
	t.disarm()
	t.touch(s.clock())
	if err = tx.Save(ctx, Change{Kind: Completed, Before: before, Task: t}); err == nil && completed > 0 {
		err = stand(ctx, tx, t)
	}
	return true, completed, err
}

// predictNext fills in what follows a completed recurring task: the open occurrence,
// with whatever date it was given, or the one that will be created.
func (c *Completion) predictNext(ctx context.Context, tx Tx, user person.Settings, now time.Time) error {
	if c.Task.Recurrence == nil {
		return nil
	}
	last, err := tx.LockLastSuccessor(ctx, c.Task.ID)
	if errors.Is(err, fault.ErrNotFound) {
		last, err = c.Task, nil
	}
	if err != nil {
		return err
	}
	next := last
	switch {
	case last.DeletedAt != nil && last.ID != c.Task.ID:
		next = nil // deleting it ended the series
	case last.Completed():
		if next, err = last.Successor(user, now); err != nil {
			return err
		}
		if next != nil && last.Recurrence.Missed != KeepMissed {
			c.PassedOver = last.passedOver(*next.DueDate)
		}
	}
	c.Next, c.SeriesEnded = next, next == nil
	return nil
}
