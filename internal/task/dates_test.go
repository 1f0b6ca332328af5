package task

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/person"
)

// A person in Berlin, on Monday 30 November 2026 at 09:40.
var (
	berlin = person.Settings{UserID: 1, TimeZone: "Europe/Berlin", ReminderOffsets: []int{60}, AllDayTime: person.DefaultAllDayTime}
	monday = time.Date(2026, 11, 30, 8, 40, 0, 0, time.UTC)
)

// made returns a new task with these fields.
func made(t *testing.T, f Fields) *Task {
	t.Helper()
	s := NewService(nil, func() time.Time { return monday })
	f.Title = input.Some("x")
	one, err := s.draft(berlin, f)
	require.NoError(t, err)
	return one
}

// series returns a task with a due date, a rule and perhaps a base.
func series(t *testing.T, due, rule string, base ...RecurrenceBase) *Task {
	t.Helper()
	f := Fields{RecurrenceRule: input.Some(rule)}
	if due != "" {
		f.DueDate = input.Some(due)
	}
	if len(base) > 0 {
		f.RecurrenceBase = input.Some(base[0])
	}
	return made(t, f)
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	due, err := ParseDue("at", text, berlin.Zone())
	require.NoError(t, err)
	return due.Time
}

// completed returns the occurrence that follows when the task is done at a given
// time.
func (t *Task) completed(test *testing.T, moment time.Time) *Task {
	test.Helper()
	done := t.Clone()
	done.CompletedAt = &moment
	next, err := done.Successor(berlin, moment)
	require.NoError(test, err)
	return next
}

func due(t *Task) string {
	if t == nil {
		return ""
	}
	text := t.FormatDue(berlin)
	return text[:min(len(text), len("2006-01-02T15:04"))]
}

func (t *Task) move(test *testing.T, to string, scope Scope) {
	test.Helper()
	require.NoError(test, t.set(Fields{DueDate: input.Some(to)}, scope, berlin, monday))
}

func next(t *testing.T, one *Task) []string {
	t.Helper()
	dates, err := one.NextDates(monday, 3)
	require.NoError(t, err)
	var texts []string
	for _, date := range dates {
		text := one.DateText(date, berlin.Zone())
		texts = append(texts, text[:min(len(text), len("2006-01-02T15:04"))])
	}
	return texts
}

func TestFromCompletionADerivedDayIsClamped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ due, rule, done, want string }{
		{"2027-02-28T09:00", "FREQ=MONTHLY;INTERVAL=6", "2027-08-31T10:00", "2028-02-29T09:00"},
		{"2027-01-20T09:00", "monthly", "2027-01-31T10:00", "2027-02-28T09:00"},
		{"2026-11-20", "FREQ=MONTHLY;INTERVAL=3", "2026-11-30T10:00", "2027-02-28"},
		{"2028-02-20T09:00", "yearly", "2028-02-29T10:00", "2029-02-28T09:00"},
		{"2027-01-20T09:00", "FREQ=MONTHLY;SKIP=FORWARD", "2027-01-31T10:00", "2027-02-28T09:00"},
		{"2027-01-31T09:00", "FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31T10:00", "2027-03-31T09:00"},
	} {
		one := series(t, c.due, c.rule, FromCompletion)
		require.Equal(t, c.want, due(one.completed(t, at(t, c.done))), c.rule)
	}
}

func TestFromCompletionComesAfterTheDateJustDone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ due, rule, done, want string }{
		{"2026-12-06T09:00", "FREQ=WEEKLY;BYDAY=SU", "2026-11-30T09:40", "2026-12-13T09:00"},
		{"2026-12-06", "FREQ=WEEKLY;BYDAY=SU", "2026-11-30T09:40", "2026-12-13"},
		{"2026-12-01T09:00", "daily", "2026-11-30T09:40", "2026-12-02T09:00"},
		{"2026-12-06T09:00", "FREQ=DAILY;INTERVAL=3", "2026-11-30T09:40", "2026-12-03T09:00"},
		{"2026-12-03T09:00", "FREQ=DAILY;INTERVAL=3", "2026-11-30T09:40", "2026-12-06T09:00"},
		{"2027-01-10T09:00", "FREQ=MONTHLY;INTERVAL=6", "2026-11-30T09:40", "2027-05-30T09:00"},
		{"2026-12-15T09:00", "FREQ=MONTHLY;BYMONTHDAY=15", "2026-11-30T09:40", "2027-01-15T09:00"},
		{"2026-11-20T09:00", "FREQ=DAILY;INTERVAL=3", "2026-11-30T09:40", "2026-12-03T09:00"},
		{"2026-11-20T09:00", "FREQ=DAILY;BYHOUR=9,17", "2026-11-30T08:00", "2026-11-30T09:00"},
		{"2026-11-20T09:00", "FREQ=DAILY;BYHOUR=9", "2026-11-30T08:00", "2026-12-01T09:00"},
	} {
		one := series(t, c.due, c.rule, FromCompletion)
		require.Equal(t, c.want, due(one.completed(t, at(t, c.done))), c.rule+" "+c.due)
	}
}

func TestNextDatesAreWhatCompletingNowWouldGive(t *testing.T) {
	t.Parallel()
	daily := series(t, "2026-11-20T09:00", "daily")
	require.Equal(t, []string{"2026-12-01T09:00", "2026-12-02T09:00", "2026-12-03T09:00"}, next(t, daily))
	require.Equal(t, "2026-12-01T09:00", due(daily.completed(t, monday)))
	require.Equal(t, 10, daily.passedOver(*daily.completed(t, monday).DueDate), "21 to 30 November")
	require.Equal(t, []string{"2026-12-01", "2026-12-02", "2026-12-03"}, next(t, series(t, "2026-11-20", "daily"))[0:3])

	kept := daily.Clone()
	kept.Recurrence.Missed = KeepMissed
	require.Equal(t, []string{"2026-11-21T09:00", "2026-11-22T09:00", "2026-11-23T09:00"}, next(t, kept))
	require.Equal(t, "2026-11-21T09:00", due(kept.completed(t, monday)))
}

func TestOnlyTheClockOfASeriesIsChangedWhereOnlyTheClockIs(t *testing.T) {
	t.Parallel()
	last := series(t, "2027-01-31T09:00", "FREQ=MONTHLY;SKIP=BACKWARD")
	date, err := last.nextDate(*last.DueDate)
	require.NoError(t, err)
	last.skipTo(date)
	require.Equal(t, "2027-02-28T09:00", due(last))
	last.move(t, "2027-02-28T10:00", ThisAndFollowing)
	require.Equal(t, []string{"2027-03-31T10:00", "2027-04-30T10:00", "2027-05-31T10:00"}, next(t, last))
}

func TestWeeksOfASeriesStayWhereOneDateIsMoved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule, to string
		scope    Scope
		want     string
	}{
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-12-06T09:00", ThisAndFollowing, "2026-12-21T09:00"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-12-06T09:00", ThisOne, "2026-12-21T09:00"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-12-14T09:00", ThisAndFollowing, "2026-12-28T09:00"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", "2026-12-14T09:00", ThisOne, "2026-12-21T09:00"},
		{"FREQ=WEEKLY;INTERVAL=2", "2026-12-06T09:00", ThisAndFollowing, "2026-12-20T09:00"},
		{"FREQ=WEEKLY;INTERVAL=2", "2026-12-06T09:00", ThisOne, "2026-12-21T09:00"},
		{"FREQ=WEEKLY;INTERVAL=2", "2026-12-07T11:00", ThisAndFollowing, "2026-12-21T11:00"},
		{"FREQ=WEEKLY;INTERVAL=2", "2026-12-07T11:00", ThisOne, "2026-12-21T09:00"},
		{"weekly", "2026-12-15T09:00", ThisOne, "2026-12-21T09:00"},
	} {
		one := series(t, "2026-12-07T09:00", c.rule)
		one.move(t, c.to, c.scope)
		require.Equal(t, c.want, next(t, one)[0], "%s to %s, %s", c.rule, c.to, c.scope)
		require.Equal(t, c.want, due(one.completed(t, at(t, c.to))))
		require.NotEmpty(t, one.Notes, "the caller is told which it was")
	}
}

func TestLastDateOfASeriesMayBeMovedBeyondItsEnd(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"FREQ=WEEKLY;UNTIL=20261214T080000Z", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20261214T080000Z", "FREQ=WEEKLY;COUNT=1"} {
		for _, to := range []string{"2026-12-14T10:00", "2026-12-20T09:00"} {
			one := series(t, "2026-12-14T09:00", rule)
			one.move(t, to, ThisAndFollowing)
			require.Empty(t, next(t, one), "%s to %s", rule, to)
			require.Nil(t, one.completed(t, at(t, to)))
		}
	}
}

func TestWallTimeThatIsSkippedIsMovedOnThatDayOnly(t *testing.T) {
	t.Parallel()
	want := []string{"2027-03-28T03:30", "2027-03-29T02:30", "2027-03-30T02:30"}
	for _, base := range []RecurrenceBase{FromDue, FromCompletion} {
		one := series(t, "2027-03-27T02:30", "daily", base)
		require.Equal(t, want, next(t, one), base)
		gap := one.completed(t, at(t, "2027-03-27T05:00"))
		require.Equal(t, want[0], due(gap))
		require.Equal(t, want[1], due(gap.completed(t, at(t, "2027-03-28T05:00"))), base)
		first := series(t, "2027-03-28T02:30", "daily", base)
		require.Equal(t, "2027-03-28T03:30", due(first))
		require.Equal(t, want[1], next(t, first)[0], base)
	}
}

func TestHoursFromCompletionAreHoursThatPass(t *testing.T) {
	t.Parallel()
	one := series(t, "2027-03-27T20:00", "FREQ=HOURLY;INTERVAL=8", FromCompletion)
	for _, done := range []string{"2027-03-27T23:15", "2027-10-30T23:15", "2027-03-28T01:59", "2027-10-31T01:30"} {
		moment := at(t, done)
		require.Equal(t, moment.Add(8*time.Hour), *one.completed(t, moment).DueDate, done)
	}
}

func TestSeriesWithoutDueDateBeginsWithTheFirstDateOfItsRule(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		"FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0": "2026-12-07T09:00",
		"FREQ=DAILY;BYHOUR=17":                     "2026-11-30T17:00",
		"FREQ=WEEKLY;BYDAY=MO":                     "2026-11-30",
		"FREQ=WEEKLY;BYDAY=SU":                     "2026-12-06",
		"daily":                                    "2026-11-30",
		"FREQ=HOURLY;INTERVAL=6":                   "2026-11-30T09:40",
	} {
		one := series(t, "", rule)
		require.Equal(t, want, due(one), rule)
		require.Contains(t, one.Notes[0], "due_date was not given", rule)
		require.NotNil(t, one.RemindAt, rule)
	}
	counted := series(t, "", "weekly", FromCompletion)
	require.Empty(t, due(counted))
	require.Contains(t, counted.Notes[0], "no date until it is done once")
	require.Equal(t, "2026-12-07", due(counted.completed(t, monday)))
	require.Equal(t, "2026-12-07", next(t, counted)[0])
}

func TestDayIsOfAMomentWhereTheRuleNamesTheHour(t *testing.T) {
	t.Parallel()
	one := series(t, "2026-12-05", "FREQ=DAILY;BYHOUR=9,13,17")
	require.Equal(t, "2026-12-05T09:00", due(one))
	require.False(t, one.AllDay)
	require.Equal(t, []string{"2026-12-05T13:00", "2026-12-05T17:00", "2026-12-06T09:00"}, next(t, one))
	require.Contains(t, one.Notes[0], "the rule names the hour")
	require.Equal(t, "2026-11-30T13:00", due(series(t, "2026-11-30", "FREQ=DAILY;BYHOUR=9,13,17")), "of today what is to come")
}

func TestCountGoesOnWhereTheRuleIsChanged(t *testing.T) {
	t.Parallel()
	one := series(t, "2026-12-01T09:00", "FREQ=DAILY;COUNT=5")
	third := one.completed(t, at(t, "2026-12-01T10:00")).completed(t, at(t, "2026-12-02T10:00"))
	require.Equal(t, 3, third.Recurrence.Occurrence)
	require.NoError(t, third.set(Fields{RecurrenceRule: input.Some("FREQ=DAILY;COUNT=7")}, "", berlin, monday))
	require.Equal(t, 3, third.Recurrence.Occurrence)
	require.Contains(t, third.Notes[0], "number 3 of 7, 4 come after it")
	up, err := third.Upcoming(monday)
	require.NoError(t, err)
	require.Equal(t, 4, up.Left)

	clamped := series(t, "2027-01-31T09:00", "FREQ=MONTHLY;SKIP=BACKWARD")
	second := clamped.completed(t, at(t, "2027-01-31T10:00"))
	require.NoError(t, second.set(Fields{RecurrenceRule: input.Some("FREQ=MONTHLY;SKIP=BACKWARD;COUNT=9")}, "", berlin, monday))
	require.Equal(t, "2027-03-31T09:00", next(t, second)[0], "the anchor is what was meant")
}

func TestCompletionInThePastStepsOnceFromIt(t *testing.T) {
	t.Parallel()
	one := series(t, "2026-11-10T09:00", "FREQ=DAILY;INTERVAL=3", FromCompletion)
	require.Equal(t, "2026-11-23T09:00", due(one.completed(t, at(t, "2026-11-20T12:00"))))
}

func TestSkipIsTakenBack(t *testing.T) {
	t.Parallel()
	one := series(t, "2026-12-07T09:00", "FREQ=WEEKLY;COUNT=5")
	for _, want := range []string{"2026-12-14T09:00", "2026-12-21T09:00"} {
		date, err := one.nextDate(*one.DueDate)
		require.NoError(t, err)
		one.skipTo(date)
		require.Equal(t, want, due(one))
	}
	one.unskip()
	require.Equal(t, "2026-12-14T09:00", due(one))
	one.unskip()
	require.Equal(t, "2026-12-07T09:00", due(one))
	require.Equal(t, 1, one.Recurrence.Occurrence)
	require.Empty(t, one.Skipped)
}
