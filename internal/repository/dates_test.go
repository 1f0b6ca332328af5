package repository_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/task"
)

func (b *bundle) edit(t *testing.T, id int64, f task.Fields) *task.Task {
	t.Helper()
	done, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: id, Fields: f})
	require.NoError(t, err)
	return done.Task
}

func TestReminderThatWasSentIsNotSentAgain(t *testing.T) {
	b := setup(t) // 08:00
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T11:00"), ReminderOffsets: input.Some([]int{180})})
	require.Equal(t, 1, b.claim(t))
	b.now = b.now.Add(10 * time.Minute)
	b.edit(t, added.ID, task.Fields{ReminderOffsets: input.Some([]int{180, 30})})
	b.edit(t, added.ID, task.Fields{Title: input.Some("y")})
	require.Zero(t, b.claim(t))
	b.edit(t, added.ID, task.Fields{DueDate: input.Some("2026-03-02T11:20")})
	require.Zero(t, b.claim(t), "twenty minutes away it is the same to whoever was reminded")
	b.now = time.Date(2026, 3, 2, 8, 20, 0, 0, time.UTC)
	require.Zero(t, b.claim(t), "three hours before the new date")
	b.now = time.Date(2026, 3, 2, 10, 50, 0, 0, time.UTC)
	require.Equal(t, 1, b.claim(t), "one more, at 30")
	b.now = b.now.Add(24 * time.Hour)
	require.Zero(t, b.claim(t))
}

// No reminder of a due date comes twice, whatever is edited between scans.
func TestNoReminderIsSentTwiceUnderRandomEdits(t *testing.T) {
	b := setup(t)
	r := rand.New(rand.NewPCG(11, 12))
	for round := range 12 {
		b.now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).AddDate(0, 0, round)
		due := b.now.Add(5 * time.Hour)
		offsets := []int{240, 120, 30, -15}
		added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some(due.Format(time.RFC3339)), ReminderOffsets: input.Some(offsets)})
		b.now = due.Add(-4 * time.Hour) // from the first reminder on: an offset that has passed is nothing new then
		sent := b.claim(t)
		require.Equal(t, 1, sent)
		for end := due.Add(time.Hour); b.now.Before(end); b.now = b.now.Add(time.Duration(1+r.IntN(20)) * time.Minute) {
			switch r.IntN(5) {
			case 0:
				b.edit(t, added.ID, task.Fields{Title: input.Some(fmt.Sprint("x", r.IntN(9)))})
			case 1: // the same ones in another order, and one that has passed by now
				r.Shuffle(len(offsets), func(i, j int) { offsets[i], offsets[j] = offsets[j], offsets[i] })
				b.edit(t, added.ID, task.Fields{ReminderOffsets: input.Some(append([]int{600}, offsets...))})
			case 2:
				b.edit(t, added.ID, task.Fields{DueDate: input.Some(due.Add(time.Duration(r.IntN(10)) * time.Minute).Format(time.RFC3339))})
			case 3:
				_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: added.ID})
				require.NoError(t, err)
				_, err = b.service.Reopen(b.ctx, b.ann, added.ID)
				require.NoError(t, err)
			}
			sent += b.claim(t)
		}
		require.LessOrEqual(t, sent, len(offsets), "round %d", round)
		_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: added.ID})
		require.NoError(t, err)
	}
}

func TestNagRemindsUntilDone(t *testing.T) {
	b := setup(t) // 08:00
	nag := task.Fields{Title: input.Some("pill"), DueDate: input.Some("2026-03-02T09:00"), ReminderOffsets: input.Some([]int{0, -10}), Nag: input.Some(task.Nag{EveryMinutes: 30, Until: "done"})}
	added := b.add(t, b.ann, nag)
	var sent []string
	for ; b.now.Hour() < 11; b.now = b.now.Add(5 * time.Minute) {
		if b.claim(t) > 0 {
			sent = append(sent, b.now.Format("15:04"))
		}
	}
	require.Equal(t, []string{"09:00", "09:10", "09:30", "10:00", "10:30"}, sent)
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: added.ID})
	require.NoError(t, err)
	b.now = b.now.Add(time.Hour)
	require.Zero(t, b.claim(t))

	wrong := nag
	wrong.Nag = input.Some(task.Nag{EveryMinutes: 1})
	_, err = b.service.Add(b.ctx, b.ann, task.AddInput{Fields: wrong})
	requireCode(t, err, "INVALID_INPUT", "nag")
	later := b.add(t, b.ann, nag)
	set := b.remind(t, task.ReminderInput{TaskID: later.ID, Clear: []string{"nag"}})
	require.Zero(t, set.NagMinutes)
}

func TestSnoozeIsTakenBack(t *testing.T) {
	b := setup(t) // 08:00
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T12:00")})
	b.remind(t, task.ReminderInput{TaskID: added.ID, SnoozeMinutes: input.Some(300)})
	for _, back := range []task.ReminderInput{{SnoozeMinutes: input.Some(0)}, {Clear: []string{"snooze"}}} {
		back.TaskID = added.ID
		set := b.remind(t, back)
		require.Nil(t, set.SnoozedUntil)
		require.Equal(t, "2026-03-02T11:00:00Z", set.RemindAt.Format(time.RFC3339))
		b.remind(t, task.ReminderInput{TaskID: added.ID, SnoozeMinutes: input.Some(300)})
	}
	moved := b.edit(t, added.ID, task.Fields{DueDate: input.Some("2026-03-04T12:00")})
	require.Nil(t, moved.SnoozedUntil, "the snooze was about the date before")
}

func TestDayStaysThatDayWhereverItsUserIs(t *testing.T) {
	b := setup(t)
	added := b.add(t, b.ann, task.Fields{Title: input.Some("bins"), DueDate: input.Some("2026-03-05"), ReminderOffsets: input.Some([]int{0, 1440})})
	daily := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-05"), RecurrenceRule: input.Some("daily")})
	require.Equal(t, "2026-03-04T09:00:00Z", added.RemindAt.Format(time.RFC3339), "09:00 of the day before")
	events := len(b.outbox(t))
	after, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{TimeZone: "Pacific/Honolulu"})
	require.NoError(t, err)
	b.ann = after.Settings
	for _, id := range []int64{added.ID, daily.ID} {
		found, err := b.service.Get(b.ctx, b.ann, id)
		require.NoError(t, err)
		require.Equal(t, "2026-03-05", found.FormatDue(b.ann))
		require.Equal(t, "2026-03-06T09:59:59Z", found.DueDate.Format(time.RFC3339), "its end in Honolulu")
	}
	require.Len(t, b.outbox(t), events+2, "events tell the new instants")
	found, err := b.service.Get(b.ctx, b.ann, added.ID)
	require.NoError(t, err)
	require.Equal(t, "2026-03-04T19:00:00Z", found.RemindAt.Format(time.RFC3339), "09:00 there")
	same := b.edit(t, added.ID, task.Fields{DueDate: input.Some(found.FormatDue(b.ann))})
	require.Equal(t, found.Version, same.Version, "written back, nothing changes")

	after, err = b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{AllDayTime: "07:30"})
	require.NoError(t, err)
	require.Equal(t, []string{"all_day_time"}, after.Changed)
	found, err = b.service.Get(b.ctx, after.Settings, added.ID)
	require.NoError(t, err)
	require.Equal(t, "2026-03-04T17:30:00Z", found.RemindAt.Format(time.RFC3339))
}

func TestTasksComeAlongToANewZone(t *testing.T) {
	b := setup(t)
	one := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-28T09:00"), RecurrenceRule: input.Some("daily")})
	b.add(t, b.ann, task.Fields{Title: input.Some("call"), DueDate: input.Some("2026-03-05T10:00"), TimeZone: input.Some("America/New_York")})
	after, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{TimeZone: "Europe/Berlin"})
	require.NoError(t, err)
	require.Equal(t, 1, after.Left, "still in UTC")
	require.Equal(t, "UTC", after.LeftIn)
	b.ann = after.Settings
	same := b.edit(t, one.ID, task.Fields{DueDate: input.Some("2026-03-28T10:00+01:00")})
	require.Equal(t, "UTC", same.TimeZone, "read and written back, nothing changes")
	after, err = b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{BringTasksFrom: "UTC"})
	require.NoError(t, err)
	require.Equal(t, 1, after.Brought)
	found, err := b.service.Get(b.ctx, b.ann, one.ID)
	require.NoError(t, err)
	require.Equal(t, "2026-03-28T09:00:00+01:00", found.FormatDue(b.ann))
	dates, err := found.NextDates(b.now, 1)
	require.NoError(t, err)
	require.Equal(t, "2026-03-29T09:00:00+02:00", task.FormatTime(&dates[0], b.ann.Zone()))

	// The same wall time given again takes the new zone, though the instant is the same.
	after, err = b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{TimeZone: "Europe/Paris"})
	require.NoError(t, err)
	b.ann = after.Settings
	again := b.edit(t, one.ID, task.Fields{DueDate: input.Some("2026-03-28T09:00")})
	require.Equal(t, "Europe/Paris", again.TimeZone)
	require.Equal(t, *found.DueDate, *again.DueDate)
}

func TestWallTimeThatWasSkippedIsKeptForALaterRule(t *testing.T) {
	b := setup(t)
	b.ann.TimeZone = "Europe/Berlin"
	one := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2027-03-28T02:30")})
	require.Equal(t, "2027-03-28T03:30:00+02:00", one.FormatDue(b.ann))
	b.edit(t, one.ID, task.Fields{Title: input.Some("y")})
	daily := b.edit(t, one.ID, task.Fields{RecurrenceRule: input.Some("daily")})
	dates, err := daily.NextDates(b.now, 1)
	require.NoError(t, err)
	require.Equal(t, "2027-03-29T02:30:00+02:00", task.FormatTime(&dates[0], b.ann.Zone()))
}

func TestNextDueIsThatOfTheOpenOccurrence(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T09:00"), RecurrenceRule: input.Some("daily")})
	complete := func(id int64) task.Completion {
		done, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: id})
		require.NoError(t, err)
		return done
	}
	complete(first.ID)
	second, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, first.ID)
	require.NoError(t, err)
	complete(second.ID)
	third, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, second.ID)
	require.NoError(t, err)
	_, err = b.service.Reopen(b.ctx, b.ann, first.ID)
	require.NoError(t, err)
	require.Equal(t, third.ID, complete(first.ID).Next.ID)
}

func TestSkipIsTakenBackByReopening(t *testing.T) {
	b := setup(t)
	one := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-03T09:00"), RecurrenceRule: input.Some("weekly")})
	_, err := b.service.SkipOccurrence(b.ctx, b.ann, one.ID)
	require.NoError(t, err)
	undone, err := b.service.Reopen(b.ctx, b.ann, one.ID)
	require.NoError(t, err)
	require.True(t, undone.Unskipped)
	require.Equal(t, "2026-03-03T09:00:00Z", undone.Task.FormatDue(b.ann))
	undone, err = b.service.Reopen(b.ctx, b.ann, one.ID)
	require.NoError(t, err)
	require.False(t, undone.Changed)
}

func TestCompletionInThePastAndToCome(t *testing.T) {
	b := setup(t)
	one := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-02-20"), RecurrenceRule: input.Some("FREQ=DAILY;INTERVAL=3"), RecurrenceBase: input.Some(task.FromCompletion)})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: one.ID, CompletedAt: "2026-03-03"})
	requireCode(t, err, "INVALID_INPUT", "completed_at")
	done, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: one.ID, CompletedAt: "2026-02-24"})
	require.NoError(t, err)
	require.Equal(t, "2026-02-27", done.Next.FormatDue(b.ann), "one step, though that has passed too")
	next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, one.ID)
	require.NoError(t, err)
	require.Equal(t, "2026-02-27", next.FormatDue(b.ann))
}

func TestAgendaListsAllDatesOfOpenSeries(t *testing.T) {
	b := setup(t) // Monday 2 March
	daily := b.add(t, b.ann, task.Fields{Title: input.Some("daily"), DueDate: input.Some("2026-03-02T09:00"), RecurrenceRule: input.Some("daily")})
	b.add(t, b.ann, task.Fields{Title: input.Some("once"), DueDate: input.Some("2026-03-03T09:00")})
	listed, err := b.service.List(b.ctx, b.ann, task.ListInput{DueAfter: "2026-03-02", DueBefore: "2026-03-05"})
	require.NoError(t, err)
	require.Equal(t, 2, listed.Total)
	require.Len(t, listed.Agenda, 3)
	require.Equal(t, []bool{false, true, true}, []bool{listed.Agenda[0].ToCome, listed.Agenda[1].ToCome, listed.Agenda[2].ToCome})
	overview, err := b.service.Overview(b.ctx, b.ann, task.OverviewInput{Days: 3})
	require.NoError(t, err)
	require.Len(t, overview.Agenda, 4)
	require.Equal(t, daily.ID, overview.Agenda[3].Task.ID)

	far, err := b.service.List(b.ctx, b.ann, task.ListInput{DueAfter: "2027-04-05", DueBefore: "2027-04-08"})
	require.NoError(t, err)
	require.Len(t, far.Agenda, 3, "however many dates come before")
	require.False(t, far.Cut)
}
