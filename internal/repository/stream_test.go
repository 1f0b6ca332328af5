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

func TestEveryEventIsRecordedOnceForItsUser(t *testing.T) {
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
		SELECT j.event_type FROM journal j
		WHERE j.user_id = $1 AND j.event_id IS NOT NULL AND EXISTS (
			SELECT FROM outbox o WHERE o.id = j.id AND o.task_id = j.object_id AND o.shard = j.object_id % 16)
		ORDER BY j.position, j.id`, b.ann.UserID)
	require.NoError(t, err)
	types, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"task.created", "task.updated", "task.updated", "task.updated", "reminder.sent", "task.completed"}, types)
	var recorded, distinct int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FILTER (WHERE event_id IS NOT NULL), count(DISTINCT event_id) FROM journal`).Scan(&recorded, &distinct))
	require.Equal(t, distinct, recorded)
}
