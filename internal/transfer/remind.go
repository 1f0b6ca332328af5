package transfer

import (
	"slices"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
	"tickler/internal/task"
)

// zone is the one that the due date is meant in.
func (i *item) zone(user person.Settings) *time.Location {
	if i.in.TimeZone != "" {
		return person.Zone(i.in.TimeZone)
	}
	return user.Zone()
}

// due is the due date that was read; false if there is none.
func (i *item) due(user person.Settings) (task.Due, bool) {
	if i.in.DueDate.Value == "" {
		return task.Due{}, false
	}
	due, err := task.ParseDue("due_date", i.in.DueDate.Value, i.zone(user))
	return due, err == nil
}

// remindAt adds a reminder at an instant. One of a series reminds at the same
// distance from each date. Its text is for the note if it has no place.
func (i *item) remindAt(at time.Time, text string, user person.Settings) {
	due, dated := i.due(user)
	recurs := i.in.RecurrenceRule.Value != ""
	if (!dated || !recurs) && i.in.AbsoluteReminder == nil {
		i.in.AbsoluteReminder = &at
		if dated {
			i.offsets()
		}
		return
	}
	if !dated {
		if !at.Equal(*i.in.AbsoluteReminder) {
			i.note("the reminder %q could not be taken over: without a due date there can be one", fault.Clip(text))
		}
		return
	}
	before := due.Time.Sub(at)
	if due.AllDay { // counts in wall time from the time of day at which days remind
		y, m, d := due.Wall.Date()
		before = time.Date(y, m, d, 0, user.AllDayTime, 0, 0, time.UTC).Sub(recurrence.Wall(at, user.Zone()))
	}
	i.remind(before, text)
}

// remind adds a reminder some time before the due date, after it if negative.
func (i *item) remind(before time.Duration, text string) {
	minutes := int(before / time.Minute)
	if before%time.Minute != 0 {
		if before > 0 {
			minutes++ // rather early than late
		}
		i.note("the reminder %q was moved to a whole minute", fault.Clip(text))
	}
	offsets := i.in.ReminderOffsets.Value
	switch {
	case slices.Contains(offsets, minutes):
	case minutes < -person.MaxReminderOffset || minutes > person.MaxReminderOffset:
		i.note("the reminder %q could not be taken over: it is more than a year away from the due date", fault.Clip(text))
	case len(offsets) == person.MaxReminderOffsets:
		i.note("the reminder %q could not be taken over: there can be %d", fault.Clip(text), person.MaxReminderOffsets)
	default:
		i.in.ReminderOffsets = input.Some(append(offsets, minutes))
	}
}

// offsets are the reminders so far. Those of a file take the place of the default.
func (i *item) offsets() []int {
	if !i.in.ReminderOffsets.Set {
		i.in.ReminderOffsets = input.Some([]int{})
	}
	return i.in.ReminderOffsets.Value
}
