package task

import (
	"slices"
	"time"

	"tickler/internal/recurrence"
)

// arm computes the reminders of a task from its due date and sets the next one:
// the earliest, even when it has passed, so that a task created within an offset
// or overdue is reminded at the next scan, once. defaults are the user's offsets.
func (t *Task) arm(defaults []int) {
	t.computeReminders(defaults)
	t.RemindAt = nil
	if len(t.ReminderTimes) > 0 && !t.Completed() && t.DeletedAt == nil {
		at := t.ReminderTimes[0]
		t.RemindAt = &at
	}
}

// rearm sets the next reminder among those that still lie ahead of now.
func (t *Task) rearm(defaults []int, now time.Time) {
	t.computeReminders(defaults)
	t.RemindAt = nil
	for _, at := range t.ReminderTimes {
		if at.After(now) {
			t.RemindAt = &at
			return
		}
	}
}

func (t *Task) disarm() { t.RemindAt = nil }

func (t *Task) computeReminders(defaults []int) {
	t.ReminderTimes = nil
	if t.DueDate == nil {
		return
	}
	offsets := t.ReminderOffsets
	if offsets == nil {
		if t.AllDay {
			t.ReminderTimes = []time.Time{t.morning()}
			return
		}
		offsets = defaults
	}
	for _, minutes := range offsets {
		t.ReminderTimes = append(t.ReminderTimes, t.DueDate.Add(-time.Duration(minutes)*time.Minute))
	}
	slices.SortFunc(t.ReminderTimes, time.Time.Compare)
	t.ReminderTimes = slices.CompactFunc(t.ReminderTimes, time.Time.Equal)
}

// morning is 09:00 of the due day in the task's zone.
func (t *Task) morning() time.Time {
	y, m, d := t.DueDate.In(t.Zone()).Date()
	return recurrence.Resolve(time.Date(y, m, d, allDayReminderHour, 0, 0, 0, time.UTC), t.Zone()).UTC()
}

func checkOffsets(field string, offsets []int) error {
	if len(offsets) > MaxReminderOffsets {
		return Invalid(field, "has %d values; at most %d are allowed, for example [1440, 60]", len(offsets), MaxReminderOffsets)
	}
	for _, minutes := range offsets {
		if minutes < 0 || minutes > MaxReminderOffset {
			return Invalid(field, "%d is out of range; allowed are minutes before the due date from 0 to %d, for example [1440, 60]", minutes, MaxReminderOffset)
		}
	}
	return nil
}
