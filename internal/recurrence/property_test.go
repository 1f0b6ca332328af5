package recurrence_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/teambition/rrule-go"

	"tickler/internal/recurrence"
)

// randomRule writes a valid rule, with many parts left out.
func randomRule(r *rand.Rand) string {
	freqs := []string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}
	f := r.IntN(len(freqs))
	parts := []string{"FREQ=" + freqs[f]}
	add := func(odds int, name string, value func() string) bool {
		if r.IntN(odds) > 0 {
			return false
		}
		var values []string
		for range 1 + r.IntN(4) {
			values = append(values, value())
		}
		parts = append(parts, name+"="+strings.Join(values, ","))
		return true
	}
	number := func(low, high int) func() string {
		return func() string { return fmt.Sprint(low + r.IntN(high-low+1)) }
	}
	signed := func(high int) func() string {
		return func() string { return fmt.Sprint((1 + r.IntN(high)) * (1 - 2*r.IntN(2))) }
	}
	if r.IntN(2) == 0 {
		parts = append(parts, fmt.Sprintf("INTERVAL=%d", 1+r.IntN(12)))
	}
	any := add(4, "BYMONTH", number(1, 12))
	weekno := false
	if f == 0 {
		weekno = add(5, "BYWEEKNO", signed(53))
	}
	if f == 0 || f > 3 {
		any = add(6, "BYYEARDAY", signed(366)) || any
	}
	if f != 2 {
		any = add(4, "BYMONTHDAY", signed(31)) || any
	}
	any = add(3, "BYDAY", func() string {
		day := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}[r.IntN(7)]
		if f > 1 || weekno || r.IntN(2) == 0 {
			return day
		}
		return signed(5)() + day
	}) || any || weekno
	any = add(4, "BYHOUR", number(0, 23)) || any
	any = add(4, "BYMINUTE", number(0, 59)) || any
	any = add(6, "BYSECOND", number(0, 59)) || any
	if any {
		add(5, "BYSETPOS", signed(4))
	}
	if r.IntN(4) == 0 {
		parts = append(parts, "WKST="+[]string{"SU", "TU", "SA"}[r.IntN(3)])
	}
	if r.IntN(4) == 0 {
		parts = append(parts, "SKIP="+[]string{"BACKWARD", "FORWARD"}[r.IntN(2)])
	}
	return strings.Join(parts, ";")
}

func zones(t testing.TB) []*time.Location {
	t.Helper()
	var list []*time.Location
	for _, name := range []string{"UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca"} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		list = append(list, zone)
	}
	return list
}

func randomSeries(t testing.TB, r *rand.Rand) recurrence.Series {
	t.Helper()
	start := time.Date(2010+r.IntN(16), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(4)*15, 0, 0, time.UTC)
	all := zones(t)
	return recurrence.Series{Rule: parse(t, randomRule(r)), Start: start, Zone: all[r.IntN(len(all))]}
}

const properties = 3000

func TestNextIsStrictlyAfterAndStepsThroughTheList(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	empty := 0
	for range properties {
		s := randomSeries(t, r)
		name := fmt.Sprint(s.Rule, s.Start, s.Zone)
		list := s.First(40)
		require.Equal(t, len(list) == 0, s.Check() != nil, name)
		if len(list) == 0 {
			empty++
			continue
		}
		from := list[0]
		for i, want := range list[1:] {
			got, ok := s.Next(from, time.Time{})
			require.True(t, ok, name)
			require.Equal(t, want, got, name)
			require.True(t, got.Time.After(from.Time), name)
			require.True(t, recurrence.Resolve(got.Wall, s.Zone).Equal(got.Time), name)
			// From any moment between the two, it is the same one.
			between := from.Time.Add(time.Duration(r.Int64N(int64(got.Time.Sub(from.Time)))))
			after := s.After(between, 1)
			require.Len(t, after, 1, name)
			require.True(t, after[0].Time.Equal(got.Time), "%s after %s: %s, not %s", name, between, after[0].Time, got.Time)
			late, ok := s.Next(list[0], between)
			require.True(t, ok)
			require.True(t, late.Time.Equal(got.Time), "%s %d", name, i)
			from = got
		}
	}
	require.Less(t, empty, properties/3, "most random rules should have occurrences")
}

func TestCountIsExactFromAnywhere(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range properties {
		s := randomSeries(t, r)
		endless := s.First(60)
		if len(endless) < 3 {
			continue
		}
		count := 2 + r.IntN(len(endless)-2)
		s.Rule = parse(t, fmt.Sprintf("%s;COUNT=%d", s.Rule, count))
		name := fmt.Sprint(s.Rule, s.Start, s.Zone)
		all := s.First(100)
		require.Equal(t, endless[:count], all, name)
		// Late: Between counts what is passed over, COUNT does not.
		i := r.IntN(count)
		j := i + r.IntN(count-i)
		require.Equal(t, all[j+1:], empty(s.After(all[j].Time, 100)), name)
		next, ok := s.Next(all[i], all[j].Time)
		require.Equal(t, i+1 < count, ok, name)
		if ok {
			require.Equal(t, endless[j+1].Time, next.Time, name)
			require.Equal(t, all[i].Index+1, next.Index, name)
			require.Equal(t, j-i, s.Between(all[i].Time, next.Time), name)
		}
	}
}

func empty(list []recurrence.Occurrence) []recurrence.Occurrence {
	if list == nil {
		return []recurrence.Occurrence{}
	}
	return list
}

// wall is what a clock shows, as wall time.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func TestShiftingTheAnchorWithCountReducedGivesTheRest(t *testing.T) {
	t.Parallel()
	// Rules that take only the phase of INTERVAL from their start.
	rules := []string{
		"FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2", "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE,SU;WKST=SU",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1,2", "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1,15",
		"FREQ=MONTHLY;BYMONTHDAY=1,31;SKIP=FORWARD", "FREQ=MONTHLY;BYMONTHDAY=29,30,31;SKIP=BACKWARD",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;SKIP=BACKWARD", "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1,20,53;BYDAY=TH",
		"FREQ=HOURLY;INTERVAL=5;BYMINUTE=0,30", "FREQ=MINUTELY;INTERVAL=7;BYHOUR=1,2,3", "FREQ=SECONDLY;INTERVAL=1001",
	}
	for _, zone := range zones(t) {
		for _, text := range rules {
			s := recurrence.Series{Rule: parse(t, text+";COUNT=80"), Start: time.Date(2011, 3, 1, 2, 30, 0, 0, time.UTC), Zone: zone}
			all := s.First(100)
			require.Len(t, all, 80, text)
			for _, i := range []int{1, 7, 40, 79} {
				if !all[i].Wall.Equal(wall(all[i].Time)) {
					continue // moved by a gap: no wall time of its own to anchor at
				}
				reduced := recurrence.Series{Rule: parse(t, fmt.Sprintf("%s;COUNT=%d", text, 80-i)), Start: all[i].Wall, Zone: zone}
				kept := recurrence.Series{Rule: s.Rule, Start: all[i].Wall, Zone: zone, StartIndex: i + 1}
				require.Equal(t, all[i:], kept.First(100), "%s %s %d", text, zone, i)
				got := reduced.First(100)
				require.Len(t, got, 80-i)
				for k := range got {
					require.Equal(t, all[i+k].Time, got[k].Time)
				}
			}
		}
	}
}

// mixedDays are BYDAY lists with plain and numbered days, which rrule-go treats as
// conditions that must both hold.
var mixedDays = regexp.MustCompile(`BYDAY=([^;]*,)?[A-Z]{2}(,[^;]*)?[0-9][A-Z]|BYDAY=[^;]*[0-9][A-Z]{2},([^;]*,)?[A-Z]{2}(,|;|$)`)

// TestAgreesWithRRuleGo compares with rrule-go where it is right: in UTC, without
// BYWEEKNO, SKIP and BYSETPOS, on rules that its iterator survives.
func TestAgreesWithRRuleGo(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	compared := 0
	for range properties {
		text := randomRule(r)
		calendar := strings.Contains(text, "YEARLY") || strings.Contains(text, "MONTHLY") || strings.Contains(text, "WEEKLY") || strings.Contains(text, "DAILY")
		if !calendar || strings.Contains(text, "BYWEEKNO") || strings.Contains(text, "SKIP") || strings.Contains(text, "BYSETPOS") ||
			strings.Contains(text, "YEARLY") && strings.Contains(text, "BYMONTHDAY") && !strings.Contains(text, "BYMONTH=") ||
			mixedDays.MatchString(text) {
			continue
		}
		rule := parse(t, text)
		start := time.Date(2010+r.IntN(16), time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), 15, 0, 0, time.UTC)
		option, err := rrule.StrToROption(rule.String())
		require.NoError(t, err, text)
		option.Dtstart, option.Until = start, start.AddDate(12, 0, 0)
		oracle, err := rrule.NewRRule(*option)
		require.NoError(t, err)
		want := oracle.All()
		got := recurrence.Series{Rule: rule, Start: start}.First(min(len(want), 200))
		require.Len(t, got, min(len(want), 200), text)
		for i := range got {
			require.True(t, want[i].Equal(got[i].Time), "%s from %s, %d: %s, not %s", text, start, i, got[i].Time, want[i])
		}
		compared++
	}
	require.Greater(t, compared, properties/20)
}

func TestRulesAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	rule := parse(t, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=500")
	s := recurrence.Series{Rule: rule, Start: time.Date(2020, 1, 31, 9, 0, 0, 0, time.UTC), Zone: zones(t)[1]}
	want := s.First(100)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if !slices.Equal(want, s.First(100)) || rule.CheckTask() != nil || rule.Words(s.Start) == "" || len(s.Warnings()) != 0 {
					t.Error("another goroutine changed the answer")
				}
			}
		})
	}
	group.Wait()
}
