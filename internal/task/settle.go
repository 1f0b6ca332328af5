package task

import (
	"slices"
	"time"

	"tickler/internal/person"
)

// Settle adapts an open task to new settings of its user: a whole day stays that day
// in the user's new zone, and reminders that come from the settings move. This
// causes no reminder at once, and none that was sent comes again. It tells whether
// the task itself changed, or only its reminders.
func (t *Task) Settle(old, user person.Settings, now time.Time) (changed bool) {
	var sent []int
	for _, offset := range t.offsets(old) {
		if t.sent(offset, old) {
			sent = append(sent, offset)
		}
	}
	if changed = t.float(user); changed {
		t.touch(now)
	}
	t.rearmUnclaimed(user, now)
	if t.DueDate == nil || t.RemindAt != nil && !t.RemindAt.After(now) {
		return changed
	}
	for _, offset := range sent {
		again := t.reminderOf(*t.DueDate, offset, user)
		t.ReminderTimes = slices.DeleteFunc(t.ReminderTimes, func(at time.Time) bool { return at.After(now) && at.Equal(again) })
	}
	t.RemindAt = t.firstReminder(now)
	return changed
}

// Bring moves an open task to its user's zone, keeping the wall time that was meant.
func (t *Task) Bring(user person.Settings, now time.Time) (changed bool) {
	t.inZone(user.Zone())
	t.arm(user, now)
	t.touch(now)
	return true
}
