package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRuleIsSaidInWordsWithItsNextDates(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "Europe/Berlin")
	for _, c := range []struct {
		given, due, rule string
		words            string // somewhere in the sentence
		next             []string
		warning          string
	}{
		{"daily", "2031-03-29T09:00", "FREQ=DAILY", "day", []string{"2031-03-30T09:00:00+02:00", "2031-03-31T09:00:00+02:00", "2031-04-01T09:00:00+02:00"}, ""},
		{"weekdays", "2031-05-02T09:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "", []string{"2031-05-05T09:00:00+02:00", "2031-05-06T09:00:00+02:00", "2031-05-07T09:00:00+02:00"}, ""},
		{"weekly", "2031-05-02", "FREQ=WEEKLY", "week", []string{"2031-05-09", "2031-05-16", "2031-05-23"}, ""},
		{"monthly", "2031-05-02T09:00", "FREQ=MONTHLY", "month", []string{"2031-06-02T09:00:00+02:00", "2031-07-02T09:00:00+02:00", "2031-08-02T09:00:00+02:00"}, ""},
		{"yearly", "2031-05-02T09:00", "FREQ=YEARLY", "year", []string{"2032-05-02T09:00:00+02:00", "2033-05-02T09:00:00+02:00", "2034-05-02T09:00:00+02:00"}, ""},
		{"freq=weekly;byday=mo,th", "2031-05-05T09:00", "FREQ=WEEKLY;BYDAY=MO,TH", "Monday", []string{"2031-05-08T09:00:00+02:00", "2031-05-12T09:00:00+02:00", "2031-05-15T09:00:00+02:00"}, ""},
		{"FREQ=MONTHLY;BYDAY=-1FR", "2031-05-30T09:00", "FREQ=MONTHLY;BYDAY=-1FR", "last Friday", []string{"2031-06-27T09:00:00+02:00", "2031-07-25T09:00:00+02:00", "2031-08-29T09:00:00+02:00"}, ""},
		{"FREQ=MONTHLY", "2031-01-31T09:00", "FREQ=MONTHLY", "month", []string{"2031-03-31T09:00:00+02:00", "2031-05-31T09:00:00+02:00", "2031-07-31T09:00:00+02:00"}, "SKIP=BACKWARD"},
		{"RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD", "2031-01-31T09:00", "", "month", []string{"2031-02-28T09:00:00+01:00", "2031-03-31T09:00:00+02:00", "2031-04-30T09:00:00+02:00"}, ""},
		{"FREQ=DAILY;COUNT=3", "2031-05-02T09:00", "FREQ=DAILY;COUNT=3", "3 times", []string{"2031-05-03T09:00:00+02:00", "2031-05-04T09:00:00+02:00"}, ""},
		{"FREQ=YEARLY", "2032-02-29", "FREQ=YEARLY", "year", []string{"2036-02-29", "2040-02-29", "2044-02-29"}, "SKIP="},
	} {
		t.Run(c.given+" from "+c.due, func(t *testing.T) {
			added := p.call(t, "add_task", fields{"title": c.given, "due_date": c.due, "recurrence_rule": c.given})
			plain := p.call(t, "add_task", fields{"title": c.given, "due_date": c.due})
			updated := p.call(t, "update_task", fields{"task_id": plain.Task.ID, "recurrence_rule": c.given})
			require.Equal(t, added.Recurrence, updated.Recurrence, "update_task says the same")
			if c.rule != "" {
				require.Equal(t, c.rule, added.Task.RecurrenceRule)
			}
			require.Equal(t, c.next, added.Recurrence.Next)
			require.NotEmpty(t, added.Recurrence.Words)
			require.NotContains(t, added.Recurrence.Words, "FREQ=")
			require.Contains(t, strings.ToLower(added.Recurrence.Words), strings.ToLower(c.words))
			if c.warning == "" {
				require.Empty(t, added.Recurrence.Warnings)
			} else {
				require.Contains(t, strings.Join(added.Recurrence.Warnings, " "), c.warning)
			}
		})
	}
}

func TestRulesThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	task := p.add(t, fields{"title": "x", "due_date": "2031-05-05T09:00", "recurrence_rule": "daily"})
	for rule, says := range map[string]string{
		"FREQ=MINUTELY":                        "once an hour",
		"FREQ=SECONDLY":                        "once an hour",
		"FREQ=HOURLY;BYMINUTE=0,30":            "once an hour",
		"FREQ=DAILY;COUNT=3;UNTIL=20310601":    "COUNT",
		"FREQ=DAILY;COUNT=0":                   "COUNT",
		"FREQ=DAILY;INTERVAL=0":                "INTERVAL",
		"FREQ=DAILY;INTERVAL=-1":               "INTERVAL",
		"FREQ=DAILY;FREQ=WEEKLY":               "FREQ",
		"FREQ=FORTNIGHTLY":                     "FREQ",
		"INTERVAL=2":                           "FREQ",
		"FREQ=WEEKLY;BYDAY=1MO":                "BYDAY",
		"FREQ=DAILY;BYHOUR=24":                 "BYHOUR",
		"FREQ=MONTHLY;BYMONTHDAY=32":           "BYMONTHDAY",
		"FREQ=DAILY;BYWEEKNO=3":                "BYWEEKNO",
		"FREQ=DAILY;UNTIL=tomorrow":            "UNTIL",
		"FREQ=DAILY;BYEASTER=1":                "BYEASTER",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30":  "",
		"FREQ=DAILY;;":                         "",
		"FREQ=DAILY trailing":                  "",
		"every blue moon":                      "every 3 months",
		"FREQ=DAILY;BYSETPOS=1":                "BYSETPOS",
		"FREQ=DAILY;INTERVAL=9999999999999999": "INTERVAL",
	} {
		calls := map[string]fields{
			"update_task": {"task_id": task.ID, "recurrence_rule": rule},
			"add_task":    {"title": "x", "due_date": "2031-05-05T09:00", "recurrence_rule": rule},
		}
		for tool, arguments := range calls {
			refused := p.refused(t, tool, arguments)
			require.Equal(t, "INVALID_INPUT", refused.Code, rule)
			require.Equal(t, "recurrence_rule", refused.Field, rule)
			require.Contains(t, refused.Message, says, rule)
		}
	}
	require.Equal(t, task, p.get(t, task.ID))
	hourly := p.call(t, "add_task", fields{"title": "x", "due_date": "2031-05-05T09:00", "recurrence_rule": "FREQ=HOURLY"})
	require.Equal(t, "2031-05-05T10:00:00Z", hourly.Recurrence.Next[0])
}

func TestAllDaySeriesStaysAllDay(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "America/New_York")
	task := p.add(t, fields{"title": "bins", "due_date": "2031-03-07", "recurrence_rule": "FREQ=DAILY;INTERVAL=2"})
	require.True(t, task.AllDay)
	second := s.finish(t, p, task.ID)
	require.True(t, second.AllDay)
	require.Equal(t, "2031-03-09", second.DueDate, "the day on which clocks change")
	require.Equal(t, "2031-03-09T09:00:00-04:00", second.RemindAt)
	third := s.finish(t, p, second.ID)
	require.Equal(t, "2031-03-11", third.DueDate)
	skipped := p.call(t, "skip_occurrence", fields{"task_id": third.ID}).Task
	require.True(t, skipped.AllDay)
	require.Equal(t, "2031-03-13", skipped.DueDate)
}
