package task

import (
	"slices"
	"time"

	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Two due dates count as the same to a person reminded of the first if they are less
// than the offset of that reminder apart, within these bounds.
const (
	closeBy = time.Hour
	nearBy  = 10 * time.Minute
)

// arm computes the reminders of a task and sets the next one. A reminder already
// sent is not sent again. If none was sent about this due date and some have passed,
// the earliest of those is set: a task entered overdue, or closer to its due date
// than an offset, reminds once, at the next scan.
func (t *Task) arm(user person.Settings, now time.Time) {
	unclaimed := t.RemindAt
	t.rearm(user, now)
	if t.Completed() || t.DeletedAt != nil || t.Waiting() {
		t.RemindAt = nil
		return
	}
	switch passed := t.firstReminder(time.Time{}); {
	case !t.told() && passed != nil && !passed.After(now):
		t.RemindAt = passed
	case unclaimed != nil && !unclaimed.After(now) && slices.ContainsFunc(t.ReminderTimes, unclaimed.Equal):
		t.RemindAt = unclaimed
	}
}

// rearm sets the next reminder among those still ahead of now.
func (t *Task) rearm(user person.Settings, now time.Time) {
	t.computeReminders(user, now)
	t.RemindAt = t.firstReminder(now)
}

// RearmUnclaimed is rearm for a task that keeps its reminders: one that is due but
// that no scan has claimed yet stays.
func (t *Task) rearmUnclaimed(user person.Settings, now time.Time) {
	unclaimed := t.RemindAt
	t.rearm(user, now)
	if unclaimed != nil && !unclaimed.After(now) {
		t.RemindAt = unclaimed
	}
}

// snooze postpones whatever would remind before a given moment until then.
func (t *Task) snooze(at time.Time, user person.Settings, now time.Time) {
	t.SnoozedUntil = &at
	t.computeReminders(user, now)
	t.ReminderTimes = slices.DeleteFunc(t.ReminderTimes, at.After)
	if !t.Waiting() {
		t.RemindAt = &at
	}
}

// wake cancels a snooze: what it postponed and was not sent is due again, at once if
// its time has passed.
func (t *Task) wake(user person.Settings, now time.Time) {
	t.SnoozedUntil = nil
	t.computeReminders(user, now)
	since := time.Time{}
	if t.RemindedAt != nil {
		since = *t.RemindedAt
	}
	t.RemindAt = t.firstReminder(since)
}

func (t *Task) disarm() { t.RemindAt = nil }

// firstReminder returns the first reminder after a moment, nil if there is none. All
// of them rest while the task is on hold.
func (t *Task) firstReminder(after time.Time) *time.Time {
	if t.Waiting() {
		return nil
	}
	var first *time.Time
	for _, at := range t.ReminderTimes {
		if at.After(after) {
			first = &at
			break
		}
	}
	if t.NagMinutes > 0 && t.NagFrom != nil {
		nag := *t.NagFrom
		if every := time.Duration(t.NagMinutes) * time.Minute; !nag.After(after) && !after.IsZero() {
			nag = nag.Add((after.Sub(nag)/every + 1) * every)
		}
		if first == nil || nag.Before(*first) {
			first = &nag
		}
	}
	return first
}

// told tells whether a reminder was sent about the task's current due date, or about
// one close enough to count as the same.
func (t *Task) told() bool {
	if t.RemindedAt == nil || (t.RemindedDue == nil) != (t.DueDate == nil) {
		return false
	}
	return t.DueDate == nil || t.DueDate.Sub(*t.RemindedDue).Abs() < closeBy
}

// sent tells whether the reminder with this offset was sent: its time had come when
// the task last reminded, and since then the due date has moved by less than the
// offset.
func (t *Task) sent(offset int, user person.Settings) bool {
	if !t.told() || t.DueDate == nil {
		return false
	}
	moved := t.DueDate.Sub(*t.RemindedDue).Abs()
	if moved > 0 && moved >= min(closeBy, max(nearBy, (time.Duration(offset)*time.Minute).Abs())) {
		return false
	}
	return !t.reminderOf(*t.RemindedDue, offset, user).After(*t.RemindedAt)
}

// computeReminders collects the task's reminders: the instants its offsets come to,
// without those already sent that would come again, and the instants set as such,
// unless already sent. A running snooze postpones whatever comes before it. Offsets
// that come to an instant before the start do not remind.
func (t *Task) computeReminders(user person.Settings, now time.Time) {
	var times []time.Time
	t.NagFrom = nil
	if t.DueDate != nil {
		if t.NagMinutes > 0 {
			from := t.reminderOf(*t.DueDate, 0, user)
			t.NagFrom = &from
		}
		for _, offset := range t.offsets(user) {
			at := t.reminderOf(*t.DueDate, offset, user)
			if t.StartDate != nil && at.Before(*t.StartDate) || at.After(now) && t.sent(offset, user) || t.SnoozedUntil != nil && t.SnoozedUntil.After(now) && at.Before(*t.SnoozedUntil) {
				continue
			}
			times = append(times, at)
		}
	}
	for _, at := range []*time.Time{t.AbsoluteReminder, t.SnoozedUntil} {
		if at != nil && (at.After(now) || (t.RemindAt != nil && !at.Before(*t.RemindAt))) {
			times = append(times, *at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	t.ReminderTimes = slices.CompactFunc(times, time.Time.Equal)
}

// RemindersToCome lists the reminders still to come, the next one first; of repeated
// nags, only the first.
func (t *Task) RemindersToCome() []time.Time {
	if t.RemindAt == nil {
		return nil
	}
	times := []time.Time{*t.RemindAt}
	for _, at := range t.ReminderTimes {
		if at.After(*t.RemindAt) {
			times = append(times, at)
		}
	}
	return times
}

// RemindsNext is when the task reminds next, as its user sees it: the next reminder,
// or one claimed already that waits to be delivered. It is never before now. held
// tells whether quiet hours postpone it.
func (t *Task) RemindsNext(user person.Settings, now time.Time) (at *time.Time, held bool) {
	if waits := t.waitsUntil(user, now); waits != nil && (t.RemindAt == nil || waits.Before(*t.RemindAt)) {
		return later(waits, now), true
	}
	return later(t.RemindAt, now), false
}

// ReminderSent tells whether a reminder of the task was sent, more to come or not. One
// that quiet hours hold was not.
func (t *Task) ReminderSent(user person.Settings, now time.Time) bool {
	return t.RemindedAt != nil && t.waitsUntil(user, now) == nil
}

// waitsUntil is when a claimed reminder will be delivered, nil if none waits. Right
// after the claim nothing is recorded about the wait yet, so quiet hours decide.
func (t *Task) waitsUntil(user person.Settings, now time.Time) *time.Time {
	if t.HeldUntil != nil || t.RemindedAt == nil || now.Sub(*t.RemindedAt) > time.Minute {
		return t.HeldUntil
	}
	if until := user.QuietHours.HeldUntil(*t.RemindedAt, t.Priority == Urgent, user.Zone()); until.After(now) {
		return &until
	}
	return nil
}

func later(at *time.Time, than time.Time) *time.Time {
	if at != nil && at.Before(than) {
		return &than
	}
	return at
}

// offsets are the minutes before due at which the task reminds. A whole-day task
// without offsets of its own reminds on that day only.
func (t *Task) offsets(user person.Settings) []int {
	switch {
	case t.ReminderOffsets != nil:
		return t.ReminderOffsets
	case t.AllDay:
		return []int{0}
	}
	return user.ReminderOffsets
}

// reminderOf is the instant that many minutes before a due date, or after it if
// negative. For whole days, offsets count in wall time from the time of day at which
// days remind: 1440 is that time on the day before.
func (t *Task) reminderOf(due time.Time, offset int, user person.Settings) time.Time {
	before := time.Duration(offset) * time.Minute
	if !t.AllDay {
		return due.Add(-before)
	}
	zone := t.Zone()
	y, m, d := due.In(zone).Date()
	wall := time.Date(y, m, d, 0, user.AllDayTime, 0, 0, time.UTC).Add(-before)
	return recurrence.Resolve(wall, zone).UTC()
}
