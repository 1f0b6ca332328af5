package recurrence_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/recurrence"
)

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 9, 0, 0, 0, time.UTC)
}

func TestDerivedDayIsClampedAndANamedDayIsKept(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule        string
		start, want time.Time
	}{
		{"FREQ=MONTHLY;INTERVAL=6", day(2027, 8, 31), day(2028, 2, 29)},
		{"monthly", day(2026, 1, 31), day(2026, 2, 28)},
		{"FREQ=MONTHLY;INTERVAL=3", day(2026, 11, 30), day(2027, 2, 28)},
		{"yearly", day(2028, 2, 29), day(2029, 2, 28)},
		{"FREQ=MONTHLY;SKIP=FORWARD", day(2026, 1, 31), day(2026, 2, 28)},
		{"FREQ=YEARLY;BYMONTH=4", day(2026, 3, 31), day(2026, 4, 30)},
		{"FREQ=MONTHLY;BYMONTHDAY=31", day(2026, 1, 31), day(2026, 3, 31)},
		{"FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD", day(2026, 1, 31), day(2026, 3, 1)},
	} {
		s := recurrence.Series{Rule: parse(t, c.rule), Start: c.start, Derived: true}
		next, ok := s.Next(recurrence.Occurrence{Time: c.start, Wall: c.start, Index: 1}, c.start)
		require.True(t, ok, c.rule)
		require.Equal(t, c.want, next.Wall, c.rule)
	}
}

// A slow oracle: the day that many months later, or the last day of that month.
func TestDerivedDayIsSoManyMonthsOnOrTheEndOfThatMonth(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range properties {
		months := 1 + r.IntN(30)
		rule := recurrence.Series{Derived: true, Zone: zones(t)[r.IntN(7)]}
		rule.Rule = parse(t, "FREQ=MONTHLY;INTERVAL="+strconv.Itoa(months))
		if months%12 == 0 && r.IntN(2) == 0 {
			rule.Rule = parse(t, "FREQ=YEARLY;INTERVAL="+strconv.Itoa(months/12))
		}
		start := time.Date(2020+r.IntN(20), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), 0, 0, 0, time.UTC)
		rule.Start = start
		want := time.Date(start.Year(), start.Month()+time.Month(months), 1, start.Hour(), 0, 0, 0, time.UTC)
		last := want.AddDate(0, 1, -1).Day()
		want = want.AddDate(0, 0, min(start.Day(), last)-1)
		from := recurrence.Resolve(start, rule.Zone)
		next, ok := rule.Next(recurrence.Occurrence{Time: from, Wall: start, Index: 1}, from)
		require.True(t, ok)
		require.Equal(t, want, next.Wall, "%s from %s", rule.Rule, start)
	}
}

func TestWarningsLookAtTheDatesThatCome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule  string
		start time.Time
		want  string // of the only warning; none if empty
	}{
		{"FREQ=MONTHLY;INTERVAL=12", day(2026, 12, 31), ""},
		{"FREQ=MONTHLY;INTERVAL=3", day(2026, 1, 30), ""},
		{"FREQ=MONTHLY;INTERVAL=2;COUNT=3", day(2026, 1, 31), ""},
		{"FREQ=MONTHLY;INTERVAL=6", day(2026, 8, 31), "Careful: about one in 2 of these dates comes."},
		{"FREQ=MONTHLY;INTERVAL=12", day(2028, 2, 29), "Careful: about one in 4 of these dates comes."},
		{"FREQ=YEARLY;BYMONTHDAY=15", day(2026, 6, 15), "Careful: this comes once a year, not every month."},
		{"FREQ=MONTHLY;BYMONTH=3", day(2026, 3, 15), "Careful: this comes once a year, though it reads every month."},
	} {
		got := recurrence.Series{Rule: parse(t, c.rule), Start: c.start}.Warnings()
		if c.want == "" {
			require.Empty(t, got, c.rule)
			continue
		}
		require.Len(t, got, 1, c.rule)
		require.Contains(t, got[0], c.want, c.rule)
	}
	derived := func(rule string) []string {
		return recurrence.Series{Rule: parse(t, rule), Start: day(2026, 1, 31), Derived: true}.Warnings()
	}
	require.Empty(t, derived("monthly"), "a derived day is clamped")
	require.Len(t, derived("FREQ=MONTHLY;BYMONTHDAY=31"), 1)
	require.Contains(t, derived("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU")[0], "the next date can be in that very week")
	require.Contains(t, derived("FREQ=YEARLY;BYMONTHDAY=15")[0], "from the completion")
}

func TestWordsSayWhatDecidesAndNoMore(t *testing.T) {
	t.Parallel()
	monday := day(2026, 11, 30)
	for rule, want := range map[string]string{
		"FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO":         "every year in the last week of the year on Monday at 09:00",
		"FREQ=YEARLY;BYWEEKNO=20,-2;BYDAY=MO":      "every year in the 2nd to last week of the year and week 20 on Monday at 09:00",
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU":       "every 2 weeks on Monday and Sunday at 09:00, weeks starting on Monday",
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO":          "every 2 weeks on Monday at 09:00",
		"FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO":  "every 2 weeks on Monday at 09:00",
		"FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU":  "every 2 weeks on Sunday at 09:00, weeks starting on Sunday",
		"FREQ=WEEKLY;WKST=SU;BYDAY=MO,SU":          "every week on Monday and Sunday at 09:00",
		"FREQ=DAILY;BYHOUR=9;BYMINUTE=0":           "every day at 09:00",
		"FREQ=DAILY;BYHOUR=9;BYSECOND=30;COUNT=10": "every day at 09:00:30, 10 times",
	} {
		require.Equal(t, want, parse(t, rule).Words(monday), rule)
	}
	odd := time.Date(2026, 11, 30, 9, 0, 54, 0, time.UTC)
	require.Equal(t, "every day at 09:00", parse(t, "daily").Words(odd), "whole minutes")
	derived := recurrence.Series{Rule: parse(t, "FREQ=MONTHLY;INTERVAL=6"), Start: monday, Derived: true}
	require.Equal(t, "every 6 months at 09:00", derived.Words(), "the day is nobody's wish")
}
