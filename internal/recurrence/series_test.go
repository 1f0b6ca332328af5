package recurrence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/recurrence"
)

func TestTheFirstDueDateOfATaskCountsAlsoIfTheRuleDoesNotMatchIt(t *testing.T) {
	t.Parallel()
	wednesday := time.Date(2026, 6, 17, 9, 0, 0, 0, time.UTC)
	s := recurrence.Series{Rule: parse(t, "FREQ=WEEKLY;BYDAY=MO;COUNT=3"), Start: wednesday}
	due := recurrence.Occurrence{Time: wednesday, Wall: wednesday, Index: 1}
	steps := s.Upcoming(due, due.Time, 10)
	require.Len(t, steps, 2, "the Wednesday and two Mondays make three")
	require.Equal(t, []int{2, 3}, []int{steps[0].Index, steps[1].Index})
	require.Len(t, s.First(10), 3, "the rule alone matches three Mondays")
}

func TestCountCountsWhatWasGivenNotWhatWasPassedOver(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC)
	s := recurrence.Series{Rule: parse(t, "FREQ=DAILY;COUNT=5"), Start: start, Zone: zones(t)[2]}
	list := s.First(5)
	early, ok := s.Next(list[0], list[0].Time.Add(-48*time.Hour))
	require.True(t, ok)
	require.Equal(t, list[1], early, "early never gives the same date again")
	late, ok := s.Next(list[0], list[2].Time.Add(time.Hour))
	require.True(t, ok)
	require.Equal(t, list[3].Time, late.Time, "late passes over what was missed")
	require.Equal(t, 2, late.Index, "and is the second of five all the same")
	require.Equal(t, 2, s.Between(list[0].Time, late.Time))
	after, ok := s.Next(list[0], list[4].Time)
	require.True(t, ok, "four are left of five, however late the first was")
	require.Equal(t, list[4].Wall.AddDate(0, 0, 1), after.Wall)
	_, ok = s.Next(list[4], time.Time{})
	require.False(t, ok)
}

func TestASeriesAnchoredAnewKeepsItsPlace(t *testing.T) {
	t.Parallel()
	s := recurrence.Series{
		Rule: parse(t, "FREQ=DAILY;COUNT=5"), Start: time.Date(2026, 3, 29, 18, 0, 0, 0, time.UTC), StartIndex: 4,
	}
	list := s.First(10)
	require.Len(t, list, 2)
	require.Equal(t, []int{4, 5}, []int{list[0].Index, list[1].Index})
	require.Equal(t, list[1:], s.After(list[0].Time, 10))
}

func TestCheckRefusesWhatNeverComes(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for text, part := range map[string]string{
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30":        "rule",
		"FREQ=MONTHLY;BYDAY=6MO":                     "rule",
		"FREQ=DAILY;INTERVAL=7;BYDAY=FR":             "rule",
		"FREQ=HOURLY;INTERVAL=24;BYHOUR=5":           "rule",
		"FREQ=MINUTELY;INTERVAL=60;BYMINUTE=7":       "rule",
		"FREQ=SECONDLY;INTERVAL=60;BYSECOND=7":       "rule",
		"FREQ=DAILY;BYHOUR=9;BYSETPOS=2":             "rule",
		"FREQ=DAILY;UNTIL=20260301":                  "UNTIL",
		"FREQ=YEARLY;INTERVAL=9999;BYYEARDAY=60":     "rule",
		"FREQ=DAILY;UNTIL=20260302T085959Z":          "UNTIL",
		"FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4,6,9,2": "rule",
	} {
		err := recurrence.Series{Rule: parse(t, text), Start: start}.Check()
		var wrong *recurrence.Error
		require.ErrorAs(t, err, &wrong, text)
		require.Equal(t, part, wrong.Part, text)
	}
	require.Error(t, recurrence.Series{Start: start}.Check())
}

func TestDatesIgnoreTimesOfDay(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	s := recurrence.Series{Rule: parse(t, "FREQ=DAILY;BYHOUR=9,17;BYMINUTE=30;UNTIL=20260304T000000Z"), Start: day, AllDay: true, Zone: zones(t)[1]}
	// 00:00 UTC on the 4th is still the 3rd in New York.
	require.Equal(t, []string{"20260302", "20260303"}, walls(s.First(5), true))
	require.Error(t, recurrence.Series{Rule: parse(t, "FREQ=HOURLY"), Start: day, AllDay: true}.Check())
}
