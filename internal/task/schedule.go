package task

import (
	"slices"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// schedule sets when the task is due and how it recurs, and tells whether the due
// date changed. If the task is open, its series moves with it; see moved.
func (t *Task) schedule(in Fields, scope Scope, user person.Settings, now time.Time) (dueChanged bool, err error) {
	before := t.Clone()
	meant, dueChanged, err := t.setDue(in, user, now)
	if err != nil {
		return false, err
	}
	dated := t.DueDate != nil
	ruleChanged, err := t.changeRule(in, meant, now)
	if err != nil {
		return false, err
	}
	if !dated && t.DueDate != nil {
		t.note("due_date was not given: it is the first date of the rule, %s", t.FormatDue(user))
	}
	if err := t.setMissed(in.Missed.Value); err != nil {
		return false, err
	}
	if scope != "" {
		if err := input.CheckEnum("scope", scope, ThisAndFollowing, ThisOne); err != nil {
			return false, err
		}
	}
	if t.Recurrence != nil && dueChanged && !ruleChanged && in.DueDate.Set && !t.Completed() {
		if err := t.moved(before, scope, meant); err != nil {
			return false, err
		}
		if err := t.keepHour(now); err != nil {
			return false, err
		}
	}
	// The rule may have supplied the date, or the hour.
	dueChanged = dueChanged || !sameInstant(before.DueDate, t.DueDate)
	if dueChanged || ruleChanged {
		t.Skipped = nil
	}
	if dueChanged {
		t.SnoozedUntil = nil // it concerned the previous date
		t.tellForm(before, user)
	}
	return dueChanged, nil
}

// setDue parses the due date and zone, and returns the wall time that was meant.
func (t *Task) setDue(in Fields, user person.Settings, now time.Time) (meant time.Time, changed bool, err error) {
	zone, zoneName := user.Zone(), user.TimeZone
	if in.TimeZone.Value != "" {
		if zone, err = person.LoadZone("time_zone", in.TimeZone.Value); err != nil {
			return time.Time{}, false, err
		}
		zoneName = in.TimeZone.Value
	}
	switch {
	case in.DueDate.Null:
		changed = t.DueDate != nil
		t.DueDate, t.DueWall, t.AllDay = nil, nil, false
		return recurrence.Wall(now, zone), changed, nil
	case !in.DueDate.Set && in.TimeZone.Value != "" && t.AllDay:
		t.note("time_zone changes nothing: a whole day is the same day everywhere")
	case !in.DueDate.Set && in.TimeZone.Value != "" && in.TimeZone.Value != t.TimeZone:
		before := t.DueDate
		t.inZone(zone)
		return time.Time{}, !sameInstant(before, t.DueDate), nil
	}
	if !in.DueDate.Set {
		return time.Time{}, false, nil
	}
	due, err := readDueIn("due_date", in.DueDate.Value, zone, user, now)
	if err != nil {
		return time.Time{}, false, err
	}
	if due.AllDay { // a whole day follows its user's zone
		due.Time, zoneName = endOfDay(due.Wall, user.Zone()).UTC(), user.TimeZone
	}
	same := t.DueDate != nil && t.AllDay == due.AllDay && t.DueDate.Equal(due.Time)
	switch {
	case same && due.Offset != nil && in.TimeZone.Value == "": // as it was read
		return t.wall(), false, nil
	case same && t.TimeZone == zoneName:
		return due.Wall, false, nil
	}
	if due.Offset != nil && in.TimeZone.Value == "" && (t.Recurrence != nil || in.RecurrenceRule.Set && !in.RecurrenceRule.Null) {
		if _, offset := due.Time.In(zone).Zone(); offset != *due.Offset {
			t.note("the series repeats at %s in %s, the user's zone: the offset of due_date is another; to keep its wall time, give due_date without offset and time_zone, for example \"America/New_York\"",
				due.Wall.Format("15:04"), user.TimeZone)
		}
	}
	t.DueDate, t.AllDay, t.TimeZone = &due.Time, due.AllDay, zoneName
	t.keepWall(due.Wall)
	return due.Wall, true, nil
}

// changeRule sets the rule and its base.
func (t *Task) changeRule(in Fields, meant, now time.Time) (changed bool, err error) {
	base := FromDue
	if t.Recurrence != nil && !in.RecurrenceBase.Null {
		base = t.Recurrence.Base
	}
	if in.RecurrenceBase.Set && !in.RecurrenceBase.Null && in.RecurrenceBase.Value != "" {
		base = in.RecurrenceBase.Value
		if err := input.CheckEnum("recurrence_base", base, FromDue, FromCompletion); err != nil {
			return false, err
		}
		if t.Recurrence == nil && !in.RecurrenceRule.Set {
			return false, fault.Invalid("recurrence_base", "needs a recurrence_rule, for example \"weekly\"")
		}
	}
	switch {
	case in.RecurrenceRule.Null:
		changed = t.Recurrence != nil
		if changed && t.DueDate != nil {
			t.keepWall(t.wall())
		}
		t.Recurrence = nil
		return changed, nil
	case in.RecurrenceRule.Set:
		return t.setRule(in.RecurrenceRule.Value, base, meant, now)
	case t.Recurrence != nil && base != t.Recurrence.Base:
		return t.setRule(t.Recurrence.Rule, base, meant, now)
	}
	return false, nil
}

func (t *Task) setMissed(missed Missed) error {
	if missed == "" {
		return nil
	}
	if err := input.CheckEnum("missed", missed, SkipMissed, KeepMissed); err != nil {
		return err
	}
	if t.Recurrence == nil {
		return fault.Invalid("missed", "needs a recurrence_rule, for example \"weekly\"")
	}
	t.Recurrence.Missed = missed
	return nil
}

func sameInstant(a, b *time.Time) bool { return same(orNil(a), orNil(b)) }

// keepHour turns the day an occurrence was moved to into a moment if its rule names
// hours.
func (t *Task) keepHour(now time.Time) error {
	if !t.AllDay {
		return nil
	}
	series, err := t.series()
	if err != nil {
		return err
	}
	if len(series.Rule.Clock()) > 0 {
		return t.takeHour(series.Rule, now)
	}
	return ruleError(series.Check())
}

// tellForm notes that the time of day is gone.
func (t *Task) tellForm(before *Task, user person.Settings) {
	if before.DueDate == nil || t.DueDate == nil || before.AllDay || !t.AllDay {
		return
	}
	clock := before.DueDate.In(user.Zone()).Format("15:04")
	t.note("the task is due on that whole day now, its time of day, %s, is gone; to keep it, give \"%sT%s\"", clock, t.Day(), clock)
}

// sameDates tells whether two rules differ only in how they end and in their times
// of day, so that the anchor of one also fits the other.
func sameDates(a, b string) bool {
	days := func(rule string) string {
		parts := slices.DeleteFunc(strings.Split(rule, ";"), func(part string) bool {
			name, _, _ := strings.Cut(part, "=")
			return slices.Contains([]string{"COUNT", "UNTIL", "BYHOUR", "BYMINUTE", "BYSECOND"}, name)
		})
		return strings.Join(parts, ";")
	}
	return days(a) == days(b)
}

// takeHour turns a whole-day task into one with a time because its rule names hours:
// the first of that day that has not passed.
func (t *Task) takeHour(rule *recurrence.Rule, now time.Time) error {
	day, zone := recurrence.Wall(*t.DueDate, t.Zone()), t.Zone()
	t.note("the rule names the hour, so the task is due at a time of day")
	for _, clock := range rule.Clock() {
		wall := clockOn(day, time.Time{}.Add(clock))
		if at := recurrence.Resolve(wall, zone); !at.Before(now) || t.DueDate.Before(now) {
			t.begin(recurrence.Occurrence{Time: at, Wall: wall}, false)
			return nil
		}
	}
	series := recurrence.Series{Rule: rule, Zone: zone, Start: clockOn(day, time.Time{}), Work: t.work}
	if next := series.After(now, 1); len(next) > 0 {
		t.begin(next[0], false)
		return nil
	}
	return ruleError(series.Check())
}

// takeClock gives an open occurrence the time of day that its changed rule names.
// Else its day would come twice, at the hour before and at the new one.
func (t *Task) takeClock(rule *recurrence.Rule) error {
	r := t.Recurrence
	times := len(rule.Clock())
	if times == 0 || rule.Subdaily() || t.AllDay || !r.date(t).Equal(*t.DueDate) { // moved alone it stays
		return nil
	}
	series, err := t.series()
	if err != nil {
		return err
	}
	_, minute, second := r.Start.Clock()
	series.Start = clockOn(r.Start, time.Time{}).Add(time.Duration(minute)*time.Minute + time.Duration(second)*time.Second)
	meant := t.wall()
	dates := series.After(startOfDay(meant, t.Zone()).Add(-time.Second), times)
	dates = slices.DeleteFunc(dates, func(one recurrence.Occurrence) bool { return !sameDate(one.Wall, meant) })
	if len(dates) == 0 || slices.ContainsFunc(dates, func(one recurrence.Occurrence) bool { return one.Time.Equal(*t.DueDate) }) {
		return nil
	}
	due := dates[0].Time.UTC()
	t.DueDate, r.Date, r.Start = &due, dates[0].Wall, clockOn(r.Start, dates[0].Wall)
	t.note("the rule has another time of day, and this date takes it too")
	return nil
}
