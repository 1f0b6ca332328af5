// Package calendar writes tasks as iCalendar (RFC 5545), for calendar programs
// that subscribe to them.
package calendar

import (
	"io"
	"slices"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/recurrence"
	"tickler/internal/task"
)

const (
	dateForm  = "20060102"
	wallForm  = "20060102T150405"
	utcForm   = "20060102T150405Z"
	lineLimit = 75 // bytes, without the line break: RFC 5545, section 3.1
)

const (
	// maxWork bounds the steps that the rules of one feed may take. Two thousand
	// ordinary series take a hundredth of it; all of it takes about a second.
	maxWork = 20_000_000
	// refresh is how often programs should read a feed again.
	refresh = "PT15M"
	// together is how many descriptions are read in one query.
	together = 50
)

// Descriptions reads the descriptions of some tasks, by their ids.
type Descriptions func(ids []int64) (map[int64]string, error)

// Feed is a calendar, ready to be written. It holds the tasks without their
// descriptions, which can be large.
type Feed struct {
	show  Show
	tasks []*task.Task
	dates []dates
	zones map[string]*span
	host  string
	now   time.Time
}

// Show is what a feed shows of a task.
type Show string

// A task is a to-do, and an open one is also an event, since most programs show only
// one of the two. For a program that shows both, a feed has one of them.
const (
	Everything Show = ""
	Events     Show = "events"
	ToDos      Show = "todos"
)

// NewFeed makes a feed of the tasks that have a due date. host makes the UIDs unique.
// When the rules together take too long, the remaining tasks show only their due date.
func NewFeed(tasks []*task.Task, show Show, host string, now time.Time) (*Feed, error) {
	f := &Feed{show: show, zones: map[string]*span{}, host: host, now: now}
	work := recurrence.NewWork(maxWork)
	for _, t := range tasks {
		if t.DueDate == nil {
			continue
		}
		t.Within(work)
		dates, err := datesOf(t, now, work)
		if err != nil {
			return nil, err
		}
		f.tasks, f.dates = append(f.tasks, t), append(f.dates, dates)
		if name := zoneID(t); name != "" {
			if f.zones[name] == nil {
				f.zones[name] = &span{first: *t.DueDate, last: *t.DueDate}
			}
			f.zones[name].include(*t.DueDate, slices.Concat(dates.listed, dates.excluded))
			if dates.rule != "" {
				f.zones[name].include(dates.start, nil)
			}
		}
	}
	return f, nil
}

// Write writes the feed, and reads descriptions as it goes. The same tasks give the
// same bytes.
func (f *Feed) Write(to io.Writer, describe Descriptions) error {
	document := ical.NewCalendar()
	document.Props.SetText(ical.PropProductID, "-//Tickler//Calendar feed//EN")
	document.Props.SetText(ical.PropVersion, "2.0")
	document.Props.SetText(ical.PropCalendarScale, "GREGORIAN")
	set(document.Component, "METHOD", "PUBLISH")
	set(document.Component, "NAME", "Tickler")
	set(document.Component, "X-WR-CALNAME", "Tickler")
	set(document.Component, ical.PropRefreshInterval, refresh).Params.Set(ical.ParamValue, "DURATION")
	set(document.Component, "X-PUBLISHED-TTL", refresh) // for programs from before RFC 7986
	w := &writer{to: to}
	w.begin(document.Component)
	for _, name := range sorted(f.zones) {
		w.component(timezone(name, *f.zones[name], f.now))
	}
	if len(f.tasks) == 0 { // a calendar must have a component: RFC 5545, section 3.6
		w.component(timezone("UTC", span{f.now, f.now}, f.now))
	}
	for begin := 0; begin < len(f.tasks) && w.err == nil; begin += together {
		end := min(begin+together, len(f.tasks))
		ids := make([]int64, 0, together)
		for _, t := range f.tasks[begin:end] {
			ids = append(ids, t.ID)
		}
		descriptions, err := describe(ids)
		if err != nil {
			return err
		}
		for i, t := range f.tasks[begin:end] {
			described := *t
			described.Description = descriptions[t.ID]
			if f.show != Events {
				w.entries(ical.CompToDo, &described, f.dates[begin+i], f.host)
			}
			if f.show != ToDos && !t.Completed() {
				w.entries(ical.CompEvent, &described, f.dates[begin+i], f.host)
			}
		}
	}
	w.end(document.Component)
	return w.err
}
