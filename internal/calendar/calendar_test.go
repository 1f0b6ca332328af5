package calendar

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/label"
	"tickler/internal/recurrence"
	"tickler/internal/task"
)

// That other programs read it, and come to the same dates, is tried in dev/calendar.

var now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func weekly(rule string, occurrence int) *task.Task {
	due := now.Add(24 * time.Hour)
	return &task.Task{
		ID: 7, Title: "Call", DueDate: &due, TimeZone: "UTC", Priority: task.Urgent, CreatedAt: now, UpdatedAt: now, Version: 1,
		Recurrence: &task.Recurrence{Rule: rule, Base: task.FromDue, SeriesID: uuid.New(), Start: due, StartOccurrence: occurrence, Occurrence: occurrence},
	}
}

// written is the feed of tasks that have their descriptions with them.
func written(tasks []*task.Task) ([]byte, error) {
	feed, err := NewFeed(tasks, Everything, "localhost", now)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = feed.Write(&text, func([]int64) (map[int64]string, error) {
		all := map[int64]string{}
		for _, t := range tasks {
			all[t.ID] = t.Description
		}
		return all, nil
	})
	return text.Bytes(), err
}

func TestRuleCountsFromTheDueDateOn(t *testing.T) {
	for _, c := range []struct {
		rule       string
		occurrence int
		want       string
	}{
		{"FREQ=WEEKLY", 5, "FREQ=WEEKLY"},
		{"FREQ=WEEKLY;COUNT=5", 2, "FREQ=WEEKLY;COUNT=4"},
		{"FREQ=WEEKLY;COUNT=5", 5, ""},
		{"FREQ=WEEKLY;UNTIL=20260401", 1, "FREQ=WEEKLY;UNTIL=20260401T235959Z"},
		{"FREQ=WEEKLY;UNTIL=20260401T080000", 1, "FREQ=WEEKLY;UNTIL=20260401T080000Z"},
	} {
		d, err := datesOf(weekly(c.rule, c.occurrence), now, recurrence.NewWork(maxWork))
		require.NoError(t, err)
		require.Equal(t, c.want, d.rule, c.rule)
		require.Empty(t, d.listed)
	}
	d, err := datesOf(weekly("FREQ=WEEKLY;BYDAY=MO;COUNT=3", 1), now, recurrence.NewWork(maxWork)) // due on a Tuesday
	require.NoError(t, err)
	require.Empty(t, d.rule)
	require.Len(t, d.listed, 3)
}

func TestDateThatAloneWasMovedOverridesThatOfTheRule(t *testing.T) {
	one := weekly("FREQ=WEEKLY", 1)
	meant := *one.DueDate
	moved := meant.Add(30 * time.Hour)
	snoozed := now.Add(time.Hour)
	one.Recurrence.Date, one.DueDate, one.SnoozedUntil = meant, &moved, &snoozed
	one.ReminderTimes = []time.Time{snoozed, moved.Add(-time.Hour)}
	text, err := written([]*task.Task{one})
	require.NoError(t, err)
	read, err := ical.NewDecoder(bytes.NewReader(text)).Decode()
	require.NoError(t, err)
	require.Len(t, read.Children, 4)
	for _, kind := range [][]*ical.Component{read.Children[:2], read.Children[2:]} {
		series, change := kind[0], kind[1]
		require.Equal(t, "FREQ=WEEKLY", series.Props.Get(ical.PropRecurrenceRule).Value)
		require.Equal(t, "20260303T080000Z", series.Props.Get(ical.PropDateTimeStart).Value)
		require.Nil(t, series.Props.Get(ical.PropRecurrenceID))
		require.Equal(t, series.Props.Get(ical.PropUID).Value, change.Props.Get(ical.PropUID).Value)
		require.Equal(t, "20260303T080000Z", change.Props.Get(ical.PropRecurrenceID).Value)
		require.Equal(t, "20260304T140000Z", change.Props.Get(ical.PropDateTimeStart).Value)
		require.Nil(t, change.Props.Get(ical.PropRecurrenceRule))
		require.Len(t, series.Children, 1, "what was snoozed reminds once")
		require.Equal(t, "-PT60M", series.Children[0].Props.Get(ical.PropTrigger).Value)
		require.Len(t, change.Children, 2)
	}
}

func TestDatesThatWerePassedOverAreExceptions(t *testing.T) {
	for _, c := range []struct {
		rule     string
		late     int // days
		want     string
		excluded int
	}{
		{"FREQ=DAILY", 3, "FREQ=DAILY", 4},
		{"FREQ=DAILY;COUNT=5", 3, "FREQ=DAILY;COUNT=9", 4}, // the dates left by the count all come
		{"FREQ=DAILY;COUNT=2", 40, "FREQ=DAILY;COUNT=43", 41},
		{"FREQ=DAILY", 400, "", 0},
	} {
		one := weekly(c.rule, 1)
		due := now.AddDate(0, 0, -c.late-1)
		one.DueDate, one.Recurrence.Start = &due, due
		d, err := datesOf(one, now, recurrence.NewWork(maxWork))
		require.NoError(t, err)
		require.Equal(t, c.want, d.rule, c.rule)
		require.Len(t, d.excluded, c.excluded)
		require.Equal(t, c.want == "", len(d.listed) > 0)
	}
}

func TestRemindersAreAlarms(t *testing.T) {
	one := weekly("FREQ=WEEKLY", 1)
	snoozed := now.Add(time.Hour)
	one.SnoozedUntil = &snoozed
	one.ReminderTimes = []time.Time{snoozed, one.DueDate.Add(-90 * time.Minute)}
	triggers := func() (all []string) {
		for _, alarm := range alarms(one) {
			all = append(all, alarm.Props.Get(ical.PropTrigger).Value)
		}
		return all
	}
	require.Equal(t, []string{"20260302T090000Z", "-PT90M"}, triggers())
	end := time.Date(2026, 3, 4, 22, 59, 59, 0, time.UTC)
	one.DueDate, one.AllDay, one.TimeZone, one.SnoozedUntil = &end, true, "Europe/Berlin", nil
	one.ReminderTimes = []time.Time{time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)}
	require.Equal(t, []string{"PT540M"}, triggers(), "09:00 of that day")
}

func TestWhatTheTextSaysCannotBreakTheFile(t *testing.T) {
	one := weekly("FREQ=WEEKLY", 1)
	one.Title = "x\r\nEND:VCALENDAR\x00\x1b"
	one.Description = strings.Repeat("🌱", 2500)
	one.Tags = []label.Tag{{Name: "a;b,c"}}
	text, err := written([]*task.Task{one})
	require.NoError(t, err)
	require.Contains(t, string(text), `SUMMARY:x\nEND:VCALENDAR`+"\r\n")
	require.Equal(t, 1, bytes.Count(text, []byte("\r\nEND:VCALENDAR\r\n")))
	require.Contains(t, string(text), `CATEGORIES:a\;b\,c`)
	again, err := written([]*task.Task{one})
	require.NoError(t, err)
	require.Equal(t, text, again)
	read, err := ical.NewDecoder(bytes.NewReader(text)).Decode()
	require.NoError(t, err)
	require.Len(t, read.Children, 2)
	empty, err := written(nil)
	require.NoError(t, err)
	_, err = ical.NewDecoder(bytes.NewReader(empty)).Decode()
	require.NoError(t, err, "a calendar without tasks is one too")
}
