package transfer

import (
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/recurrence"
)

// listed reads dates that are listed, without periods, which are no dates of to-dos.
func (r *calendarFile) listed(i *item, todo *ical.Component, name string) (all []date) {
	for _, prop := range todo.Props.Values(name) {
		values, zone := zoned(&prop)
		for value := range strings.SplitSeq(values, ",") {
			value, _, _ = strings.Cut(value, "/")
			if len(all) == maxExcluded {
				i.note("only the first %d dates of %s were read", maxExcluded, name)
				return all
			}
			if d, ok := r.dateIn(i, value, zone); ok {
				all = append(all, d)
			} else {
				i.note("the date %q could not be read", fault.Clip(value))
			}
		}
	}
	return all
}

// exceptions reads dates beside the rule, and those left out of it.
func (r *calendarFile) exceptions(i *item, todo *ical.Component) {
	if raw(todo, propSeries) != "" {
		return // the list says what the rule says
	}
	due, dated := i.due(r.user)
	var more []string
	for _, one := range r.listed(i, todo, ical.PropRecurrenceDates) {
		if !dated || one.at.After(due.Time) || one.day && one.wall.After(due.Wall) {
			more = append(more, one.text())
		}
	}
	i.keep("Also on", strings.Join(more, ", "))
	if i.in.RecurrenceRule.Value == "" {
		return
	}
	r.exclude(i, r.listed(i, todo, ical.PropExceptionDates))
	if rule := raw(todo, "EXRULE"); rule != "" {
		i.note("the rule of its exceptions could not be taken over")
	}
}

// exclude leaves dates out of a series: the due date moves to the first that is left,
// later ones are kept.
func (r *calendarFile) exclude(i *item, out []date) {
	due, dated := i.due(r.user)
	rule, err := recurrence.Parse(i.in.RecurrenceRule.Value)
	if len(out) == 0 || !dated || err != nil {
		return
	}
	instants, days := map[int64]bool{}, map[string]bool{}
	for _, one := range out[:min(len(out), maxExcluded)] {
		if instants[one.at.Unix()] = true; one.day || due.AllDay {
			days[one.wall.Format(time.DateOnly)] = true
		}
	}
	series := recurrence.Series{Rule: rule, Start: due.Wall, Zone: i.zone(r.user), AllDay: due.AllDay, StartIndex: 1, Work: r.work}
	now := recurrence.Occurrence{Time: due.Time, Wall: due.Wall, Index: 1}
	begins := func() (at, wall time.Time) { // as calendars name the date
		if i.apart == 0 {
			return now.Time, now.Wall
		}
		wall = now.Wall.Add(-i.apart)
		return recurrence.Resolve(wall, i.zone(r.user)), wall
	}
	left := func() bool {
		at, wall := begins()
		return instants[at.Unix()] || days[wall.Format(time.DateOnly)]
	}
	for left() {
		next, more := series.Next(now, now.Time)
		switch {
		case r.work.Exhausted():
			i.note("which dates are left out took too long to work out")
			return
		case !more:
			i.reason = "all of its dates are left out"
			return
		}
		now = next
	}
	if now.Index > 1 {
		i.place(due.Wall, now.Wall, now.Index)
		i.in.DueDate = input.Some(now.Wall.Format(wallForm))
		if due.AllDay {
			i.dueOn(now.Wall)
		}
	}
	var later []string
	here, _ := begins()
	for _, one := range out {
		if one.at.After(here) {
			later = append(later, one.text())
		}
	}
	i.keep("Not on", strings.Join(later, ", "))
}
