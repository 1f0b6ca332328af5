package task

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"tickler/internal/fault"
	"tickler/internal/phrase"
	"tickler/internal/recurrence"
)

const upcomingDates = 3 // dates of a series shown in an answer

// setRule makes the task recur by rule. A task without a rule begins a series; one
// that has a rule keeps its place, so that the count goes on. The anchor is the due
// date as it was meant. Without a due date, the first date of the rule from now on
// becomes it; a task that counts from completion has no date until it was done once.
func (t *Task) setRule(text string, base RecurrenceBase, meant, now time.Time) (changed bool, err error) {
	rule, err := readRule(text)
	if err != nil {
		return false, err
	}
	if t.Recurrence != nil && t.Recurrence.Rule == rule.String() && t.Recurrence.Base == base {
		return false, nil
	}
	r, again := &Recurrence{SeriesID: uuid.New(), Occurrence: 1, Missed: SkipMissed}, false
	if t.Recurrence != nil {
		before := *t.Recurrence
		r, again = &before, true
	}
	keepAnchor := again && meant.IsZero() && t.DueDate != nil && sameDates(r.Rule, rule.String()) && !(t.AllDay && len(rule.Clock()) > 0)
	endless := again && ends(r.Rule) && !ends(rule.String())
	r.Rule, r.Base = rule.String(), base
	t.Recurrence = r
	if !keepAnchor {
		if err := t.beginSeries(rule, meant, now); err != nil {
			return false, err
		}
	}
	if keepAnchor && !t.Completed() {
		if err := t.takeClock(rule); err != nil {
			return false, err
		}
	}
	if count := rule.Count(); again && count > 0 {
		t.note("the count goes on: this is number %d of %d, %d come after it", r.Occurrence, count, max(count-r.Occurrence, 0))
	}
	if endless {
		t.note("the rule before had an end, this one has none; to keep it, give COUNT or UNTIL again")
	}
	series, err := t.series()
	if err != nil {
		return false, err
	}
	return true, ruleError(series.Check())
}

func ends(rule string) bool {
	return strings.Contains(rule, "COUNT=") || strings.Contains(rule, "UNTIL=")
}

// beginSeries anchors the series at the task.
func (t *Task) beginSeries(rule *recurrence.Rule, meant, now time.Time) error {
	r := t.Recurrence
	r.StartOccurrence = r.Occurrence
	switch {
	case t.DueDate == nil && r.Base == FromCompletion:
		r.Start, r.Date = recurrence.Wall(now, t.Zone()), time.Time{}
		t.note("it has no date until it is done once, then the rule counts from that completion")
		return nil
	case t.DueDate == nil:
		return t.firstDate(rule, now)
	case t.AllDay && len(rule.Clock()) > 0:
		return t.takeHour(rule, now)
	case meant.IsZero():
		meant = t.wall()
	}
	r.Start, r.Date = meant, meant
	return nil
}

// firstDate makes the first date of the rule from now on the due date: a whole day
// if the rule names no hour.
func (t *Task) firstDate(rule *recurrence.Rule, now time.Time) error {
	wall := recurrence.Wall(now, t.Zone())
	series := recurrence.Series{Rule: rule, Zone: t.Zone(), Work: t.work}
	switch {
	case rule.Subdaily(): // starting at the next whole minute
		series.Start = wall.Add(time.Minute - 1).Truncate(time.Minute)
	case rule.NamesHour():
		series.Start = clockOn(wall, time.Time{})
	default:
		series.AllDay, series.Start = true, clockOn(wall, endOfDayClock)
	}
	first := series.After(now.Add(-time.Second), 1)
	if len(first) == 0 {
		t.Recurrence.Start, t.Recurrence.Date = series.Start, series.Start
		return ruleError(series.Check())
	}
	t.begin(first[0], series.AllDay)
	return nil
}

// begin gives the task the date its series starts with.
func (t *Task) begin(first recurrence.Occurrence, allDay bool) {
	due := first.Time.UTC()
	t.DueDate, t.AllDay = &due, allDay
	t.Recurrence.Start, t.Recurrence.Date = first.Wall, first.Wall
}

// wholeDays tells whether the dates of the series are whole days: those of a
// whole-day task, and of a task without a date whose rule names no hour.
func (t *Task) wholeDays() bool {
	if t.DueDate != nil {
		return t.AllDay
	}
	rule, err := recurrence.Parse(t.Recurrence.Rule)
	return err == nil && !rule.NamesHour()
}

func (t *Task) series() (recurrence.Series, error) {
	rule, err := recurrence.Parse(t.Recurrence.Rule)
	if err != nil {
		return recurrence.Series{}, fmt.Errorf("stored rule of task %d: %w", t.ID, err)
	}
	return recurrence.Series{
		Rule: rule, Start: t.Recurrence.Start, Zone: t.Zone(),
		StartIndex: t.Recurrence.StartOccurrence, AllDay: t.wholeDays(), Work: t.work,
	}, nil
}

// Upcoming describes how a task recurs.
type Upcoming struct {
	Words    string      // the rule in English
	Next     []time.Time // the dates after this one, in the task's zone
	Left     int         // with COUNT, how many come after this one; otherwise -1
	Warnings []string    // what may surprise about the rule
}

// Upcoming describes how the task recurs, nil if it does not. The dates are those
// completing would give; see NextDates.
func (t *Task) Upcoming(now time.Time) (*Upcoming, error) {
	if t.Recurrence == nil {
		return nil, nil
	}
	series, err := t.series()
	if err != nil {
		return nil, err
	}
	series.Derived = t.Recurrence.Base == FromCompletion
	u := &Upcoming{Words: series.Words(), Warnings: series.Warnings(), Left: -1}
	if series.Derived {
		u.Words += ", counted from completion"
	}
	if count := series.Rule.Count(); count > 0 {
		u.Left = max(count-t.Recurrence.Occurrence, 0)
	}
	u.Next, err = t.NextDates(now, upcomingDates)
	return u, err
}

// twoRules are words that mean two rules, with both.
var twoRules = map[string]string{
	"bimonthly":  "every 2 months is FREQ=MONTHLY;INTERVAL=2, twice a month FREQ=MONTHLY;BYMONTHDAY=1,15",
	"biannually": "twice a year is FREQ=MONTHLY;INTERVAL=6, every 2 years FREQ=YEARLY;INTERVAL=2",
}

// often are words that say how often, and not when.
var often = regexp.MustCompile(`^(?:(?:once or )?twice|thrice|(?:\d+|two|three|four|five|six)(?:x| times)) *(?:a|per|every|each|in a)? *(day|dai|week|month|year)`)

// oftenInstead are rules that say when, by the unit of [often].
var oftenInstead = map[string]string{
	"day": "FREQ=DAILY;BYHOUR=9,18;BYMINUTE=0", "dai": "FREQ=DAILY;BYHOUR=9,18;BYMINUTE=0", "week": "FREQ=WEEKLY;BYDAY=MO,TH",
	"month": "FREQ=MONTHLY;BYMONTHDAY=1,15", "year": "FREQ=YEARLY;BYMONTH=1,7",
}

// readRule reads an RRULE, or words that mean one.
func readRule(text string) (*recurrence.Rule, error) {
	text = strings.TrimSpace(text)
	inWords := text != "" && !strings.Contains(text, "=")
	if inWords {
		if both := twoRules[strings.ToLower(text)]; both != "" {
			return nil, fault.Invalid("recurrence_rule", "%q means two rules: %s", text, both)
		}
		if rule, ok := phrase.Rule(text); ok {
			text = rule
		} else if m := often.FindStringSubmatch(strings.ToLower(text)); m != nil {
			return nil, fault.Invalid("recurrence_rule", "%q does not say when; a rule does, for example %s", fault.Clip(text), oftenInstead[m[1]])
		}
	}
	rule, err := recurrence.Parse(text)
	if err != nil && inWords {
		return nil, fault.Invalid("recurrence_rule", "%q is not understood; give an RRULE such as FREQ=WEEKLY;INTERVAL=2;BYDAY=MO, or words such as biweekly, every 3 months, last friday of the month, weekdays at 9", fault.Clip(text)).
			WithHint("the first day goes into due_date, an end into the rule as UNTIL or COUNT")
	}
	if err == nil {
		err = rule.CheckTask()
	}
	if err != nil {
		return nil, ruleError(err)
	}
	return rule, nil
}

func ruleError(err error) error {
	var e *recurrence.Error
	if errors.As(err, &e) {
		return &fault.Error{Code: fault.InvalidInput, Field: "recurrence_rule", Message: e.Error()}
	}
	return err
}
