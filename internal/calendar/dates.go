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
	// maxExcluded is how many dates that were passed over are written as exceptions.
	maxExcluded = 50
)

// dates of a series from the due date on: a rule, or a list.
type dates struct {
	rule string
	// start is the date that the rule counts from. It is the due date, unless only
	// that one date was moved: the due date then overrides the one at start.
	start    time.Time
	excluded []time.Time // dates of the rule that were passed over
	listed   []time.Time
}

// moved reports whether the due date overrides the first date of the rule.
func (d dates) moved(t *task.Task) bool { return d.rule != "" && !d.start.Equal(*t.DueDate) }

// datesOf returns how the dates of a task continue. A calendar counts from the first
// date, whereas a series has its own anchor, a count that has already begun, and
// rules that calendars do not know. A date that was moved is written as an override
// and dates that were passed over as exceptions, so that calendars which need a rule
// have one. Where a rule would give other dates from here on, the dates themselves
// are written.
func datesOf(t *task.Task, now time.Time, work *recurrence.Work) (dates, error) {
	if t.Recurrence == nil || t.Completed() {
		return dates{}, nil
	}
	following, err := t.NextDates(now, listed)
	if err != nil || len(following) == 0 {
		return dates{}, err
	}
	for _, start := range []time.Time{*t.DueDate, t.SeriesDate()} {
		if d, ok := ruled(t, start, following, work); ok {
			return d, nil
		}
	}
	// The first date is listed too, since some programs, such as ical.js, take the
	// list for all dates.
	return dates{listed: append([]time.Time{*t.DueDate}, following...)}, nil
}

// ruled writes the dates as those of the rule, counted from start.
func ruled(t *task.Task, start time.Time, following []time.Time, work *recurrence.Work) (dates, bool) {
	more := 0
	if strings.Contains(t.Recurrence.Rule, "COUNT=") { // a series does not count what it passed over, a calendar does
		excluded, _ := passedOver(fromHere(t, maxExcluded), t, start, following, work)
		more = len(excluded)
	}
	text := fromHere(t, more)
	excluded, ok := passedOver(text, t, start, following, work)
	return dates{rule: text, start: start, excluded: excluded}, ok
}

// fromHere is the rule counted from this task on, with more dates than the series has
// left by its count; "" if calendars do not support it.
func fromHere(t *task.Task, more int) string {
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
			part = "COUNT=" + strconv.Itoa(count-t.Recurrence.Occurrence+1+more)
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

// passedOver returns the dates of a rule, counted from start, that lie between start
// and the first of the dates that follow. It reports whether the rule gives all
// others, and no more.
func passedOver(text string, t *task.Task, start time.Time, following []time.Time, work *recurrence.Work) (excluded []time.Time, ok bool) {
	rule, err := recurrence.Parse(text)
	if err != nil {
		return nil, false
	}
	series := recurrence.Series{Rule: rule, Start: recurrence.Wall(start, t.Zone()), Zone: t.Zone(), AllDay: t.AllDay, Work: work}
	wanted := min(len(following), compared)
	said := series.First(1 + maxExcluded + wanted)
	if len(said) == 0 || !said[0].Time.Equal(start) {
		return nil, false
	}
	said = said[1:]
	for len(said) > 0 && said[0].Time.Before(following[0]) {
		excluded, said = append(excluded, said[0].Time), said[1:]
	}
	if len(excluded) > maxExcluded || len(said) < wanted {
		return excluded, false
	}
	for i := range wanted {
		if !said[i].Time.Equal(following[i]) {
			return excluded, false
		}
	}
	all := 1 + len(excluded) + len(following)
	return excluded, len(following) > compared || len(series.First(all+1)) == all
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
