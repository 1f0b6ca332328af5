package task

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

func TestCountGoesOnWhereTheHourOfTheRuleIsChanged(t *testing.T) {
	t.Parallel()
	one := series(t, "2026-12-01T09:00", "FREQ=DAILY;COUNT=5;BYHOUR=9")
	third := one.completed(t, at(t, "2026-12-01T10:00")).completed(t, at(t, "2026-12-02T10:00"))
	require.NoError(t, third.set(Fields{RecurrenceRule: input.Some("FREQ=DAILY;COUNT=5;BYHOUR=17")}, "", berlin, monday))
	require.Equal(t, 3, third.Recurrence.Occurrence)
	require.Contains(t, third.Notes[1], "number 3 of 5, 2 come after it")
	require.Equal(t, "2026-12-03T17:00", due(third), "the day comes once")
	require.Contains(t, third.Notes[0], "takes it too")
	require.Equal(t, []string{"2026-12-04T17:00", "2026-12-05T17:00"}, next(t, third))
	up, err := third.Upcoming(monday)
	require.NoError(t, err)
	require.Equal(t, 2, up.Left)

	third.Notes = nil
	require.NoError(t, third.set(Fields{RecurrenceRule: input.Some("FREQ=DAILY;BYHOUR=17;INTERVAL=2")}, "", berlin, monday))
	require.Contains(t, third.Notes[0], "the rule before had an end")
}

func TestHourOfTheRuleIsThatOfTheOpenOccurrenceToo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ due, before, after, now, next string }{
		{"2026-12-01T09:00", "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;BYHOUR=17", "2026-12-01T17:00", "2026-12-02T17:00"},
		{"2026-12-01T17:00", "FREQ=DAILY;BYHOUR=17", "FREQ=DAILY;BYHOUR=9", "2026-12-01T09:00", "2026-12-02T09:00"},
		{"2026-12-01T09:30", "daily", "FREQ=DAILY;BYHOUR=17", "2026-12-01T17:30", "2026-12-02T17:30"},
		{"2026-12-01T09:00", "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;BYHOUR=9,17", "2026-12-01T09:00", "2026-12-01T17:00"},
		{"2026-12-01T09:00", "FREQ=DAILY;BYHOUR=9,17", "FREQ=DAILY;BYHOUR=8,18", "2026-12-01T08:00", "2026-12-01T18:00"},
		{"2026-12-01T09:00", "FREQ=WEEKLY;BYHOUR=9", "FREQ=WEEKLY;BYHOUR=9;COUNT=3", "2026-12-01T09:00", "2026-12-08T09:00"},
		{"2026-12-01T09:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYHOUR=9", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYHOUR=7", "2026-12-01T07:00", "2026-12-15T07:00"},
	} {
		one := series(t, c.due, c.before)
		require.NoError(t, one.set(Fields{RecurrenceRule: input.Some(c.after)}, "", berlin, monday))
		require.Equal(t, c.now, due(one), c.after)
		require.Equal(t, c.next, next(t, one)[0], c.after)
		require.Equal(t, one.DueDate.Add(-time.Hour), *one.RemindAt, c.after)
	}
	earlier := series(t, "2026-12-01T17:00", "FREQ=DAILY;BYHOUR=17")
	require.NoError(t, earlier.set(Fields{RecurrenceRule: input.Some("FREQ=DAILY;BYHOUR=8,12")}, "", berlin, monday))
	require.Equal(t, "2026-12-01T08:00", due(earlier))
	require.Equal(t, []string{"2026-12-01T12:00", "2026-12-02T08:00", "2026-12-02T12:00"}, next(t, earlier))

	moved := series(t, "2026-12-01T09:00", "FREQ=DAILY;BYHOUR=9")
	moved.move(t, "2026-12-01T11:00", ThisOne)
	require.NoError(t, moved.set(Fields{RecurrenceRule: input.Some("FREQ=DAILY;BYHOUR=17")}, "", berlin, monday))
	require.Equal(t, "2026-12-01T11:00", due(moved), "what was moved alone stays")
}

func TestSnoozePastTheDueDateIsToldOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		due     string
		minutes int
		told    bool
	}{
		{"2026-11-30T12:00", 180, true}, {"2026-11-30T12:00", 140, false}, {"2026-11-30T12:00", 10, false},
		{"2026-11-30", 24 * 60, true}, {"2026-11-30", 60, false},
		{"2026-11-29T12:00", 60, false}, // it has passed already
	} {
		one := made(t, Fields{DueDate: input.Some(c.due)})
		require.NoError(t, one.setReminder(berlin, ReminderInput{SnoozeMinutes: input.Some(c.minutes)}, nil, monday))
		if !c.told {
			require.Empty(t, one.Notes, "%s %d", c.due, c.minutes)
			continue
		}
		require.Equal(t, []string{"that is after the due date, " + one.FormatDue(berlin)}, one.Notes)
	}
}

func TestBareDateGivenToATaskWithAnHourSaysThatTheHourIsGone(t *testing.T) {
	t.Parallel()
	one := made(t, Fields{DueDate: input.Some("2026-12-04T17:30")})
	one.move(t, "2026-12-05", "")
	require.Equal(t, []string{`the task is due on that whole day now, its time of day, 17:30, is gone; to keep it, give "2026-12-05T17:30"`}, one.Notes)
	day := made(t, Fields{DueDate: input.Some("2026-12-04")})
	day.move(t, "2026-12-05", "")
	require.Empty(t, day.Notes)

	abroad := made(t, Fields{DueDate: input.Some("2026-12-04T10:00"), TimeZone: input.Some("America/New_York")})
	abroad.move(t, "2026-12-05", "")
	require.Contains(t, abroad.Notes[0], "16:00, is gone", "in the user's zone, in which the example is read")
}

func TestSkippedWallTimeComesBackWhereTheRuleIsGivenLater(t *testing.T) {
	t.Parallel()
	gap := func() *Task { return made(t, Fields{DueDate: input.Some("2027-03-28T02:30")}) }
	want := []string{"2027-03-29T02:30", "2027-03-30T02:30", "2027-03-31T02:30"}
	for _, base := range []RecurrenceBase{FromDue, FromCompletion} {
		one := gap()
		require.Equal(t, "2027-03-28T03:30", due(one))
		require.NoError(t, one.set(Fields{RecurrenceRule: input.Some("daily"), RecurrenceBase: input.Some(base)}, "", berlin, monday))
		require.Equal(t, want, next(t, one), base)
	}
	back := gap() // read, and written back with the rule
	require.NoError(t, back.set(Fields{DueDate: input.Some(back.FormatDue(berlin)), RecurrenceRule: input.Some("daily")}, "", berlin, monday))
	require.Equal(t, want, next(t, back))

	other := gap()
	other.move(t, "2027-03-28T03:45", "")
	require.NoError(t, other.set(Fields{RecurrenceRule: input.Some("daily")}, "", berlin, monday))
	require.Equal(t, "2027-03-29T03:45", next(t, other)[0], "another hour was meant since")

	abroad := gap()
	require.NoError(t, abroad.set(Fields{TimeZone: input.Some("Africa/Lagos")}, "", berlin, monday))
	require.Equal(t, "2027-03-28T02:30", recurrence.Wall(*abroad.DueDate, abroad.Zone()).Format("2006-01-02T15:04"), "a zone that has the hour")

	ended := series(t, "2027-03-28T02:30", "daily")
	require.NoError(t, ended.set(Fields{RecurrenceRule: input.Null[string]()}, "", berlin, monday))
	require.NoError(t, ended.set(Fields{RecurrenceRule: input.Some("daily")}, "", berlin, monday))
	require.Equal(t, want, next(t, ended), "the rule taken away and given again")

	followed := series(t, "2027-03-27T02:30", "daily").completed(t, at(t, "2027-03-27T05:00"))
	require.NoError(t, followed.set(Fields{RecurrenceRule: input.Null[string]()}, "", berlin, monday))
	require.NoError(t, followed.set(Fields{RecurrenceRule: input.Some("daily")}, "", berlin, monday))
	require.Equal(t, want, next(t, followed), "of an occurrence that followed another")
}

func TestDateThatTheRuleGaveIsToldInTheZoneOfItsUser(t *testing.T) {
	t.Parallel()
	one := made(t, Fields{RecurrenceRule: input.Some("FREQ=DAILY;BYHOUR=10"), TimeZone: input.Some("America/New_York")})
	require.Contains(t, one.Notes[0], "2026-11-30T16:00:00+01:00")
	require.Equal(t, "2026-11-30T16:00:00+01:00", one.FormatDue(berlin))
}

func TestReminderThatIsHeldShowsWhenItWillBeSent(t *testing.T) {
	t.Parallel()
	quiet, err := person.ParseQuietHours("quiet_hours", "22:00-07:00 except urgent")
	require.NoError(t, err)
	user := berlin
	user.QuietHours = quiet
	morning := at(t, "2026-12-01T07:00")
	claimed := at(t, "2026-11-30T23:00")
	reminded := func(p Priority) *Task {
		one := made(t, Fields{DueDate: input.Some("2026-12-01T00:00"), ReminderOffsets: input.Some([]int{60}), Priority: input.Some(p)})
		require.Equal(t, claimed, *one.RemindAt)
		one.RemindAt, one.RemindedAt, one.RemindedDue = nil, &claimed, one.DueDate
		return one
	}
	now := claimed.Add(10 * time.Second)

	held := reminded(Medium) // claimed, and not yet noted what waits
	next, waits := held.RemindsNext(user, now)
	require.True(t, waits)
	require.Equal(t, morning, next.UTC())
	require.False(t, held.ReminderSent(user, now))

	held.HeldUntil = &morning // noted
	for _, now := range []time.Time{now, claimed.Add(3 * time.Hour)} {
		next, waits = held.RemindsNext(user, now)
		require.True(t, waits)
		require.Equal(t, morning, *next)
		require.False(t, held.ReminderSent(user, now))
	}
	held.HeldUntil = nil // delivered
	now = morning.Add(time.Minute)
	next, _ = held.RemindsNext(user, now)
	require.Nil(t, next)
	require.True(t, held.ReminderSent(user, now))

	urgent := reminded(Urgent)
	require.True(t, urgent.ReminderSent(user, claimed.Add(10*time.Second)), "an exception from quiet hours")
}
