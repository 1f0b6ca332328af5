package calendar

import (
	"strconv"
	"strings"

	"github.com/emersion/go-ical"

	"tickler/internal/task"
)

// own adds what iCalendar has no place for, in properties of our own that other
// programs pass over, so that a feed can be imported again: the category apart from the
// tags, the estimate, how often a task nags, that it is meant in UTC, that it reminds at
// no time, and its place in its series with the rule as it is. internal/transfer reads
// them.
func own(c *ical.Component, t *task.Task) {
	if t.Category != nil {
		setText(c, "X-TICKLER-CATEGORY", t.Category.Name)
	}
	if t.EstimateMinutes != nil {
		set(c, "X-TICKLER-ESTIMATE", strconv.Itoa(*t.EstimateMinutes))
	}
	if t.NagMinutes != 0 {
		set(c, "X-TICKLER-NAG", strconv.Itoa(t.NagMinutes))
	}
	if !t.AllDay && zoneID(t) == "" { // times in UTC have no zone in iCalendar
		set(c, "X-TICKLER-ZONE", "UTC")
	}
	if len(t.ReminderTimes) == 0 {
		set(c, "X-TICKLER-ALARMS", "NONE")
	}
	r := t.Recurrence
	if r == nil {
		return
	}
	params := set(c, "X-TICKLER-SERIES", r.Rule).Params
	params.Set("BASE", strings.ToUpper(string(r.Base)))
	params.Set("ID", r.SeriesID.String())
	params.Set("START", r.Start.Format(wallForm))
	params.Set("START-OCCURRENCE", strconv.Itoa(r.StartOccurrence))
	params.Set("OCCURRENCE", strconv.Itoa(r.Occurrence))
	if r.Missed != "" {
		params.Set("MISSED", strings.ToUpper(string(r.Missed)))
	}
	if !r.Date.IsZero() {
		params.Set("DATE", r.Date.Format(wallForm))
	}
}

// ownReminder says of an alarm at a moment what the moment is: a reminder that was set,
// or the end of a snooze. For other programs it is both.
func ownReminder(alarm *ical.Component, kind string) { set(alarm, "X-TICKLER-REMINDER", kind) }
