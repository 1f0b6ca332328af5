package task

import (
	"time"

	"tickler/internal/person"
)

// PutBack completes a task to which the fields of an earlier moment were given back.
// present is the task until now, nil if it was gone. A whole day stays that day where
// its user is now. If what determines the reminders is another, they are armed anew: a
// reminder that was sent is not sent again, and one that was never sent and has passed
// is sent at once.
func (t *Task) PutBack(present *Task, user person.Settings, now time.Time) {
	switch {
	case t.Completed() || t.DeletedAt != nil:
		t.disarm()
	case present == nil:
		t.float(user)
		t.arm(user, now)
	case t.float(user) || !t.remindsAs(present):
		if present.SnoozedUntil != nil && t.SnoozedUntil == nil {
			t.wake(user, now) // what was snoozed and not sent is due again
		} else {
			t.arm(user, now)
		}
	}
	t.touch(now)
}

// remindsAs tells whether two states of a task have the same reminders.
func (t *Task) remindsAs(other *Task) bool {
	return t.Completed() == other.Completed() && (t.DeletedAt == nil) == (other.DeletedAt == nil) &&
		sameInstant(t.DueDate, other.DueDate) && t.AllDay == other.AllDay && t.TimeZone == other.TimeZone &&
		sameOffsets(t.ReminderOffsets, other.ReminderOffsets) && t.NagMinutes == other.NagMinutes &&
		sameInstant(t.AbsoluteReminder, other.AbsoluteReminder) && sameInstant(t.SnoozedUntil, other.SnoozedUntil)
}
