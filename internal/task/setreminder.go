package task

import (
	"context"
	"slices"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// ReminderInput says how a task reminds: exactly one field must be set besides the
// id.
type ReminderInput struct {
	TaskID              int64                  `json:"task_id" doc:"Its id." minimum:"1"`
	RemindBeforeMinutes input.Optional[[]int]  `json:"remind_before_minutes,omitempty" doc:"Minutes before due, below zero after it; [] for none." maxItems:"10" example:"[1440,60]"`
	RemindAt            input.Optional[string] `json:"remind_at,omitempty" doc:"Also at this moment; a bare date: at all_day_time." example:"2026-03-01T09:00"`
	SnoozeMinutes       input.Optional[int]    `json:"snooze_minutes,omitempty" doc:"Not now, but in so many; 0 takes it back." minimum:"0" maximum:"527040" example:"10"`
	Nag                 input.Optional[Nag]    `json:"nag,omitempty" doc:"Again and again from due until done."`
	Clear               []string               `json:"clear,omitempty" doc:"What to take back." enum:"snooze,remind_at,nag,remind_before_minutes"`
}

// SetReminder changes when a task reminds. Offsets move with the due date; an
// instant stays. Snoozing postpones whatever would come before.
func (s *Service) SetReminder(ctx context.Context, user person.Settings, in ReminderInput) (UpdateResult, error) {
	now := s.clock()
	for _, name := range in.Clear {
		if err := input.CheckEnum("clear", name, "remind_at", "nag", "remind_before_minutes", "snooze_minutes", "snooze"); err != nil {
			return UpdateResult{}, err
		}
	}
	in.SnoozeMinutes.Set = in.SnoozeMinutes.Set && !in.SnoozeMinutes.Null
	if in.given() != 1 {
		return UpdateResult{}, fault.Invalid("remind_before_minutes", `or remind_at, snooze_minutes, nag or clear: give exactly one of them, for example {"task_id": 7, "remind_before_minutes": [1440, 60]} or {"task_id": 7, "snooze_minutes": 10}`)
	}
	if err := in.check(); err != nil {
		return UpdateResult{}, err
	}
	var result UpdateResult
	err := s.change(ctx, user, in.TaskID, func(tx Tx, t *Task) error {
		before := t.Clone()
		if err := t.remind(user, in, now); err != nil {
			return err
		}
		var err error
		result, err = alter(ctx, tx, before, t, now)
		return err
	})
	return result, err
}

// given counts the ways to remind that the input names.
func (in ReminderInput) given() int {
	return truth(in.RemindBeforeMinutes.Set) + truth(in.RemindAt.Set) + truth(in.SnoozeMinutes.Set) + truth(in.Nag.Set) + truth(len(in.Clear) > 0)
}

// check refuses minutes out of range.
func (in ReminderInput) check() error {
	if in.SnoozeMinutes.Value < 0 || in.SnoozeMinutes.Value > person.MaxReminderOffset {
		return fault.Invalid("snooze_minutes", "%d is out of range; allowed are 1 to %d, or 0 to take a snooze back, for example 10", in.SnoozeMinutes.Value, person.MaxReminderOffset)
	}
	return person.CheckOffsets("remind_before_minutes", in.RemindBeforeMinutes.Value)
}

// remind applies the input to an open task.
func (t *Task) remind(user person.Settings, in ReminderInput, now time.Time) error {
	if t.Completed() {
		return &fault.Error{Code: fault.Conflict, Field: "task_id", Message: "task " + itoa(t.ID) + " is completed, so it does not remind", Hint: "reopen_task first"}
	}
	var at *time.Time
	if in.RemindAt.Set && !in.RemindAt.Null {
		parsed, err := parseReminder(in.RemindAt.Value, user, now)
		if err != nil {
			return err
		}
		at = &parsed
	}
	return t.setReminder(user, in, at, now)
}

// setReminder applies the input; at is its remind_at.
func (t *Task) setReminder(user person.Settings, in ReminderInput, at *time.Time, now time.Time) error {
	given := func(name string) bool { return slices.Contains(in.Clear, name) }
	switch {
	case in.SnoozeMinutes.Set && in.SnoozeMinutes.Value > 0:
		t.snooze(now.Add(time.Duration(in.SnoozeMinutes.Value)*time.Minute), user, now)
		if t.DueDate != nil && t.SnoozedUntil.After(*t.DueDate) && t.DueDate.After(now) {
			t.note("that is after the due date, %s", t.FormatDue(user))
		}
		return nil
	case in.SnoozeMinutes.Set:
		t.wake(user, now)
		return nil
	case in.RemindAt.Set:
		t.AbsoluteReminder = at
		t.rearmUnclaimed(user, now)
		return nil
	case in.Nag.Set:
		changed, err := t.setNag(in.Nag.Value)
		if changed {
			t.arm(user, now)
		}
		return err
	case in.RemindBeforeMinutes.Set && t.DueDate == nil:
		return fault.Invalid("remind_before_minutes", "needs a due date, and task %d has none", t.ID).
			WithHint("give remind_at, for example \"2026-03-01T09:00\", or first a due_date with update_task")
	case in.RemindBeforeMinutes.Set:
		if t.setOffsets(in.RemindBeforeMinutes) {
			t.arm(user, now)
		}
		return nil
	}
	if given("remind_at") {
		t.AbsoluteReminder = nil
	}
	if given("nag") {
		t.NagMinutes = 0
	}
	if given("remind_before_minutes") {
		t.ReminderOffsets = nil
	}
	if given("snooze") || given("snooze_minutes") {
		t.wake(user, now)
		return nil
	}
	t.arm(user, now)
	return nil
}

// setOffsets sets how long before due the task reminds, and tells whether that
// changed.
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
		due.Time = recurrence.Resolve(clockOn(due.Wall, time.Time{}.Add(time.Duration(user.AllDayTime)*time.Minute)), user.Zone()).UTC()
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
