package repository_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/task"
)

func TestEstimatesAreAddedUpOverAllThatMatch(t *testing.T) {
	b := setup(t)
	for _, fields := range []task.Fields{
		{Title: input.Some("a"), EstimateMinutes: input.Some(30), DueDate: input.Some("2026-03-01")},
		{Title: input.Some("b"), EstimateMinutes: input.Some(525_600)},
		{Title: input.Some("nobody knows"), DueDate: input.Some("2026-03-01T10:00")},
	} {
		b.add(t, b.ann, fields)
	}
	b.add(t, b.bob, task.Fields{Title: input.Some("another's"), EstimateMinutes: input.Some(7)})
	gone := b.add(t, b.ann, task.Fields{Title: input.Some("gone"), EstimateMinutes: input.Some(7)})
	_, err := b.service.Delete(b.ctx, b.ann, gone.ID)
	require.NoError(t, err)

	found, err := b.service.List(b.ctx, b.ann, task.ListInput{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, 525_630, found.EstimateMinutes, "those of the other pages too")
	today, err := b.service.Overview(b.ctx, b.ann, task.OverviewInput{})
	require.NoError(t, err)
	require.Equal(t, 30, today.Overdue.EstimateMinutes)
	require.Equal(t, 525_600, today.Undated.EstimateMinutes)
}

func TestEstimateIsStoredToldAndGoesOnInTheSeries(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("Water"), EstimateMinutes: input.Some(15), DueDate: input.Some("2026-03-02T09:00"), RecurrenceRule: input.Some("daily")})
	changed, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: first.ID, Fields: task.Fields{EstimateMinutes: input.Some(20)}})
	require.NoError(t, err)
	require.Equal(t, []string{"estimate_minutes"}, changed.Changed)
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
	require.NoError(t, err)
	next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, first.ID)
	require.NoError(t, err)
	stored, err := b.service.Get(b.ctx, b.ann, next.ID)
	require.NoError(t, err)
	require.Equal(t, 20, *stored.EstimateMinutes)
	cleared, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: next.ID, Fields: task.Fields{EstimateMinutes: input.Null[int]()}})
	require.NoError(t, err)
	require.Nil(t, cleared.Task.EstimateMinutes)

	var told []any
	for _, row := range b.outbox(t) {
		switch {
		case row.Topic != event.TopicTaskEvents:
		case row.Type == event.TaskCreated:
			told = append(told, row.Data["estimate_minutes"])
		case row.Type == event.TaskUpdated:
			require.Contains(t, row.Data["updated_fields"], "estimate_minutes")
			told = append(told, row.Data["updated_fields"].(map[string]any)["estimate_minutes"])
		}
	}
	require.Equal(t, []any{15.0, 20.0, 20.0, nil}, told)
}
