package recurrence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/recurrence"
)

// seedRules reach every part of the parser and engine.
var seedRules = []string{
	"daily", "weekdays", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU;COUNT=10",
	"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYMONTHDAY=1,31;SKIP=FORWARD;COUNT=2147483647",
	"RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;SKIP=BACKWARD;UNTIL=20991231T235960Z",
	"FREQ=YEARLY;BYWEEKNO=53,-1;BYDAY=TU,SA;INTERVAL=6", "FREQ=YEARLY;BYYEARDAY=366,-366;BYDAY=-1MO",
	"FREQ=HOURLY;INTERVAL=24;BYHOUR=5", "FREQ=MINUTELY;INTERVAL=60;BYMINUTE=7", "FREQ=SECONDLY;INTERVAL=60;BYSECOND=7",
	"FREQ=SECONDLY;INTERVAL=86399;BYHOUR=5;BYMINUTE=0;BYSECOND=60;COUNT=99999", "FREQ=DAILY;INTERVAL=2147483647",
	"FREQ=HOURLY;BYDAY=MO;BYMINUTE=0,30;BYSETPOS=-1;UNTIL=20300101", "FREQ=DAILY;UNTIL=20260101T090000",
	"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYDAY=6MO", "FREQ=WEEKLY;INTERVAL=53;BYMONTH=2",
}

// FuzzParse: any text parses to a rule or an *Error, and a rule's own text means the
// same.
func FuzzParse(f *testing.F) {
	for _, text := range seedRules {
		f.Add(text)
	}
	f.Add("FREQ=DAILY;COUNT=0;;UNTIL=x\x00")
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := recurrence.Parse(text)
		if err != nil {
			var wrong *recurrence.Error
			require.ErrorAs(t, err, &wrong)
			require.NotEmpty(t, wrong.Part)
			require.NotEmpty(t, wrong.Message)
			return
		}
		again, err := recurrence.Parse(rule.String())
		require.NoError(t, err)
		require.Equal(t, rule, again)
		require.NotEmpty(t, rule.Words(time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)))
	})
}

// FuzzSeries: whatever the rule, start, zone and moment, answers are returned, are
// in order, and agree with each other.
func FuzzSeries(f *testing.F) {
	for i, text := range seedRules {
		f.Add(text, int64(1_740_000_000+i*7_654_321), int64(1_900_000_000), uint8(i))
	}
	f.Add("FREQ=HOURLY;COUNT=50", int64(-62_135_596_800), int64(253_402_300_799), uint8(5))
	all := zones(f)
	f.Fuzz(func(t *testing.T, text string, start, after int64, zone uint8) {
		rule, err := recurrence.Parse(text)
		if err != nil {
			return
		}
		s := recurrence.Series{
			Rule: rule, Start: time.Unix(start, 0).UTC(), Zone: all[int(zone)%len(all)],
			AllDay: zone >= 128, StartIndex: int(zone % 3),
		}
		list := s.First(5)
		if s.Check() != nil {
			require.Empty(t, list)
			return
		}
		s.Warnings()
		require.NotEmpty(t, s.Words())
		moment := time.Unix(after, 0)
		later := s.After(moment, 3)
		for i, o := range later {
			require.True(t, o.Time.After(moment))
			require.True(t, i == 0 || o.Time.After(later[i-1].Time))
		}
		if len(list) == 0 {
			return
		}
		for i := range list[1:] {
			require.True(t, list[i+1].Time.After(list[i].Time))
			next, ok := s.Next(list[i], list[i].Time)
			require.True(t, ok)
			require.Equal(t, list[i+1], next)
		}
		next, ok := s.Next(list[0], moment)
		if ok && len(later) > 0 && moment.After(list[0].Time) {
			require.Equal(t, later[0].Time, next.Time)
			require.Equal(t, list[0].Index+1, next.Index)
			require.GreaterOrEqual(t, s.Between(list[0].Time, next.Time), 0)
		}
		s.Derived = true
		_, _ = s.Next(list[0], moment)
		s.Warnings()
		require.NotEmpty(t, s.Words())
	})
}
