package transfer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
	"tickler/internal/task"
)

// readCalendar reads the to-dos of a calendar (RFC 5545, section 3.6.2).
func (s *Service) readCalendar(user person.Settings, f *file) (content, error) {
	c := content{format: "icalendar"}
	for todos := newToDos(f); ; {
		todo, err := todos.next()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err == nil {
			err = c.add(readToDo(len(c.items)+1, todo, user.Zone()))
		}
		if err != nil {
			return c, f.refuse(err, "is not an iCalendar file: %s")
		}
	}
}

func readToDo(row int, todo *ical.Component, zone *time.Location) item {
	text := func(name string) string {
		value, err := todo.Props.Text(name)
		if err != nil {
			return ""
		}
		return strings.TrimSpace(value)
	}
	i := item{row: row, in: task.Import{AddInput: task.AddInput{Fields: task.Fields{Title: input.Some(text(ical.PropSummary)), Description: input.Some(text(ical.PropDescription))}}}}
	uid := text(ical.PropUID)
	if uid == "" { // required, but not everybody writes it
		uid = i.in.Title.Value + "\x00" + raw(todo, ical.PropDue)
	}
	i.in.IdempotencyKey = key("icalendar", uid, raw(todo, ical.PropRecurrenceID))
	if i.in.Title.Value == "" {
		i.in.Title = input.Some("(no title)")
		i.note("it had no title")
	}
	switch {
	case todo.Props.Get(ical.PropRecurrenceID) != nil:
		i.reason = "it changes one date of a recurring to-do, which cannot be taken over"
	case strings.EqualFold(text(ical.PropStatus), "CANCELLED"):
		i.reason = "it was cancelled"
	}
	for _, list := range todo.Props.Values(ical.PropCategories) {
		tags, err := list.TextList()
		if err == nil {
			for _, tag := range tags {
				i.tag(tag)
			}
		}
	}
	i.in.Priority = input.Some(calendarPriority(raw(todo, ical.PropPriority)))
	i.dates(todo, zone)
	i.alarms(todo, zone)
	i.shorten()
	if description := []rune(i.in.Description.Value); len(description) > task.MaxDescription {
		i.in.Description = input.Some(string(description[:task.MaxDescription-1]) + "…")
		i.note("the description was too long, and was cut")
	}
	return i
}

// raw is a value as it stands there, of whatever type.
func raw(todo *ical.Component, name string) string {
	if prop := todo.Props.Get(name); prop != nil {
		return strings.TrimSpace(prop.Value)
	}
	return ""
}

// calendarPriority: 1 is the highest, 9 the lowest, 0 none. RFC 5545, section 3.8.1.9.
func calendarPriority(text string) task.Priority {
	switch n, _ := strconv.Atoi(text); {
	case n == 1:
		return task.Urgent
	case n >= 2 && n <= 4:
		return task.High
	case n >= 6:
		return task.Low
	default:
		return task.Medium
	}
}

// dates reads when the to-do is due, how it recurs, and when it was done.
func (i *item) dates(todo *ical.Component, zone *time.Location) {
	due := todo.Props.Get(ical.PropDue)
	if due == nil { // a start, and how long it takes
		due = todo.Props.Get(ical.PropDateTimeStart)
		if due != nil && todo.Props.Get(ical.PropDuration) != nil {
			i.note("the start was taken for the due date")
		}
	}
	if due != nil {
		at, ok := i.moment(due, zone)
		switch {
		case !ok:
			i.note(fmt.Sprintf("the date %q could not be read", fault.Clip(due.Value)))
		case len(due.Value) == len("20060102"):
			i.in.DueDate = input.Some(at.Format(time.DateOnly))
		default:
			i.in.DueDate = input.Some(at.Format(time.RFC3339))
		}
		if named := zoneOf(due, zone); ok && named != zone {
			i.in.TimeZone = named.String()
		}
	}
	if rule := todo.Props.Get(ical.PropRecurrenceRule); rule != nil {
		i.in.RecurrenceRule = input.Some(rule.Value)
		if _, err := recurrence.Parse(rule.Value); err != nil {
			i.in.RecurrenceRule = input.Some("")
			i.note(fmt.Sprintf("the rule %q could not be taken over: %s", fault.Clip(rule.Value), fault.Clip(err.Error())))
		}
		if todo.Props.Get(ical.PropExceptionDates) != nil || todo.Props.Get(ical.PropRecurrenceDates) != nil {
			i.note("exceptions from the rule could not be taken over")
		}
	}
	if created := todo.Props.Get(ical.PropCreated); created != nil {
		if at, ok := i.moment(created, zone); ok {
			i.in.CreatedAt = &at
		}
	}
	status, _ := todo.Props.Text(ical.PropStatus)
	completed := todo.Props.Get(ical.PropCompleted)
	if completed == nil && !strings.EqualFold(status, "COMPLETED") && raw(todo, ical.PropPercentComplete) != "100" {
		return
	}
	at := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) // when is not known: now, as what lies ahead cannot be done
	if completed != nil {
		if read, ok := i.moment(completed, zone); ok {
			at = read
		}
	} else if modified := todo.Props.Get(ical.PropLastModified); modified != nil {
		if read, ok := i.moment(modified, zone); ok {
			at = read
		}
	}
	i.in.CompletedAt = &at
}

// moment reads a date or date-time; one without a zone is in the person's, one
// in a wall time that does not exist moves forward like any other.
func (i *item) moment(prop *ical.Prop, zone *time.Location) (time.Time, bool) {
	value := prop.Value
	if strings.HasSuffix(value, "Z") || len(value) == len("20060102") {
		at, err := prop.DateTime(time.UTC)
		return at, err == nil && at.Year() >= 1970
	}
	wall, err := time.Parse("20060102T150405", value)
	if err != nil || wall.Year() < 1970 {
		return wall, false
	}
	return recurrence.Resolve(wall, zoneOf(prop, zone)), true
}

// zoneOf is the zone that a value names, where that is one of the tz database.
func zoneOf(prop *ical.Prop, zone *time.Location) *time.Location {
	name := prop.Params.Get(ical.PropTimezoneID)
	if name == "" {
		return zone
	}
	named, err := person.LoadZone("TZID", strings.TrimPrefix(name, "/"))
	if err != nil {
		return zone
	}
	return named
}

// alarms reads when it reminds. RFC 5545, section 3.8.6.3.
func (i *item) alarms(todo *ical.Component, zone *time.Location) {
	for _, alarm := range todo.Children {
		trigger := alarm.Props.Get(ical.PropTrigger)
		if alarm.Name != ical.CompAlarm || trigger == nil {
			continue
		}
		if trigger.ValueType() == ical.ValueDateTime {
			if at, ok := i.moment(trigger, zone); ok {
				i.in.AbsoluteReminder = &at
			}
			continue
		}
		before, err := trigger.Duration()
		minutes := int(-before / time.Minute)
		if err != nil || minutes < 0 || minutes > person.MaxReminderOffset || len(i.in.ReminderOffsets.Value) == person.MaxReminderOffsets {
			i.note(fmt.Sprintf("the alarm %q could not be taken over", fault.Clip(trigger.Value)))
			continue
		}
		if i.in.DueDate.Value != "" && !slices.Contains(i.in.ReminderOffsets.Value, minutes) {
			i.in.ReminderOffsets = input.Some(append(i.in.ReminderOffsets.Value, minutes))
		}
	}
}
