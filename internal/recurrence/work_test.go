package recurrence

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// heavy are rules that take long to evaluate, whether or not they have dates.
var heavy = map[string]string{
	"a day that never comes": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
	"by the second":          "FREQ=SECONDLY;INTERVAL=86399;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYHOUR=3;BYMINUTE=3;BYSECOND=3",
	"by the minute":          "FREQ=MINUTELY;INTERVAL=1439;BYMONTH=2;BYMONTHDAY=30",
	"by the day":             "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
	"days of the year":       "FREQ=YEARLY;BYYEARDAY=366;BYDAY=MO;BYMONTH=1",
	"weeks":                  "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;BYSETPOS=7",
	"months":                 "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11",
	"weeks of the year":      "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO,TU,WE,TH,FR,SA,SU",
	"sets":                   "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=" + numbers(0, 23) + ";BYMINUTE=" + numbers(0, 59) + ";BYSETPOS=366;BYMONTH=2",
	"counted":                "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=" + numbers(0, 23) + ";COUNT=100000",
	"skipped":                "RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYDAY=MO;SKIP=BACKWARD",
}

func numbers(from, to int) string {
	var all []string
	for n := from; n <= to; n++ {
		all = append(all, fmt.Sprint(n))
	}
	return strings.Join(all, ",")
}

func heavySeries(t testing.TB, text string, work *Work) Series {
	t.Helper()
	rule, err := Parse(text)
	require.NoError(t, err, text)
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return Series{Rule: rule, Start: time.Date(2026, 3, 3, 9, 0, 1, 0, time.UTC), Zone: zone, Work: work}
}

func TestSearchEndsWhenItsWorkIsExhausted(t *testing.T) {
	t.Parallel()
	for what, text := range heavy {
		all := NewWork(math.MaxInt64)
		want := heavySeries(t, text, all).Check()
		cost := math.MaxInt64 - all.left
		require.Positive(t, cost, what)

		enough := NewWork(cost)
		require.Equal(t, want, heavySeries(t, text, enough).Check(), what)
		require.False(t, enough.Exhausted(), what)

		few := NewWork(cost - 1)
		_ = heavySeries(t, text, few).Check()
		require.True(t, few.Exhausted(), what)
		require.Less(t, -few.left, int64(200_000), "%s: it went on", what)
	}
	few := NewWork(100)
	require.Less(t, len(heavySeries(t, "FREQ=DAILY", few).First(1000)), 200)
	require.True(t, few.Exhausted())
}

// BenchmarkHeavyRules measures how long a million steps of work take.
func BenchmarkHeavyRules(b *testing.B) {
	for what, text := range heavy {
		b.Run(strings.ReplaceAll(what, " ", "-"), func(b *testing.B) {
			work := NewWork(math.MaxInt64)
			s := heavySeries(b, text, work)
			for b.Loop() {
				_ = s.Check()
				_ = s.After(s.Start.AddDate(20, 0, 0), 3)
			}
			steps := float64(math.MaxInt64 - work.left)
			b.ReportMetric(steps/float64(b.N), "steps/op")
			b.ReportMetric(float64(b.Elapsed().Milliseconds())*1e6/steps, "ms/Msteps")
		})
	}
}
