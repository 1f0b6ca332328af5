package repository_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/task"
)

func TestDueReminderIsClaimedOnceHoweverManyClaim(t *testing.T) {
	b := setup(t)
	const tasks = 300
	for range tasks {
		b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T08:30")})
	}
	var claimed sync.Map
	var scanners sync.WaitGroup
	for scanner := range 4 {
		scanners.Go(func() {
			total := 0
			for {
				n, _, err := b.notifier.ClaimReminders(b.ctx, b.now, time.Time{}, 7)
				if err != nil || n == 0 {
					break
				}
				total += n
			}
			claimed.Store(scanner, total)
		})
	}
	scanners.Wait()
	sum := 0
	claimed.Range(func(_, n any) bool { sum += n.(int); return true })
	require.Equal(t, tasks, sum)
	seen := map[any]bool{}
	for _, row := range b.outbox(t)[tasks:] {
		require.Equal(t, "reminder.sent", row.Type)
		require.Equal(t, "2026-03-02T07:30:00.000000Z", row.Data["reminder_time"])
		require.False(t, seen[row.Data["event_id"]])
		seen[row.Data["event_id"]] = true
		id, err := uuid.Parse(row.Data["event_id"].(string))
		require.NoError(t, err)
		require.EqualValues(t, 4, id.Version(), "random: nobody can send a decoy under an id they foresaw")
	}
	require.Len(t, seen, tasks)
}

func TestEachOffsetRemindsAtItsTimeAndThoseMissedRemindOnce(t *testing.T) {
	b := setup(t) // 08:00
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T12:00"), ReminderOffsets: input.Some([]int{60, 1440, 300, 60})})
	require.Equal(t, 1, b.claim(t), "1440 and 300 minutes before have passed: one reminder")
	require.Zero(t, b.claim(t))
	b.now = b.now.Add(3*time.Hour - time.Second)
	require.Zero(t, b.claim(t))
	b.now = b.now.Add(time.Second)
	require.Equal(t, 1, b.claim(t))
	after, err := b.service.Get(b.ctx, b.ann, added.ID)
	require.NoError(t, err)
	require.Nil(t, after.RemindAt)
	require.Equal(t, 1, after.Version, "a reminder is no change of the task")
}

func TestReminderIsSentOnlyOnceItWas(t *testing.T) {
	b := setup(t) // 08:00
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T12:00"), ReminderOffsets: input.Some([]int{180, 60})})
	sent := func() bool {
		t.Helper()
		now, err := b.service.Get(b.ctx, b.ann, added.ID)
		require.NoError(t, err)
		return now.ReminderSent(b.ann, b.now)
	}
	require.False(t, sent())
	b.now = b.now.Add(30 * time.Minute)
	require.Zero(t, b.claim(t))
	require.False(t, sent(), "none is due")
	b.now = b.now.Add(30 * time.Minute)
	require.Equal(t, 1, b.claim(t))
	require.True(t, sent(), "though another is to come")
	b.now = b.now.Add(2 * time.Hour)
	require.Equal(t, 1, b.claim(t))
	require.True(t, sent())
}

func TestReminderFollowsTheTask(t *testing.T) {
	b := setup(t)
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T08:30")})
	require.Equal(t, 1, b.claim(t))

	_, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: added.ID, Fields: task.Fields{DueDate: input.Some("2026-03-02T08:45")}})
	require.NoError(t, err)
	require.Zero(t, b.claim(t), "minutes away it is the same to whoever was reminded")
	_, err = b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: added.ID, Fields: task.Fields{DueDate: input.Some("2026-03-02T07:00")}})
	require.NoError(t, err)
	require.Equal(t, 1, b.claim(t), "a new due date re-arms")

	_, err = b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: added.ID, Fields: task.Fields{DueDate: input.Some("2026-03-02T11:00")}})
	require.NoError(t, err)
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: added.ID})
	require.NoError(t, err)
	b.now = b.now.Add(2 * time.Hour)
	require.Zero(t, b.claim(t), "completing disarms")

	b.now = b.now.Add(-time.Hour) // 09:00, an hour before the reminder
	_, err = b.service.Reopen(b.ctx, b.ann, added.ID)
	require.NoError(t, err)
	require.Zero(t, b.claim(t))
	b.now = b.now.Add(time.Hour)
	require.Equal(t, 1, b.claim(t), "reopening re-arms what lies ahead")

	overdue := b.add(t, b.ann, task.Fields{Title: input.Some("late"), DueDate: input.Some("2026-03-01T08:00")})
	_, err = b.service.Delete(b.ctx, b.ann, overdue.ID)
	require.NoError(t, err)
	require.Zero(t, b.claim(t), "deleting disarms")
	_, err = b.service.Reopen(b.ctx, b.ann, overdue.ID)
	require.NoError(t, err)
	require.Zero(t, b.claim(t), "what lies behind is not armed again")
}

func TestAllDayTaskRemindsAtNineInItsZone(t *testing.T) {
	b := setup(t)
	added := b.add(t, b.bob, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-08")}) // the day New York goes to summer time
	require.Equal(t, "2026-03-08T13:00:00Z", added.RemindAt.Format(time.RFC3339))
	none := b.add(t, b.bob, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-08"), ReminderOffsets: input.Some([]int{})})
	require.Nil(t, none.RemindAt)
}

func (b *bundle) claim(t *testing.T) int {
	t.Helper()
	n, _, err := b.notifier.ClaimReminders(b.ctx, b.now, time.Time{}, 100)
	require.NoError(t, err)
	return n
}

func TestReminderThatAChangeArmsAgainIsAnother(t *testing.T) {
	b := setup(t)
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T08:30")})
	require.Equal(t, 1, b.claim(t))
	for _, due := range []string{"2026-03-02T18:30", "2026-03-02T08:30"} {
		_, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: added.ID, Fields: task.Fields{DueDate: input.Some(due)}})
		require.NoError(t, err)
	}
	require.Zero(t, b.claim(t), "it was reminded of that very due date")
	_, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: added.ID, Fields: task.Fields{DueDate: input.Some("2026-03-02T06:30")}})
	require.NoError(t, err)
	require.Equal(t, 1, b.claim(t))
	ids := map[any]bool{}
	for _, row := range b.outbox(t) {
		if row.Type == "reminder.sent" {
			ids[row.Data["event_id"]] = true
		}
	}
	require.Len(t, ids, 2, "else the second would be taken for a repetition of the first")
}

func TestRemindersOfNightsInWhichClocksChange(t *testing.T) {
	b := setup(t)
	berlin := b.user(t, "cem", "Europe/Berlin")
	cases := []struct{ name, due, remind string }{
		{"a time that is skipped moves by the gap, and its reminder with it", "2026-03-29T02:30", "2026-03-29T00:30:00Z"},
		{"an hour before is an hour before, over the gap too", "2026-03-29T03:15", "2026-03-29T00:15:00Z"},
		{"09:00 of the day that begins with winter time", "2026-03-29", "2026-03-29T07:00:00Z"},
		{"of a time that comes twice the first counts", "2026-10-25T02:30", "2026-10-24T23:30:00Z"},
		{"after the hour that came twice", "2026-10-25T03:15", "2026-10-25T01:15:00Z"},
		{"09:00 of the day that begins with summer time", "2026-10-25", "2026-10-25T08:00:00Z"},
	}
	for _, c := range cases {
		added := b.add(t, berlin, task.Fields{Title: input.Some(c.name), DueDate: input.Some(c.due)})
		want, err := time.Parse(time.RFC3339, c.remind)
		require.NoError(t, err)
		require.Equal(t, want, *added.RemindAt, c.name)
		b.now = want.Add(-time.Second)
		require.Zero(t, b.claim(t), c.name)
		b.now = want
		require.Equal(t, 1, b.claim(t), c.name)
		require.Zero(t, b.claim(t), c.name)
	}

	b.now = time.Date(2027, 3, 27, 6, 0, 0, 0, time.UTC)
	daily := b.add(t, berlin, task.Fields{Title: input.Some("daily"), DueDate: input.Some("2027-03-27T09:00"), RecurrenceRule: input.Some("daily")})
	require.Equal(t, "2027-03-27T07:00:00Z", daily.RemindAt.Format(time.RFC3339))
	_, err := b.service.Complete(b.ctx, berlin, task.CompleteInput{TaskID: daily.ID})
	require.NoError(t, err)
	next, err := b.service.CreateSuccessor(b.ctx, berlin.UserID, daily.ID)
	require.NoError(t, err)
	require.Equal(t, "2027-03-28T06:00:00Z", next.RemindAt.Format(time.RFC3339), "at 08:00 of both days")
}
