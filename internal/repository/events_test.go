package repository_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

func TestChangeAndEventCommitTogether(t *testing.T) {
	b := setup(t)
	added := b.add(t, b.ann, task.Fields{Title: input.Some("Pay"), DueDate: input.Some("2026-03-05"), Tags: input.Some([]string{"home"}), RecurrenceRule: input.Some("daily")})
	_, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: added.ID, Fields: task.Fields{Title: input.Some("Pay rent"), Description: input.Null[string]()}})
	require.NoError(t, err)
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: added.ID})
	require.NoError(t, err)
	_, err = b.service.Delete(b.ctx, b.ann, added.ID)
	require.NoError(t, err)

	rows := b.outbox(t)
	var types, topics []string
	for i, row := range rows {
		types, topics = append(types, row.Type), append(topics, row.Topic)
		require.Equal(t, added.ID, row.TaskID)
		require.EqualValues(t, b.ann.UserID, row.Data["user_id"])
		if i > 0 {
			require.GreaterOrEqual(t, row.Data["task_version"], rows[i-1].Data["task_version"])
		}
	}
	require.Equal(t, []string{"task.created", "task.updated", "task.completed", "task.completed", "task.deleted"}, types)
	require.Equal(t, []string{"task-events", "task-events", "task-events", "task-recurrence", "task-events"}, topics)
	require.Equal(t, map[string]any{"title": "Pay rent"}, rows[1].Data["updated_fields"])
	require.Equal(t, rows[2].Data["event_id"], rows[3].Data["event_id"], "one event, on two topics")
	require.EqualValues(t, 4, b.committed.Load())
}

func TestFailedTransactionLeavesNeitherTaskNorEventNorTag(t *testing.T) {
	b := setup(t)
	boom := errors.New("boom")
	err := b.store.Tx(b.ctx, b.ann.UserID, func(tx task.Tx) error {
		if _, _, err := tx.AddTag(b.ctx, label.Tag{Name: "home"}); err != nil {
			return err
		}
		_, err := tx.Insert(b.ctx, &task.Task{UserID: b.ann.UserID, Title: "x", Priority: task.Low, TimeZone: "UTC", CreatedAt: b.now, UpdatedAt: b.now, Version: 1}, task.Idempotency{})
		require.NoError(t, err)
		return boom
	})
	require.ErrorIs(t, err, boom)
	require.Empty(t, b.outbox(t))
	found, err := b.service.List(b.ctx, b.ann, task.ListInput{})
	require.NoError(t, err)
	require.Zero(t, found.Total)
	tags, err := b.store.Tags(b.ctx, b.ann.UserID)
	require.NoError(t, err)
	require.Empty(t, tags)
	require.Zero(t, b.committed.Load())
}

func TestRefusedCallChangesNothing(t *testing.T) {
	b := setup(t)
	_, err := b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), Tags: input.Some([]string{"new"}), TagIDs: input.Some([]int64{999})}})
	requireCode(t, err, fault.NotFound, "tag_ids")
	_, err = b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), Tags: input.Some([]string{"new"}), Category: input.Some("none")}})
	requireCode(t, err, fault.NotFound, "category")
	tags, err := b.store.Tags(b.ctx, b.ann.UserID)
	require.NoError(t, err)
	require.Empty(t, tags)
	require.Empty(t, b.outbox(t))
}

func TestEventCarriesTheTraceOfItsRequest(t *testing.T) {
	b := setup(t)
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	b.ctx = telemetry.WithTraceParent(context.Background(), trace)
	b.add(t, b.ann, task.Fields{Title: input.Some("x")})
	var stored string
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT traceparent FROM journal WHERE event_id IS NOT NULL`).Scan(&stored))
	require.Equal(t, trace, stored)
}

func TestUpdateWithoutADifferenceIsNoChangeAndNoEvent(t *testing.T) {
	b := setup(t)
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-05T10:00"), Tags: input.Some([]string{"a"})})
	same, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: added.ID, Fields: task.Fields{Title: input.Some(" x "), DueDate: input.Some("2026-03-05T10:00:00Z"), Tags: input.Some([]string{"A"})}})
	require.NoError(t, err)
	require.Empty(t, same.Changed)
	require.Equal(t, 1, same.Task.Version)
	require.Len(t, b.outbox(t), 1)
}
