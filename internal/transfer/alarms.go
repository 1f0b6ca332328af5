package transfer

import (
	"regexp"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/fault"
	"tickler/internal/recurrence"
)

// someTime is before any reminder that is meant: Apple writes a moment of 1976 where a
// place reminds.
var someTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

var dateTime = regexp.MustCompile(`^\d{8}T\d{6}Z?$`)

// alarms reads when it reminds: RFC 5545, sections 3.6.6 and 3.8.6.3. Alarms take the
// place of the reminders that a task has by default.
func (r *calendarFile) alarms(i *item, todo *ical.Component) {
	if strings.EqualFold(raw(todo, propAlarms), "NONE") {
		i.offsets()
	}
	for _, alarm := range todo.Children {
		trigger := alarm.Props.Get(ical.PropTrigger)
		switch {
		case alarm.Name != ical.CompAlarm:
		case trigger == nil:
			i.note("an alarm without a trigger was left out")
		case strings.EqualFold(raw(alarm, ical.PropAction), "NONE"):
		case trigger.ValueType() == ical.ValueDateTime || dateTime.MatchString(strings.TrimSpace(trigger.Value)):
			r.absolute(i, alarm, trigger)
		default:
			r.relative(i, todo, trigger)
		}
		for _, name := range []string{ical.PropRepeat, ical.PropAttendee} {
			if value := raw(alarm, name); value != "" && value != "0" {
				i.note("left out of an alarm: %s", name)
			}
		}
	}
}

// absolute reads an alarm at a moment.
func (r *calendarFile) absolute(i *item, alarm *ical.Component, trigger *ical.Prop) {
	at, ok := r.date(i, trigger)
	switch {
	case !ok || at.at.Before(someTime):
		i.note("the alarm %q could not be taken over", fault.Clip(trigger.Value))
	case strings.EqualFold(raw(alarm, propReminder), "SNOOZE"):
		i.in.SnoozedUntil = &at.at
		i.offsets()
	case strings.EqualFold(raw(alarm, propReminder), "ABSOLUTE"):
		i.in.AbsoluteReminder = &at.at
		i.offsets()
	default:
		i.remindAt(at.at, trigger.Value, r.user)
	}
}

// relative reads an alarm that counts from the start, or from the end if it says so;
// of a whole day from 00:00.
func (r *calendarFile) relative(i *item, todo *ical.Component, trigger *ical.Prop) {
	apart, ok := durationOf(trigger.Value)
	due, dated := i.due(r.user)
	if !ok || !dated {
		why := "it is no duration"
		if ok {
			why = "there is no date from which it counts"
		}
		i.note("the alarm %q could not be taken over: %s", fault.Clip(trigger.Value), why)
		return
	}
	quiet := *i // what is wrong with the dates was noted when they were read
	anchor, found := date{}, false
	end := strings.EqualFold(trigger.Params.Get("RELATED"), "END")
	if start := todo.Props.Get(ical.PropDateTimeStart); start != nil && !end {
		anchor, found = r.date(&quiet, start)
	}
	if !found {
		anchor, found = r.due(&quiet, todo)
	}
	if !found && todo.Props.Get(ical.PropDateTimeStart) != nil {
		anchor, found = r.date(&quiet, todo.Props.Get(ical.PropDateTimeStart))
	}
	if !found {
		anchor = date{at: due.Time, wall: due.Wall, day: due.AllDay}
		if due.AllDay {
			anchor.wall = due.Wall.Truncate(24 * time.Hour)
		}
	}
	if !due.AllDay {
		i.remind(due.Time.Sub(anchor.at.Add(apart)), trigger.Value)
		return
	}
	wall := anchor.wall
	if !anchor.day {
		wall = recurrence.Wall(anchor.at, r.user.Zone())
	}
	y, m, d := due.Wall.Date()
	reminds := time.Date(y, m, d, 0, r.user.AllDayTime, 0, 0, time.UTC)
	i.remind(reminds.Sub(wall.Add(apart)), trigger.Value)
}
