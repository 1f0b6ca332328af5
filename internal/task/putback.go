package task

import (
	"time"

	"tickler/internal/person"
)

// PutBack completes a task to which the fields of an earlier moment were given back.
// present is the task until now, nil if it was gone. If it was not open, its user may
// have moved to another zone since: a whole day stays that day. If anything changed that
// determines its reminders, they are armed anew: a reminder that was sent is not sent
// again, and one that was due then and never sent is sent at once.
func (t *Task) PutBack(present *Task, user person.Settings, now time.Time) {
	none := t.RemindAt == nil
	defer func() {
		if none && t.RemindAt != nil && !t.RemindAt.After(now) { // what had passed then stays passed
			t.RemindAt = t.firstReminder(now)
		}
	}()
	switch {
	case t.Completed() || t.DeletedAt != nil:
		t.disarm()
	case present == nil || present.Completed() || present.DeletedAt != nil:
		t.float(user)
		t.arm(user, now)
	case !t.remindsAs(present):
		if present.SnoozedUntil != nil && t.SnoozedUntil == nil {
			t.wake(user, now) // what was snoozed and not sent is due again
		} else {
			t.arm(user, now)
		}
	}
	t.touch(now)
}

// remindsAs tells whether two states of an open task have the same reminders.
func (t *Task) remindsAs(other *Task) bool {
	return t.Waiting() == other.Waiting() && sameInstant(t.StartDate, other.StartDate) &&
		sameInstant(t.DueDate, other.DueDate) && t.AllDay == other.AllDay && t.TimeZone == other.TimeZone &&
		sameOffsets(t.ReminderOffsets, other.ReminderOffsets) && t.NagMinutes == other.NagMinutes &&
		sameInstant(t.AbsoluteReminder, other.AbsoluteReminder) && sameInstant(t.SnoozedUntil, other.SnoozedUntil)
}
