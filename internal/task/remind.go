package task

import (
	"slices"
	"time"

	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Two due dates of a task are the same to a person who was reminded of the first
// when they are less than the offset of that reminder apart, within these bounds.
const (
	closeBy = time.Hour
	nearBy  = 10 * time.Minute
)

// arm computes the reminders of a task and sets the next one. A reminder that was
// sent is not sent again. When none was sent about this due date and some have
// passed, the earliest of them is set, so that a task that is entered within an
// offset or overdue is reminded at the next scan, once.
func (t *Task) arm(user person.Settings, now time.Time) {
	unclaimed := t.RemindAt
	t.rearm(user, now)
	if t.Completed() || t.DeletedAt != nil {
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

// rearm sets the next reminder among those that still lie ahead of now.
func (t *Task) rearm(user person.Settings, now time.Time) {
	t.computeReminders(user, now)
	t.RemindAt = t.firstReminder(now)
}

// RearmUnclaimed is rearm for a task whose reminders go on: one that has come due but
// that no scan has claimed yet stays.
func (t *Task) rearmUnclaimed(user person.Settings, now time.Time) {
	unclaimed := t.RemindAt
	t.rearm(user, now)
	if unclaimed != nil && !unclaimed.After(now) {
		t.RemindAt = unclaimed
	}
}

// snooze puts off what would remind before at until then.
func (t *Task) snooze(at time.Time, user person.Settings, now time.Time) {
	t.SnoozedUntil = &at
	t.computeReminders(user, now)
	t.ReminderTimes = slices.DeleteFunc(t.ReminderTimes, at.After)
	t.RemindAt = &at
}

// wake takes a snooze back: what it put off and was not sent comes, now if its
// time has passed.
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

// firstReminder is the first one after a moment, nil when there is none.
func (t *Task) firstReminder(after time.Time) *time.Time {
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

// told tells whether a reminder was sent about the due date that the task has,
// or about one so near that it is the same to whoever was reminded.
func (t *Task) told() bool {
	if t.RemindedAt == nil || (t.RemindedDue == nil) != (t.DueDate == nil) {
		return false
	}
	return t.DueDate == nil || t.DueDate.Sub(*t.RemindedDue).Abs() < closeBy
}

// sent tells whether the reminder of an offset was sent: its time had come when
// the task was last reminded of, and the due date has not moved by as much as the
// offset since.
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

// computeReminders collects the instants that the offsets come to, but for those
// that were sent and would come again, and those that were named as such unless
// they have been reminded of. A snooze that runs puts off what comes before it.
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
			if at.After(now) && t.sent(offset, user) || t.SnoozedUntil != nil && t.SnoozedUntil.After(now) && at.Before(*t.SnoozedUntil) {
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

// RemindersToCome lists the reminders that are still to come, the next one first;
// of a task that nags the first only of those.
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

// RemindsNext is when the task reminds next as its user sees it: the next reminder,
// or one that is sent already but waits to be delivered. Never a moment before
// now. Held tells whether quiet hours put it off.
func (t *Task) RemindsNext(user person.Settings, now time.Time) (at *time.Time, held bool) {
	if waits := t.waitsUntil(user, now); waits != nil && (t.RemindAt == nil || waits.Before(*t.RemindAt)) {
		return later(waits, now), true
	}
	return later(t.RemindAt, now), false
}

// ReminderSent tells whether all reminders of the task were sent and delivered.
func (t *Task) ReminderSent(user person.Settings, now time.Time) bool {
	return t.RemindedAt != nil && t.RemindAt == nil && t.waitsUntil(user, now) == nil
}

// waitsUntil is when a reminder that was claimed is delivered, nil when none waits.
// Right after the claim it is not yet noted what waits: quiet hours tell.
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

// offsets are the minutes before due at which the task reminds. A task of a day
// that has none of its own reminds on that day only.
func (t *Task) offsets(user person.Settings) []int {
	switch {
	case t.ReminderOffsets != nil:
		return t.ReminderOffsets
	case t.AllDay:
		return []int{0}
	}
	return user.ReminderOffsets
}

// reminderOf is the instant so many minutes before a due date, or after it if
// below zero. Those of a day count from the time of day at which days remind, in
// wall time: 1440 is that time on the day before.
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
