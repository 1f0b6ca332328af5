package task

import (
	"context"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

// ReminderInput says how a task reminds: exactly one of the fields beside the id.
type ReminderInput struct {
	TaskID              int64                  `json:"task_id" doc:"The task's id." minimum:"1"`
	RemindBeforeMinutes input.Optional[[]int]  `json:"remind_before_minutes,omitempty" doc:"Before due, one number or several; [] for none, null for the user's default." single:"true" maxItems:"10" example:"[1440,60]"`
	RemindAt            input.Optional[string] `json:"remind_at,omitempty" doc:"Also at this moment, whatever the due date; a bare date means 09:00. Null takes it away." example:"2026-03-01T09:00"`
	SnoozeMinutes       int                    `json:"snooze_minutes,omitempty" doc:"Not now, but in so many minutes." minimum:"1" maximum:"527040" example:"10"`
}

// SetReminder changes when a task reminds. Offsets move with the due date; an
// instant stays where it is. Snoozing puts off what would come before.
func (s *Service) SetReminder(ctx context.Context, user person.Settings, in ReminderInput) (UpdateResult, error) {
	now := s.clock()
	if n := truth(in.RemindBeforeMinutes.Set) + truth(in.RemindAt.Set) + truth(in.SnoozeMinutes != 0); n != 1 {
		return UpdateResult{}, fault.Invalid("remind_before_minutes", `or remind_at or snooze_minutes: give exactly one of them, for example {"task_id": 7, "remind_before_minutes": [1440, 60]} or {"task_id": 7, "snooze_minutes": 10}`)
	}
	if err := person.CheckOffsets("remind_before_minutes", in.RemindBeforeMinutes.Value); err != nil {
		return UpdateResult{}, err
	}
	if in.SnoozeMinutes < 0 || in.SnoozeMinutes > person.MaxReminderOffset {
		return UpdateResult{}, fault.Invalid("snooze_minutes", "%d is out of range; allowed are 1 to %d, for example 10", in.SnoozeMinutes, person.MaxReminderOffset)
	}
	var at *time.Time
	if in.RemindAt.Set && !in.RemindAt.Null {
		parsed, err := parseReminder(in.RemindAt.Value, user, now)
		if err != nil {
			return UpdateResult{}, err
		}
		at = &parsed
	}
	var result UpdateResult
	err := s.change(ctx, user, in.TaskID, func(tx Tx, t *Task) error {
		if t.Completed() {
			return &fault.Error{Code: fault.Conflict, Field: "task_id", Message: "task " + itoa(t.ID) + " is completed, so it does not remind", Hint: "reopen_task first"}
		}
		before := t.Clone()
		switch {
		case in.SnoozeMinutes != 0:
			t.snooze(now.Add(time.Duration(in.SnoozeMinutes)*time.Minute), user.ReminderOffsets, now)
		case in.RemindAt.Set:
			t.AbsoluteReminder = at
			t.RearmUnclaimed(user.ReminderOffsets, now)
		case t.DueDate == nil:
			return fault.Invalid("remind_before_minutes", "needs a due date, and task %d has none", t.ID).
				WithHint("give remind_at, for example \"2026-03-01T09:00\", or first a due_date with update_task")
		default:
			if t.setOffsets(in.RemindBeforeMinutes) {
				t.arm(user.ReminderOffsets, now)
			}
		}
		var err error
		result, err = alter(ctx, tx, before, t, now)
		return err
	})
	return result, err
}

// setOffsets sets how long before due the task reminds, and tells whether that
// is new.
func (t *Task) setOffsets(offsets input.Optional[[]int]) (changed bool) {
	before := t.ReminderOffsets
	t.ReminderOffsets = offsets.Value
	if !offsets.Null && t.ReminderOffsets == nil {
		t.ReminderOffsets = []int{}
	}
	return !sameOffsets(before, t.ReminderOffsets)
}

func parseReminder(text string, user person.Settings, now time.Time) (time.Time, error) {
	due, err := readDue("remind_at", text, user, now)
	if err != nil {
		return time.Time{}, err
	}
	if due.AllDay {
		due.Time = morningOf(due.Time.In(user.Zone()), user.Zone())
	}
	if !due.Time.After(now) {
		return time.Time{}, fault.Invalid("remind_at", "%s has passed: it is %s; allowed is a moment to come", FormatTime(&due.Time, user.Zone()), FormatTime(&now, user.Zone()))
	}
	return due.Time, nil
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
