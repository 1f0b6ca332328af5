package calendar

import (
	"strconv"
	"strings"
	"time"

	"tickler/internal/recurrence"
	"tickler/internal/task"
)

const (
	// compared is how many dates of a rule must agree with the series for the rule
	// to be written.
	compared = 24
	// listed is how many dates are written where no rule gives them.
	listed = 50
)

// dates of a series from the due date on: a rule, or a list.
type dates struct {
	rule   string
	listed []time.Time
}

// datesOf returns how the dates of a task continue. A calendar counts from the due
// date, whereas a series has its own anchor, a count that has already begun, and
// rules that calendars do not know. Where a rule would give other dates from here
// on, the dates themselves are written.
func datesOf(t *task.Task, now time.Time, work *recurrence.Work) (dates, error) {
	if t.Recurrence == nil || t.Completed() {
		return dates{}, nil
	}
	following, err := t.NextDates(now, listed)
	if err != nil || len(following) == 0 {
		return dates{}, err
	}
	if rule := fromHere(t); rule != "" && says(rule, t, following, work) {
		return dates{rule: rule}, nil
	}
	// The first date is listed too, since some programs, such as ical.js, take the
	// list for all dates.
	return dates{listed: append([]time.Time{*t.DueDate}, following...)}, nil
}

// fromHere is the rule counted from the due date, "" if calendars do not support
// it.
func fromHere(t *task.Task) string {
	var parts []string
	for part := range strings.SplitSeq(t.Recurrence.Rule, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "RSCALE", "SKIP": // RFC 7529
			return ""
		case "COUNT":
			count, err := strconv.Atoi(value)
			if err != nil {
				return ""
			}
			part = "COUNT=" + strconv.Itoa(count-t.Recurrence.Occurrence+1)
		case "UNTIL":
			until, err := untilOf(t, value)
			if err != nil {
				return ""
			}
			part = "UNTIL=" + until
		case "BYHOUR", "BYMINUTE", "BYSECOND":
			if t.AllDay { // a day has none
				continue
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ";")
}

// untilOf writes UNTIL as RFC 5545 (3.3.10) requires: a date if the start is a
// date, otherwise UTC.
func untilOf(t *task.Task, value string) (string, error) {
	day, clock, _ := strings.Cut(value, "T")
	switch {
	case t.AllDay && strings.HasSuffix(clock, "Z"):
		at, err := time.Parse(utcForm, value)
		return at.In(t.Zone()).Format(dateForm), err
	case t.AllDay:
		return day, nil
	case strings.HasSuffix(clock, "Z"):
		return value, nil
	case clock == "":
		clock = "235959" // through that day
	}
	at, err := time.Parse(wallForm, day+"T"+clock)
	return recurrence.Resolve(at, t.Zone()).UTC().Format(utcForm), err
}

// says reports whether a rule, counted from the due date, gives the dates that
// follow it.
func says(text string, t *task.Task, following []time.Time, work *recurrence.Work) bool {
	rule, err := recurrence.Parse(text)
	if err != nil {
		return false
	}
	series := recurrence.Series{Rule: rule, Start: recurrence.Wall(*t.DueDate, t.Zone()), Zone: t.Zone(), AllDay: t.AllDay, Work: work}
	said := series.First(min(len(following), compared) + 1)
	if len(said) == 0 || !said[0].Time.Equal(*t.DueDate) {
		return false
	}
	said = said[1:]
	if len(said) < min(len(following), compared) {
		return false
	}
	for i := range said {
		if !said[i].Time.Equal(following[i]) {
			return false
		}
	}
	return len(following) > compared || len(series.First(len(following)+2)) == len(following)+1
}

// span is a stretch of time.
type span struct{ first, last time.Time }

func (s *span) include(at time.Time, more []time.Time) {
	if at.Before(s.first) {
		s.first = at
	}
	for _, one := range append(more, at) {
		if one.After(s.last) {
			s.last = one
		}
	}
}
