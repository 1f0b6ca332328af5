package recurrence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/recurrence"
)

// BenchmarkNext finds the next occurrence of series that began a day and a hundred
// years ago: the age must not matter.
func BenchmarkNext(b *testing.B) {
	now := time.Date(2026, 6, 15, 12, 34, 56, 0, time.UTC)
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(b, err)
	rules := []struct{ name, text string }{
		{"minutely", "FREQ=MINUTELY"},
		{"every 7 minutes in office hours", "FREQ=MINUTELY;INTERVAL=7;BYHOUR=9,10,11,12,13,14,15,16;BYDAY=MO,TU,WE,TH,FR"},
		{"daily", "FREQ=DAILY"},
		{"every third day", "FREQ=DAILY;INTERVAL=3"},
		{"every second week", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"},
		{"last workday of the month", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
		{"yearly", "FREQ=YEARLY"},
		{"leap day on a Sunday", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU"},
		{"week 53", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO"},
	}
	ages := []struct {
		name  string
		start time.Time
	}{
		{"a day old", now.AddDate(0, 0, -1)},
		{"a hundred years old", now.AddDate(-100, 0, -1)},
	}
	for _, r := range rules {
		rule, err := recurrence.Parse(r.text)
		require.NoError(b, err)
		for _, age := range ages {
			s := recurrence.Series{Rule: rule, Start: age.start, Zone: zone}
			from := recurrence.Occurrence{Time: recurrence.Resolve(age.start, zone), Wall: age.start, Index: 1}
			b.Run(r.name+"/"+age.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, ok := s.Next(from, now); !ok {
						b.Fatal("the series has ended")
					}
				}
			})
		}
	}
}

// BenchmarkHostile evaluates rules written to be expensive.
func BenchmarkHostile(b *testing.B) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	late := time.Date(9990, 1, 1, 0, 0, 0, 0, time.UTC)
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(b, err)
	for _, text := range []string{
		"FREQ=SECONDLY;INTERVAL=60;BYSECOND=7",
		"FREQ=MINUTELY;INTERVAL=672;BYDAY=TU,WE,TH,FR,SA,SU;BYHOUR=1;BYMINUTE=1",
		"FREQ=SECONDLY;INTERVAL=86399;BYHOUR=5;BYMINUTE=0;BYSECOND=0",
		"FREQ=MONTHLY;BYDAY=6MO",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=HOURLY;BYYEARDAY=366;BYMONTHDAY=1",
		"FREQ=WEEKLY;INTERVAL=2147483647;BYDAY=MO;BYMONTH=2",
		"FREQ=DAILY;INTERVAL=7;BYDAY=FR",
		"FREQ=DAILY;INTERVAL=2;BYDAY=MO;COUNT=2147483647",
		"FREQ=DAILY;BYDAY=MO,TU;COUNT=2147483647",
		"FREQ=HOURLY;INTERVAL=25;BYMONTH=2;BYMONTHDAY=-1;COUNT=2147483647",
		"FREQ=SECONDLY;INTERVAL=86399;BYDAY=MO;COUNT=2147483647",
		"FREQ=HOURLY;BYDAY=MO;COUNT=2147483647",
		"FREQ=HOURLY;BYMONTHDAY=1,3,5,7,9,11,13;COUNT=2147483647",
		"FREQ=SECONDLY;BYMINUTE=0,30;COUNT=2147483647",
		"FREQ=MONTHLY;BYMONTHDAY=1,15,31;SKIP=FORWARD;COUNT=2147483647;BYHOUR=1,2,3",
		"FREQ=WEEKLY;BYMONTH=3,4;COUNT=2147483647",
		"FREQ=YEARLY;BYDAY=MO;BYSETPOS=1,-1;BYHOUR=1,2,3;COUNT=2147483647",
	} {
		rule, err := recurrence.Parse(text)
		require.NoError(b, err)
		s := recurrence.Series{Rule: rule, Start: start, Zone: zone}
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				s.After(late, 1)
			}
		})
	}
}
