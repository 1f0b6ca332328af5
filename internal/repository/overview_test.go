package repository_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/task"
)

func pageTitles(p task.Page) []string { return titles(task.Listing{Page: p}) }

func TestOverviewCutsTheDaysInTheUsersZone(t *testing.T) {
	b := setup(t)
	b.now = time.Date(2026, 3, 7, 17, 0, 0, 0, time.UTC) // noon in New York; the next day has 23 hours
	for _, in := range []task.Fields{
		{Title: input.Some("yesterday"), DueDate: input.Some("2026-03-06")}, {Title: input.Some("an hour ago"), DueDate: input.Some("2026-03-07T11:00")},
		{Title: input.Some("now"), DueDate: input.Some("2026-03-07T12:00")}, {Title: input.Some("today"), DueDate: input.Some("2026-03-07")},
		{Title: input.Some("midnight"), DueDate: input.Some("2026-03-08T00:00")}, {Title: input.Some("tomorrow"), DueDate: input.Some("2026-03-08")},
		{Title: input.Some("last day"), DueDate: input.Some("2026-03-14")}, {Title: input.Some("beyond"), DueDate: input.Some("2026-03-15T00:00")},
		{Title: input.Some("undated")}, {Title: input.Some("undated and urgent"), Priority: input.Some(task.Urgent)},
	} {
		b.add(t, b.bob, in)
	}
	done := b.add(t, b.bob, task.Fields{Title: input.Some("done"), DueDate: input.Some("2026-03-07")})
	_, err := b.service.Complete(b.ctx, b.bob, task.CompleteInput{TaskID: done.ID})
	require.NoError(t, err)
	gone := b.add(t, b.bob, task.Fields{Title: input.Some("gone"), DueDate: input.Some("2026-03-07")})
	_, err = b.service.Delete(b.ctx, b.bob, gone.ID)
	require.NoError(t, err)
	b.add(t, b.ann, task.Fields{Title: input.Some("another's"), DueDate: input.Some("2026-03-07T23:00")})

	all, err := b.service.Overview(b.ctx, b.bob, task.OverviewInput{})
	require.NoError(t, err)
	require.Equal(t, []string{"yesterday", "an hour ago"}, pageTitles(all.Overdue))
	require.Equal(t, []string{"now", "today"}, pageTitles(all.Today))
	require.Equal(t, []string{"midnight", "tomorrow", "last day"}, pageTitles(all.Upcoming))
	require.Equal(t, []string{"undated and urgent", "undated"}, pageTitles(all.Undated))
	require.Equal(t, "2026-03-15T04:00:00Z", all.Until.Format(time.RFC3339))

	some, err := b.service.Overview(b.ctx, b.bob, task.OverviewInput{Selection: task.Selection{Priority: []task.Priority{task.Urgent}}})
	require.NoError(t, err)
	require.Equal(t, []string{"undated and urgent"}, pageTitles(some.Undated))
	require.Zero(t, some.Overdue.Total+some.Today.Total+some.Upcoming.Total)

	short, err := b.service.Overview(b.ctx, b.bob, task.OverviewInput{Days: 1, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"midnight"}, pageTitles(short.Upcoming))
	require.Equal(t, 2, short.Upcoming.Total)
	for field, in := range map[string]task.OverviewInput{"days": {Days: 91}, "limit": {Limit: 51}} {
		_, err := b.service.Overview(b.ctx, b.bob, in)
		requireCode(t, err, fault.InvalidInput, field)
	}
}

func TestTasksDeletedMoreThanThirtyDaysAgoArePurged(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("old"), DueDate: input.Some("2026-03-02T09:00"), RecurrenceRule: input.Some("daily"), Tags: input.Some([]string{"a"})})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
	require.NoError(t, err)
	next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, first.ID)
	require.NoError(t, err)
	recent, kept := b.add(t, b.ann, task.Fields{Title: input.Some("recent")}), b.add(t, b.ann, task.Fields{Title: input.Some("kept")})
	for _, id := range []int64{first.ID, recent.ID} {
		_, err = b.service.Delete(b.ctx, b.ann, id)
		require.NoError(t, err)
	}
	_, err = b.pool.Exec(b.ctx, `UPDATE tasks SET deleted_at = now() - CASE id WHEN $1 THEN interval '31 days' ELSE interval '29 days' END WHERE deleted_at IS NOT NULL`, first.ID)
	require.NoError(t, err)
	require.NoError(t, b.notifier.Prune(b.ctx))
	_, err = b.service.Reopen(b.ctx, b.ann, first.ID)
	requireCode(t, err, fault.NotFound, "task_id")
	_, err = b.service.Reopen(b.ctx, b.ann, recent.ID)
	require.NoError(t, err)
	for _, id := range []int64{next.ID, kept.ID} {
		_, err = b.service.Get(b.ctx, b.ann, id)
		require.NoError(t, err)
	}
}
