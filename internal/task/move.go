package task

import (
	"fmt"
	"time"

	"tickler/internal/fault"
	"tickler/internal/recurrence"
)

// Scope says what part of a series a new due date applies to.
type Scope string

// The scopes. ThisAndFollowing is the default.
const (
	ThisOne          Scope = "this"      // only this occurrence; the series keeps its dates
	ThisAndFollowing Scope = "following" // the series continues from the new date
)

// moved fits the series to the new due date of an open occurrence, which was
// meant as that wall time. The anchor is what was meant:
//   - Only the clock was changed: the days of the series stay.
//   - The rule names its days, and the new date is none of them: it was this date
//     that was moved, and the weeks (months, years) of the series stay.
//   - Else the series goes on from the new date. The count goes on too.
func (t *Task) moved(before *Task, scope Scope, meant time.Time) error {
	r := t.Recurrence
	rule, err := recurrence.Parse(r.Rule)
	if err != nil {
		return err
	}
	if t.DueDate == nil || before.DueDate == nil {
		r.Start, r.Date = meant, time.Time{}
		if t.DueDate != nil {
			r.Date = meant
		}
		r.StartOccurrence = r.Occurrence
		return nil
	}
	if scope == ThisOne {
		if t.AllDay != before.AllDay {
			return fault.Invalid("due_date", "must be %s as in the rest of the series when scope is \"this\"", form(before.AllDay)).
				Quoting(fmt.Sprintf(", for example %q", before.DueText(before.Zone())), "")
		}
		t.note("only this date was moved (scope this): the series keeps its dates")
		return nil
	}
	date := before.meant()
	sameDay := sameDate(recurrence.Wall(*before.DueDate, before.Zone()), meant)
	sameClock := clockOn(date, meant).Equal(date)
	switch {
	case t.AllDay != before.AllDay:
		r.Start, r.Date, r.StartOccurrence = meant, meant, r.Occurrence
	case sameDay || rule.NamesDay() && !fits(rule, meant, t.AllDay):
		if sameClock || len(rule.Clock()) > 0 {
			t.note("the rule has no such date, so only this one was moved: the series keeps its dates")
			return nil
		}
		// From now on the series has this time of day; its days stay.
		r.Start, r.Date = clockOn(r.Start, meant), clockOn(date, meant)
	default:
		r.Start, r.Date, r.StartOccurrence = meant, meant, r.Occurrence
	}
	t.note(`the series goes on from the new date (scope following); with scope "this" only this date is moved`)
	return nil
}

// fits tells whether a wall time is itself the first date of the rule starting
// there.
func fits(rule *recurrence.Rule, wall time.Time, allDay bool) bool {
	first := recurrence.Series{Rule: rule, Start: wall, AllDay: allDay}.First(1)
	return len(first) == 1 && first[0].Wall.Equal(wall)
}

func form(allDay bool) string {
	if allDay {
		return "a day"
	}
	return "a moment"
}

// clockOn is the wall time with the date of one and the clock of the other.
func clockOn(date, clock time.Time) time.Time {
	y, m, d := date.Date()
	h, mi, s := clock.Clock()
	return time.Date(y, m, d, h, mi, s, 0, time.UTC)
}

func sameDate(a, b time.Time) bool { return clockOn(a, time.Time{}).Equal(clockOn(b, time.Time{})) }

// inZone moves the task to another zone at the same wall time: 09:00 here becomes
// 09:00 there.
func (t *Task) inZone(zone *time.Location) {
	defer t.keepStartDay(t.Zone())
	if t.DueDate != nil {
		wall := t.wall()
		due := recurrence.Resolve(wall, zone).UTC()
		t.DueDate, t.TimeZone = &due, zone.String()
		t.keepWall(wall)
	}
	t.TimeZone = zone.String()
}
