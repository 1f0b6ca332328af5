package recurrence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/recurrence"
)

func parse(t testing.TB, text string) *recurrence.Rule {
	t.Helper()
	rule, err := recurrence.Parse(text)
	require.NoError(t, err, text)
	return rule
}

func TestWordsSayTheRule(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC) // a Saturday
	for text, want := range map[string]string{
		"daily":    "every day at 09:00",
		"weekdays": "every weekday at 09:00",
		"weekly":   "every week on Saturday at 09:00",
		"monthly":  "every month on the 31st at 09:00",
		"yearly":   "every year on 31 January at 09:00",
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=FR,MO;COUNT=10":     "every 2 weeks on Monday and Friday at 09:00, 10 times",
		"FREQ=WEEKLY;INTERVAL=2;WKST=SU":                  "every 2 weeks on Saturday at 09:00",
		"FREQ=MONTHLY;BYMONTHDAY=1,-1":                    "every month on the 1st and last day at 09:00",
		"FREQ=MONTHLY;BYDAY=1MO,-2FR":                     "every month on the 2nd to last Friday and the 1st Monday at 09:00",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1":   "every month on weekdays at 09:00, only the last of each month",
		"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13":             "every month on every Friday, if on the 13th at 09:00",
		"FREQ=MONTHLY;SKIP=BACKWARD":                      "every month on the 31st at 09:00, or the day before where that day does not exist",
		"FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU":                "every year on the last Sunday in March at 09:00",
		"FREQ=YEARLY;BYWEEKNO=20":                         "every year in week 20 on Saturday at 09:00",
		"FREQ=YEARLY;BYYEARDAY=100":                       "every year on the 100th day of the year at 09:00",
		"FREQ=YEARLY;BYMONTHDAY=15":                       "every year on the 15th of January at 09:00",
		"FREQ=DAILY;BYHOUR=9,17;UNTIL=20261231":           "every day at 09:00 and 17:00, until 31 December 2026",
		"FREQ=DAILY;BYMONTH=1;UNTIL=20261231T120000Z":     "every day in January at 09:00, until 31 December 2026 12:00 UTC",
		"FREQ=DAILY;BYHOUR=8,9,10,11,12,13,14;BYMINUTE=0": "every day at minute 0 of hour 8, 9, 10, 11, 12, 13 and 14",
		"FREQ=HOURLY;INTERVAL=3;COUNT=1":                  "every 3 hours at minute 0, once",
		"FREQ=MINUTELY;INTERVAL=90":                       "every 90 minutes",
	} {
		require.Equal(t, want, parse(t, text).Words(start), text)
	}
	allDay := recurrence.Series{Rule: parse(t, "weekly"), Start: start, AllDay: true}
	require.Equal(t, "every week on Saturday", allDay.Words())
}

func TestWarningsNameWhatSurprises(t *testing.T) {
	t.Parallel()
	at := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 9, 0, 0, 0, time.UTC)
	}
	for _, c := range []struct {
		rule  string
		start time.Time
		want  string // part of the only warning; none if empty
	}{
		{"FREQ=MONTHLY", at(2026, 1, 31), "Months without a 31st day are left out. SKIP=BACKWARD"},
		{"FREQ=MONTHLY", at(2026, 1, 29), "Months without a 29th day"},
		{"FREQ=MONTHLY", at(2026, 1, 28), ""},
		{"FREQ=MONTHLY;SKIP=BACKWARD", at(2026, 1, 31), ""},
		{"FREQ=MONTHLY;BYMONTHDAY=-1", at(2026, 1, 31), ""},
		{"FREQ=MONTHLY;BYMONTH=1,3;BYMONTHDAY=31", at(2026, 1, 31), ""},
		{"FREQ=YEARLY", at(2028, 2, 29), "29 February exists only in leap years"},
		{"FREQ=YEARLY", at(2027, 3, 31), ""},
		{"FREQ=WEEKLY;BYDAY=MO", at(2026, 6, 17), "The start, Wednesday 17 June 2026 09:00, is itself no date of the rule; the first one is Monday 22 June 2026 09:00."},
		{"FREQ=MONTHLY;BYDAY=5MO", at(2026, 6, 29), "Months without a fifth Monday are left out. BYDAY=-1MO"},
		{"FREQ=YEARLY;BYWEEKNO=53", at(2026, 12, 28), "week 53"},
		{"FREQ=YEARLY;BYYEARDAY=366", at(2028, 12, 31), "366th day"},
		{"FREQ=YEARLY;BYMONTHDAY=15", at(2026, 6, 15), "takes its month, June, from the start"},
		{"weekdays", at(2026, 6, 15), ""},
	} {
		got := recurrence.Series{Rule: parse(t, c.rule), Start: c.start}.Warnings()
		if c.want == "" {
			require.Empty(t, got, c.rule)
			continue
		}
		require.Len(t, got, 1, c.rule)
		require.Contains(t, got[0], c.want, c.rule)
	}
}
