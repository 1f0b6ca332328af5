package task

import (
	"slices"
	"time"

	"tickler/internal/recurrence"
)

// arm computes the reminders of a task and sets the next one: the earliest,
// even when it has passed, so that a task created within an offset or overdue
// is reminded at the next scan, once. defaults are the user's offsets.
func (t *Task) arm(defaults []int, now time.Time) {
	t.computeReminders(defaults, now)
	t.RemindAt = nil
	if len(t.ReminderTimes) > 0 && !t.Completed() && t.DeletedAt == nil {
		at := t.ReminderTimes[0]
		t.RemindAt = &at
	}
}

// rearm sets the next reminder among those that still lie ahead of now.
func (t *Task) rearm(defaults []int, now time.Time) {
	t.computeReminders(defaults, now)
	t.RemindAt = nil
	for _, at := range t.ReminderTimes {
		if at.After(now) {
			t.RemindAt = &at
			return
		}
	}
}

// RearmUnclaimed is rearm for a task whose reminders go on: one that has come due but
// that no scan has claimed yet stays.
func (t *Task) RearmUnclaimed(defaults []int, now time.Time) {
	unclaimed := t.RemindAt
	t.rearm(defaults, now)
	if unclaimed != nil && !unclaimed.After(now) {
		t.RemindAt = unclaimed
	}
}

// snooze puts off what would remind before at until then.
func (t *Task) snooze(at time.Time, defaults []int, now time.Time) {
	t.SnoozedUntil = &at
	t.computeReminders(defaults, now)
	t.ReminderTimes = slices.DeleteFunc(t.ReminderTimes, at.After)
	t.RemindAt = &at
}

func (t *Task) disarm() { t.RemindAt = nil }

// computeReminders collects the instants that the offsets come to, and those
// that were named as such unless they have been reminded of.
func (t *Task) computeReminders(defaults []int, now time.Time) {
	times := t.relativeReminders(defaults)
	for _, at := range []*time.Time{t.AbsoluteReminder, t.SnoozedUntil} {
		if at != nil && (at.After(now) || (t.RemindAt != nil && !at.Before(*t.RemindAt))) {
			times = append(times, *at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	t.ReminderTimes = slices.CompactFunc(times, time.Time.Equal)
}

func (t *Task) relativeReminders(defaults []int) []time.Time {
	if t.DueDate == nil {
		return nil
	}
	offsets := t.ReminderOffsets
	if offsets == nil {
		if t.AllDay {
			return []time.Time{t.morning()}
		}
		offsets = defaults
	}
	var times []time.Time
	for _, minutes := range offsets {
		times = append(times, t.DueDate.Add(-time.Duration(minutes)*time.Minute))
	}
	return times
}

// morning is 09:00 of the due day in the task's zone.
func (t *Task) morning() time.Time { return morningOf(t.DueDate.In(t.Zone()), t.Zone()) }

// morningOf is 09:00 in zone of the day that wall names.
func morningOf(wall time.Time, zone *time.Location) time.Time {
	y, m, d := wall.Date()
	return recurrence.Resolve(time.Date(y, m, d, allDayReminderHour, 0, 0, 0, time.UTC), zone).UTC()
}
