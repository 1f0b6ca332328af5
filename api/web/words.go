package web

import (
	"fmt"
	"strings"
	"time"

	"tickler/internal/recurrence"
)

// clock writes dates as a person in a zone reads them.
type clock struct {
	now  time.Time
	zone *time.Location
}

// date is a due date as operations answer it: a day, or a moment with its offset.
type date struct {
	at     time.Time // in the person's zone; of a day its beginning
	allDay bool
}

func (c clock) read(text string) (date, bool) {
	if day, err := time.ParseInLocation(time.DateOnly, text, c.zone); err == nil {
		return date{day, true}, true
	}
	if at, err := time.ParseInLocation("2006-01-02T15:04", text, c.zone); err == nil { // as phrases have it
		return date{at, false}, true
	}
	at, err := time.Parse(time.RFC3339, text)
	return date{at.In(c.zone), false}, err == nil
}

// days returns how many days after today a moment is.
func (c clock) days(at time.Time) int {
	return int(dayNumber(at.In(c.zone)) - dayNumber(c.now.In(c.zone)))
}

// dayNumber counts days without regard to how long they are.
func dayNumber(at time.Time) int64 {
	y, m, d := at.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// day names a day: today, tomorrow, Tue 8 Dec.
func (c clock) day(at time.Time) string {
	switch c.days(at) {
	case 0:
		return "today"
	case 1:
		return "tomorrow"
	case -1:
		return "yesterday"
	}
	if at.Year() != c.now.In(c.zone).Year() {
		return at.Format("Mon 2 Jan 2006")
	}
	return at.Format("Mon 2 Jan")
}

// full writes a date whole: tomorrow 09:00, Tue 8 Dec.
func (c clock) full(text string) string {
	d, ok := c.read(text)
	switch {
	case !ok:
		return text
	case d.allDay:
		return c.day(d.at)
	}
	return c.day(d.at) + " " + d.at.Format("15:04")
}

// short leaves out what the heading above says: of today's tasks the day.
func (c clock) short(text string) string {
	d, ok := c.read(text)
	switch {
	case !ok:
		return ""
	case c.days(d.at) != 0:
		return c.full(text)
	case d.allDay:
		return "any time"
	}
	return d.at.Format("15:04")
}

// duration writes minutes: 30 min, 1 h, 1 h 30 min, 2 days.
func duration(minutes int) string {
	var parts []string
	if days := minutes / 1440; days > 0 {
		parts = append(parts, plural(days, "day"))
	}
	if hours := minutes % 1440 / 60; hours > 0 {
		parts = append(parts, fmt.Sprintf("%d h", hours))
	}
	if rest := minutes % 60; rest > 0 {
		parts = append(parts, fmt.Sprintf("%d min", rest))
	}
	return strings.Join(parts, " ")
}

// plural counts things: 1 day, 2 days.
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// repeats says in words how a task recurs, from its rule and due date.
func (c clock) repeats(rule, due string) string {
	if rule == "" {
		return ""
	}
	parsed, err := recurrence.Parse(rule)
	if err != nil {
		return rule
	}
	series := recurrence.Series{Rule: parsed, Start: c.now.In(c.zone), AllDay: !parsed.NamesHour(), Derived: true}
	if d, ok := c.read(due); ok {
		series.Start, series.AllDay, series.Derived = d.at, d.allDay, false
	}
	return series.Words()
}
