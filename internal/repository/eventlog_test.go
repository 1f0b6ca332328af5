package repository_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/task"
)

func TestEveryEventIsLoggedOnceForItsUser(t *testing.T) {
	b := setup(t)
	one := b.add(t, b.ann, task.Fields{Title: input.Some("x"), Tags: input.Some([]string{"home"}), DueDate: input.Some("2026-03-02T08:30Z")})
	b.add(t, b.bob, task.Fields{Title: input.Some("Bob's"), DueDate: input.Some("2026-03-02T08:30Z")})
	_, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: "Work"})
	require.NoError(t, err)
	_, err = b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: one.ID, Fields: task.Fields{Category: input.Some("Work")}})
	require.NoError(t, err)
	_, err = b.labels.DeleteCategory(b.ctx, b.ann, label.CategoryInput{Category: "Work"})
	require.NoError(t, err)
	_, err = b.labels.DeleteTag(b.ctx, b.ann, label.TagInput{Tag: "home"})
	require.NoError(t, err)
	claimed, _, err := b.notifier.ClaimReminders(b.ctx, b.now.Add(time.Hour), b.now.Add(-time.Hour), 10)
	require.NoError(t, err)
	require.Equal(t, 2, claimed)
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: one.ID})
	require.NoError(t, err)

	rows, err := b.pool.Query(b.ctx, `
		SELECT l.event_type FROM event_log l
		WHERE l.user_id = $1 AND EXISTS (
			SELECT FROM outbox o WHERE o.event_id = l.event_id AND o.event_type = l.event_type AND o.task_id = l.task_id
			AND o.source = l.source AND o.created_at = l.created_at AND o.data::jsonb = l.data::jsonb
			AND (l.data->>'user_id')::bigint = l.user_id)
		ORDER BY l.position, l.seq`, b.ann.UserID)
	require.NoError(t, err)
	types, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"task.created", "task.updated", "task.updated", "task.updated", "reminder.sent", "task.completed"}, types)
	var logged, distinct int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT (SELECT count(*) FROM event_log), (SELECT count(DISTINCT event_id) FROM outbox)`).Scan(&logged, &distinct))
	require.Equal(t, distinct, logged)
}
