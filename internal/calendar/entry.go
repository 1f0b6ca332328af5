package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/recurrence"
	"tickler/internal/task"
)

// entries writes a task as components of one kind. Those of a series whose due date
// alone was moved are two: the series as it was, and the moved date, which has the
// series' UID and overrides one date of it (RFC 5545, section 3.8.4.4).
func (w *writer) entries(kind string, t *task.Task, d dates, host string) {
	if !d.moved(t) {
		w.component(entry(kind, t, d, host))
		return
	}
	before := *t
	before.DueDate = &d.start
	series := entry(kind, &before, d, host)
	// What reminds at an instant reminds of the moved date alone.
	series.Children = slices.DeleteFunc(alarms(t), func(alarm *ical.Component) bool {
		return alarm.Props.Get(ical.PropTrigger).Params.Get(ical.ParamValue) == "DATE-TIME"
	})
	w.component(series)
	moved := entry(kind, t, dates{}, host)
	setDate(moved, ical.PropRecurrenceID, t, d.start)
	w.component(moved)
}

// entry is a task as a component of one kind.
func entry(kind string, t *task.Task, d dates, host string) *ical.Component {
	c := ical.NewComponent(kind)
	set(c, ical.PropUID, uid(t.ID, kind, host))
	// DTSTAMP is when the task last changed, so that the file stays the same until
	// it changes again.
	set(c, ical.PropDateTimeStamp, t.UpdatedAt.UTC().Format(utcForm))
	set(c, ical.PropLastModified, t.UpdatedAt.UTC().Format(utcForm))
	set(c, ical.PropCreated, t.CreatedAt.UTC().Format(utcForm))
	set(c, ical.PropSequence, strconv.Itoa(t.Version-1))
	setText(c, ical.PropSummary, t.Title)
	if t.Description != "" {
		setText(c, ical.PropDescription, t.Description)
	}
	set(c, ical.PropPriority, priorities[t.Priority])
	if names := categories(t); len(names) > 0 {
		prop := ical.NewProp(ical.PropCategories)
		prop.SetTextList(names)
		c.Props.Set(prop)
	}
	if kind == ical.CompToDo {
		own(c, t)
	}
	if t.ParentID != nil {
		related(c, "PARENT", kind, *t.ParentID, host)
	}
	for _, id := range t.BlockedBy {
		related(c, "DEPENDS-ON", kind, id, host) // RFC 9253, section 5.1
	}
	switch {
	case kind == ical.CompEvent:
		setDate(c, ical.PropDateTimeStart, t, *t.DueDate)
		set(c, ical.PropTransparency, "TRANSPARENT") // a deadline does not block time
	case t.Completed():
		set(c, ical.PropStatus, "COMPLETED")
		set(c, ical.PropPercentComplete, "100")
		set(c, ical.PropCompleted, t.CompletedAt.UTC().Format(utcForm))
		setDate(c, ical.PropDue, t, *t.DueDate)
		return c // the next occurrence is a to-do of its own
	default:
		set(c, ical.PropStatus, "NEEDS-ACTION")
		setDate(c, ical.PropDateTimeStart, t, *t.DueDate)
		setDate(c, ical.PropDue, t, *t.DueDate)
	}
	if d.rule != "" {
		set(c, ical.PropRecurrenceRule, d.rule)
	}
	addDates(c, ical.PropExceptionDates, t, d.excluded)
	addDates(c, ical.PropRecurrenceDates, t, d.listed)
	c.Children = alarms(t)
	return c
}

// priorities in iCalendar, where 1 is the highest: RFC 5545, section 3.8.1.9.
var priorities = map[task.Priority]string{task.Urgent: "1", task.High: "3", task.Medium: "5", task.Low: "9"}

func categories(t *task.Task) []string {
	var names []string
	if t.Category != nil {
		names = append(names, t.Category.Name)
	}
	for _, tag := range t.Tags {
		if !slices.Contains(names, tag.Name) {
			names = append(names, tag.Name)
		}
	}
	return names
}

// alarms are the reminders of a task. Those before the due date are relative to it,
// so that they apply to each date of a series.
func alarms(t *task.Task) []*ical.Component {
	var all []*ical.Component
	start := *t.DueDate
	for _, at := range t.ReminderTimes {
		alarm := ical.NewComponent(ical.CompAlarm)
		set(alarm, ical.PropAction, "DISPLAY")
		setText(alarm, ical.PropDescription, t.Title)
		switch {
		case is(t.AbsoluteReminder, at), is(t.SnoozedUntil, at):
			set(alarm, ical.PropTrigger, at.UTC().Format(utcForm)).Params.Set(ical.ParamValue, "DATE-TIME")
			ownReminder(alarm, map[bool]string{true: "ABSOLUTE", false: "SNOOZE"}[is(t.AbsoluteReminder, at)])
		case t.AllDay: // relative to the beginning of the day
			day := recurrence.Wall(start, t.Zone()).Truncate(24 * time.Hour)
			set(alarm, ical.PropTrigger, duration(recurrence.Wall(at, t.Zone()).Sub(day)))
		default:
			set(alarm, ical.PropTrigger, duration(at.Sub(start)))
		}
		all = append(all, alarm)
	}
	return all
}

func is(moment *time.Time, at time.Time) bool { return moment != nil && moment.Equal(at) }

// duration in the form of RFC 5545, section 3.3.6.
func duration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	seconds := int64(d / time.Second)
	if seconds%60 == 0 {
		return fmt.Sprintf("%sPT%dM", sign, seconds/60)
	}
	return fmt.Sprintf("%sPT%dS", sign, seconds)
}

func set(c *ical.Component, name, value string) *ical.Prop {
	prop := ical.NewProp(name)
	prop.Value = value
	c.Props.Set(prop)
	return prop
}

// setText sets text without control characters other than line feeds, which
// iCalendar does not allow.
func setText(c *ical.Component, name, text string) {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
	c.Props.SetText(name, text)
}

func addDates(c *ical.Component, name string, t *task.Task, all []time.Time) {
	for _, at := range all {
		prop := ical.NewProp(name)
		dateInto(prop, t, at)
		c.Props.Add(prop)
	}
}

func setDate(c *ical.Component, name string, t *task.Task, at time.Time) {
	prop := ical.NewProp(name)
	dateInto(prop, t, at)
	c.Props.Set(prop)
}

// dateInto writes a date of a task: a day, or a wall time in its zone.
func dateInto(prop *ical.Prop, t *task.Task, at time.Time) {
	switch name := zoneID(t); {
	case t.AllDay:
		prop.Params.Set(ical.ParamValue, "DATE")
		prop.Value = at.In(t.Zone()).Format(dateForm)
	case name == "":
		prop.Value = at.UTC().Format(utcForm)
	default:
		prop.Params.Set(ical.PropTimezoneID, name)
		prop.Value = at.In(t.Zone()).Format(wallForm)
	}
}

// zoneID is the zone in which the dates of a task are written, "" for UTC and for
// whole days.
func zoneID(t *task.Task) string {
	if name := t.Zone().String(); !t.AllDay && name != "UTC" {
		return name
	}
	return ""
}

// related refers to another task of the feed.
func related(c *ical.Component, how, kind string, id int64, host string) {
	prop := ical.NewProp(ical.PropRelatedTo)
	prop.Params.Set(ical.ParamRelationshipType, how)
	prop.Value = uid(id, kind, host)
	c.Props.Add(prop)
}

// uid identifies the component of a kind that shows a task.
func uid(id int64, kind, host string) string {
	return fmt.Sprintf("task-%d-%s@%s", id, strings.ToLower(strings.TrimPrefix(kind, "V")), host)
}
