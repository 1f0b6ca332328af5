package repository_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/task"
)

func (b *bundle) remind(t *testing.T, in task.ReminderInput) *task.Task {
	t.Helper()
	set, err := b.service.SetReminder(b.ctx, b.ann, in)
	require.NoError(t, err)
	return set.Task
}

func TestReminderIsSetBeforeDueAtAMomentOrSnoozed(t *testing.T) {
	b := setup(t) // 08:00
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-03T12:00")})
	set := b.remind(t, task.ReminderInput{TaskID: added.ID, RemindBeforeMinutes: input.Some([]int{30, 120})})
	require.Equal(t, "2026-03-03T10:00:00Z", set.RemindAt.Format(time.RFC3339))
	set = b.remind(t, task.ReminderInput{TaskID: added.ID, RemindAt: input.Some("2026-03-02T09:15")})
	require.Equal(t, "2026-03-02T09:15:00Z", set.RemindAt.Format(time.RFC3339), "beside those before due")
	require.Len(t, set.ReminderTimes, 3)

	b.now = b.now.Add(75 * time.Minute) // 09:15
	require.Equal(t, 1, b.claim(t))
	set = b.remind(t, task.ReminderInput{TaskID: added.ID, SnoozeMinutes: input.Some(10)})
	require.Equal(t, "2026-03-02T09:25:00Z", set.RemindAt.Format(time.RFC3339))
	b.now = b.now.Add(10 * time.Minute)
	require.Equal(t, 1, b.claim(t))
	b.now = time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC)
	require.Equal(t, 1, b.claim(t), "what comes after the snooze still comes")
	set = b.remind(t, task.ReminderInput{TaskID: added.ID, SnoozeMinutes: input.Some(100)})
	require.Len(t, set.ReminderTimes, 1, "snoozing puts off what would come before: 11:30")
	b.now = b.now.Add(99 * time.Minute)
	require.Zero(t, b.claim(t))
	b.now = b.now.Add(time.Minute)
	require.Equal(t, 1, b.claim(t))
	b.now = b.now.Add(time.Hour)
	require.Zero(t, b.claim(t))
}

func TestMomentsSurviveANewDueDateAndOffsetsMoveWithIt(t *testing.T) {
	b := setup(t)
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-03T12:00")})
	b.remind(t, task.ReminderInput{TaskID: added.ID, RemindAt: input.Some("2026-03-05")})
	b.remind(t, task.ReminderInput{TaskID: added.ID, SnoozeMinutes: input.Some(30)})
	moved, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: added.ID, Fields: task.Fields{DueDate: input.Some("2026-03-07T12:00")}})
	require.NoError(t, err)
	want := func(times ...string) {
		t.Helper()
		found, err := b.service.Get(b.ctx, b.ann, added.ID)
		require.NoError(t, err)
		var got []string
		for _, at := range found.ReminderTimes {
			got = append(got, at.Format("02T15:04"))
		}
		require.Equal(t, times, got)
	}
	require.Equal(t, "2026-03-05T09:00:00Z", moved.Task.RemindAt.Format(time.RFC3339), "the snooze was about the date before")
	want("05T09:00", "07T11:00")
	b.now = b.now.Add(time.Hour)
	require.Zero(t, b.claim(t))
	_, err = b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: added.ID, Fields: task.Fields{DueDate: input.Null[string]()}})
	require.NoError(t, err)
	want("05T09:00")
	b.remind(t, task.ReminderInput{TaskID: added.ID, RemindAt: input.Null[string]()})
	found, err := b.service.Get(b.ctx, b.ann, added.ID)
	require.NoError(t, err)
	require.Nil(t, found.RemindAt)
	require.Zero(t, b.claim(t))
}

func TestReminderThatCannotBeSetSaysWhy(t *testing.T) {
	b := setup(t)
	undated := b.add(t, b.ann, task.Fields{Title: input.Some("x")})
	done := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-03")})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: done.ID})
	require.NoError(t, err)
	some := input.Some([]int{10})
	for _, c := range []struct {
		in    task.ReminderInput
		code  fault.Code
		field string
	}{
		{task.ReminderInput{TaskID: undated.ID}, fault.InvalidInput, "remind_before_minutes"},
		{task.ReminderInput{TaskID: undated.ID, RemindBeforeMinutes: some, SnoozeMinutes: input.Some(5)}, fault.InvalidInput, "remind_before_minutes"},
		{task.ReminderInput{TaskID: undated.ID, RemindBeforeMinutes: some, RemindAt: input.Null[string]()}, fault.InvalidInput, "remind_before_minutes"},
		{task.ReminderInput{TaskID: undated.ID, RemindBeforeMinutes: some}, fault.InvalidInput, "remind_before_minutes"},
		{task.ReminderInput{TaskID: undated.ID, RemindBeforeMinutes: input.Some([]int{-600_000})}, fault.InvalidInput, "remind_before_minutes"},
		{task.ReminderInput{TaskID: undated.ID, RemindBeforeMinutes: input.Some(make([]int, 11))}, fault.InvalidInput, "remind_before_minutes"},
		{task.ReminderInput{TaskID: undated.ID, RemindAt: input.Some("soon")}, fault.InvalidInput, "remind_at"},
		{task.ReminderInput{TaskID: undated.ID, RemindAt: input.Some("2026-03-02T08:00")}, fault.InvalidInput, "remind_at"},
		{task.ReminderInput{TaskID: undated.ID, SnoozeMinutes: input.Some(-1)}, fault.InvalidInput, "snooze_minutes"},
		{task.ReminderInput{TaskID: undated.ID, SnoozeMinutes: input.Some(1 << 40)}, fault.InvalidInput, "snooze_minutes"},
		{task.ReminderInput{TaskID: done.ID, SnoozeMinutes: input.Some(5)}, fault.Conflict, "task_id"},
		{task.ReminderInput{TaskID: 1 << 40, SnoozeMinutes: input.Some(5)}, fault.NotFound, "task_id"},
	} {
		_, err := b.service.SetReminder(b.ctx, b.ann, c.in)
		requireCode(t, err, c.code, c.field)
	}
	_, err = b.service.SetReminder(b.ctx, b.bob, task.ReminderInput{TaskID: undated.ID, SnoozeMinutes: input.Some(5)})
	requireCode(t, err, fault.NotFound, "task_id")
	far := b.remind(t, task.ReminderInput{TaskID: undated.ID, RemindAt: input.Some("2026-03-29T02:30+01:00")})
	require.Equal(t, "2026-03-29T01:30:00Z", far.RemindAt.Format(time.RFC3339), "a task needs no due date for a moment")
}

func TestSuccessorDoesNotInheritMoments(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T12:00"), RecurrenceRule: input.Some("daily")})
	b.remind(t, task.ReminderInput{TaskID: first.ID, RemindAt: input.Some("2026-03-09T09:00")})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
	require.NoError(t, err)
	next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, first.ID)
	require.NoError(t, err)
	require.Equal(t, []time.Time{time.Date(2026, 3, 3, 11, 0, 0, 0, time.UTC)}, next.ReminderTimes)
}

func TestNewDefaultOffsetsMoveTheRemindersThatUseThem(t *testing.T) {
	b := setup(t)
	in := func(due string, offsets []int) int64 {
		return b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some(due), ReminderOffsets: input.Some(offsets)}).ID
	}
	follows, own, allDay := in("2026-03-04T12:00", nil), in("2026-03-04T12:00", []int{5}), in("2026-03-04", nil)
	unclaimed, past := in("2026-03-02T08:30", nil), in("2026-03-02T08:50", nil)
	b.remind(t, task.ReminderInput{TaskID: follows, RemindAt: input.Some("2026-03-03T07:00")})
	done := in("2026-03-04T12:00", nil)
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: done})
	require.NoError(t, err)
	theirs := b.add(t, b.bob, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-04T12:00Z")}).ID
	b.now = b.now.Add(time.Minute)
	_, err = b.pool.Exec(b.ctx, `DELETE FROM reminders WHERE task_id = $1`, past)
	require.NoError(t, err)
	events := len(b.outbox(t))

	after, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{ReminderOffsets: input.Some([]int{1440, 10})})
	require.NoError(t, err)
	require.Equal(t, []string{"reminder_offsets"}, after.Changed)
	stored, err := b.store.Settings(b.ctx, b.ann.UserID)
	require.NoError(t, err)
	require.Equal(t, after.Settings, stored)
	for id, want := range map[int64]string{
		follows: "2026-03-03 07:00:00", own: "2026-03-04 11:55:00", allDay: "2026-03-04 09:00:00", theirs: "2026-03-04 11:00:00",
		unclaimed: "2026-03-02 07:30:00", // has come due and is still to be claimed
		past:      "2026-03-02 08:40:00", done: "",
	} {
		var at *time.Time
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT max(remind_at) FROM reminders WHERE task_id = $1`, id).Scan(&at))
		if want == "" {
			require.Nil(t, at)
			continue
		}
		require.Equal(t, want, at.UTC().Format(time.DateTime), "task %d", id)
	}
	var times []time.Time
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT reminder_times FROM tasks WHERE id = $1`, follows).Scan(&times))
	require.Len(t, times, 3)
	require.Len(t, b.outbox(t), events, "a reminder is no change of the task")
}

func TestSettingsAreCheckedAndANewZoneLeavesTasksWhereTheyAre(t *testing.T) {
	b := setup(t)
	daily := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-28T09:00"), RecurrenceRule: input.Some("daily")})
	same, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{})
	require.NoError(t, err)
	require.Empty(t, same.Changed)
	require.Equal(t, b.ann, same.Settings)
	after, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{TimeZone: "Asia/Kathmandu", ReminderOffsets: input.Null[[]int]()})
	require.NoError(t, err)
	require.Equal(t, []string{"time_zone"}, after.Changed)
	require.Equal(t, []int{60}, after.ReminderOffsets)
	_, err = b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{ReminderOffsets: input.Some([]int{})})
	require.NoError(t, err)
	stored, err := b.store.Settings(b.ctx, b.ann.UserID)
	require.NoError(t, err)
	require.Equal(t, "Asia/Kathmandu", stored.TimeZone, "who did not know of the new zone does not undo it")
	found, err := b.service.Get(b.ctx, after.Settings, daily.ID)
	require.NoError(t, err)
	require.Equal(t, "UTC", found.TimeZone)
	require.Equal(t, "2026-03-28T14:45:00+05:45", found.FormatDue(after.Settings))
	for field, in := range map[string]person.SettingsInput{
		"time_zone":        {TimeZone: "Mars/Olympus"},
		"reminder_offsets": {ReminderOffsets: input.Some([]int{-600_000})},
	} {
		_, err := b.people.UpdateSettings(b.ctx, b.ann, in)
		requireCode(t, err, fault.InvalidInput, field)
	}
}
