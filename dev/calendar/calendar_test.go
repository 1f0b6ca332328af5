// Package calendar reads what Tickler's calendar feeds say with programs that
// know nothing of Tickler.
package calendar

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/calendar"
	"tickler/internal/task"
)

// checker names the folder in which ical.js is installed; see make test-calendar.
const checker = "TICKLER_TEST_CALENDAR"

var now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// samples are tasks that are hard on calendars: dates in summer and winter time,
// rules that do not start at the due date, that have begun to count, that
// calendars do not know. None is in the hour that clocks skip or show twice, of
// which ical.js takes other readings than RFC 5545 (3.3.5).
func samples(t *testing.T) []*task.Task {
	t.Helper()
	var all []*task.Task
	add := func(title, due, zone, rule string, change func(*task.Task)) {
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		d, err := task.ParseDue("due_date", due, location)
		require.NoError(t, err)
		one := &task.Task{
			ID: int64(len(all) + 1), Title: title, Priority: task.High, DueDate: &d.Time, AllDay: d.AllDay, TimeZone: zone,
			CreatedAt: now, UpdatedAt: now, Version: 1,
		}
		if rule != "" {
			at := d.Time.In(location)
			one.Recurrence = &task.Recurrence{
				Rule: rule, Base: task.FromDue, SeriesID: uuid.New(), StartOccurrence: 1, Occurrence: 1,
				Start: time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC),
			}
		}
		if change != nil {
			change(one)
		}
		all = append(all, one)
	}
	const berlin = "Europe/Berlin"
	add("Once, in winter", "2026-03-03T09:00", berlin, "", func(one *task.Task) { one.ReminderTimes = []time.Time{one.DueDate.Add(-time.Hour)} })
	add("A day; with, commas\\ and\nlines, 🌱 "+strings.Repeat("ü", 90), "2026-03-04", berlin, "", nil)
	add("Daily over the spring night", "2026-03-27T03:30", berlin, "FREQ=DAILY", nil)
	add("Weekly over the autumn night", "2026-10-18T03:30", berlin, "FREQ=WEEKLY", nil)
	add("New York", "2026-03-06T23:30", "America/New_York", "FREQ=DAILY;COUNT=10", nil)
	add("Lord Howe", "2026-04-01T09:00", "Australia/Lord_Howe", "FREQ=WEEKLY;COUNT=30", nil)
	add("The third of five", "2026-03-16T09:00", berlin, "FREQ=WEEKLY;COUNT=5", func(one *task.Task) {
		one.Recurrence.Start = one.Recurrence.Start.AddDate(0, 0, -14)
		one.Recurrence.Occurrence = 3
	})
	add("Moved off its series", "2026-03-17T09:00", berlin, "FREQ=WEEKLY;BYDAY=MO;COUNT=6", nil)
	add("Every other week, the second", "2026-03-16T09:00", berlin, "FREQ=WEEKLY;INTERVAL=2", func(one *task.Task) {
		one.Recurrence.Start = one.Recurrence.Start.AddDate(0, 0, -14)
		one.Recurrence.Occurrence = 2
	})
	add("Every other week, while off", "2026-03-10T09:00", berlin, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR", func(one *task.Task) {
		one.Recurrence.Start = one.Recurrence.Start.AddDate(0, 0, -4)
		one.Recurrence.Occurrence = 2
	})
	add("The last of each month", "2026-03-31", berlin, "FREQ=MONTHLY;BYMONTHDAY=-1", nil)
	add("The 31st, or the last", "2026-01-31T10:00", berlin, "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD", nil)
	add("Until a day", "2026-03-20T23:30", berlin, "FREQ=DAILY;UNTIL=20260402", nil)
	add("Days until a day", "2026-03-20", berlin, "FREQ=DAILY;UNTIL=20260402", nil)
	add("Last workday", "2026-03-31T17:00", berlin, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", nil)
	add("UTC", "2026-03-31T17:00", "UTC", "FREQ=YEARLY", nil)
	add("Done", "2026-03-01T17:00", berlin, "FREQ=DAILY", func(one *task.Task) { one.CompletedAt = &now })
	add("Moved by a day and a half, that one only", "2026-03-17T21:00", berlin, "FREQ=WEEKLY;COUNT=6", func(one *task.Task) {
		one.Recurrence.Start = time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)
		one.Recurrence.Date = one.Recurrence.Start
	})
	add("Moved over the next dates", "2026-03-20", berlin, "FREQ=DAILY;COUNT=9", func(one *task.Task) {
		one.Recurrence.Start = time.Date(2026, 3, 16, 23, 59, 59, 0, time.UTC)
		one.Recurrence.Date = one.Recurrence.Start
	})
	add("Moved ahead", "2026-03-13T18:00", berlin, "FREQ=WEEKLY;BYDAY=MO,TH", func(one *task.Task) {
		one.Recurrence.Start = time.Date(2026, 3, 16, 9, 0, 0, 0, time.UTC)
		one.Recurrence.Date = one.Recurrence.Start
	})
	add("Late", "2026-02-20T09:00", berlin, "FREQ=DAILY", nil)
	add("From completion", "2026-03-31T17:00", berlin, "FREQ=DAILY;INTERVAL=3", func(one *task.Task) { one.Recurrence.Base = task.FromCompletion })
	return all
}

func encode(t *testing.T, tasks []*task.Task) []byte {
	t.Helper()
	feed, err := calendar.NewFeed(tasks, calendar.Everything, "tickler.example.com", now)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, feed.Write(&text, func([]int64) (map[int64]string, error) {
		all := map[int64]string{}
		for _, one := range tasks {
			all[one.ID] = one.Description
		}
		return all, nil
	}))
	return text.Bytes()
}

func TestFeedIsReadByAnotherParser(t *testing.T) {
	tasks := samples(t)
	text := encode(t, tasks)
	for line := range bytes.Lines(text) {
		require.LessOrEqual(t, len(line), 77, "%s", line)
		require.True(t, bytes.HasSuffix(line, []byte("\r\n")))
	}
	read, err := ics.ParseCalendar(bytes.NewReader(text))
	require.NoError(t, err)
	seen := map[string]int{}
	for _, event := range read.Events() {
		seen[event.Id()]++
	}
	require.Len(t, seen, len(tasks)-1, "what is done is no event any more")
	const recurrenceID = ics.ComponentProperty(ics.PropertyRecurrenceId)
	i := 0
	for _, todo := range read.Todos() {
		if todo.GetProperty(recurrenceID) == nil {
			i++
			require.Zero(t, seen[todo.Id()], "an event has another UID than its to-do")
		}
		require.Equal(t, tasks[i-1].Title, todo.GetProperty(ics.ComponentPropertySummary).Value)
		seen[todo.Id()]++
		require.Equal(t, todo.GetProperty(recurrenceID) != nil, seen[todo.Id()] == 2, "a moved date comes after its series, under the same UID")
	}
	require.Equal(t, len(tasks), i)
	require.Len(t, read.Todos()[0].Alarms(), 1)
	require.Equal(t, "-PT60M", read.Todos()[0].Alarms()[0].GetProperty(ics.ComponentPropertyTrigger).Value)
}

// ical.js takes the zones from the file: what it makes of the entries must be the
// very dates that Tickler will make.
func TestDatesAreThoseThatAnotherProgramWorksOut(t *testing.T) {
	folder := os.Getenv(checker)
	if folder == "" {
		t.Skip("ical.js is not installed: make test-calendar")
	}
	tasks := samples(t)
	file := filepath.Join(t.TempDir(), "feed.ics")
	require.NoError(t, os.WriteFile(file, encode(t, tasks), 0o600))
	run := exec.CommandContext(t.Context(), "node", filepath.Join(folder, "check.mjs"), file, "20")
	run.Stderr = os.Stderr
	output, err := run.Output()
	require.NoError(t, err)
	var entries map[string]struct {
		Summary, Due  string
		Dates, Alarms []string
	}
	require.NoError(t, json.Unmarshal(output, &entries))
	written := func(one *task.Task, at time.Time) string {
		if one.AllDay {
			return at.In(one.Zone()).Format(time.DateOnly)
		}
		return at.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	for _, one := range tasks {
		for _, kind := range []string{"todo", "event"} {
			entry, found := entries["task-"+itoa(one.ID)+"-"+kind+"@tickler.example.com"]
			if kind == "event" && one.Completed() {
				require.False(t, found)
				continue
			}
			require.True(t, found, "%s %s", one.Title, kind)
			require.Equal(t, one.Title, entry.Summary)
			require.Equal(t, written(one, *one.DueDate), entry.Due, one.Title)
			if one.Completed() {
				continue
			}
			want := []string{written(one, *one.DueDate)}
			following, err := one.NextDates(now, 19)
			require.NoError(t, err)
			for _, at := range following {
				want = append(want, written(one, at))
			}
			require.Equal(t, want, entry.Dates, "%s %s", one.Title, kind)
		}
	}
}

func itoa(n int64) string { text, _ := json.Marshal(n); return string(text) }
