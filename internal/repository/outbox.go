package repository

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

// leaveWithEvents leaves a batch for later with the outbox rows of a change, and
// its entry in the event log, behind it. The task's row lock is held by then, so
// rows of one task are in commit order.
func (tx *userTx) leaveWithEvents(ctx context.Context, batch *pgx.Batch, c task.Change) error {
	base := event.Base{
		EventID: uuid.New(), Timestamp: c.Task.UpdatedAt, UserID: c.Task.UserID,
		SchemaVersion: event.SchemaVersion, TaskID: c.Task.ID, TaskVersion: c.Task.Version,
	}
	eventType, data, err := describe(c, base)
	if err != nil {
		return err
	}
	content, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode %s of task %d: %w", eventType, c.Task.ID, err)
	}
	batch.Queue(`
		WITH logged AS (
			INSERT INTO event_log (user_id, task_id, event_id, event_type, source, data, created_at)
			VALUES ($10, $5, $2, $3, $6, $8, $9)
		)
		INSERT INTO outbox (shard, event_id, event_type, topic, task_id, source, traceparent, data, created_at)
		SELECT $1, $2, $3, unnest($4::text[]), $5, $6, $7, $8, $9`,
		c.Task.ID%event.Shards, base.EventID, eventType, event.TopicsOf(eventType), c.Task.ID,
		event.Source(tx.repository.source), telemetry.TraceParent(ctx), content, base.Timestamp, c.Task.UserID)
	tx.wroteEvents = true
	tx.later(batch)
	return nil
}

// describe gives the type and data of the event that reports a change.
func describe(c task.Change, base event.Base) (string, any, error) {
	switch c.Kind {
	case task.Created:
		base.EventType = event.TaskCreated
		data, err := event.NewCreated(base, c.Task.Told())
		return base.EventType, data, err
	case task.Updated:
		base.EventType = event.TaskUpdated
		_, fields := task.Differences(c.Before, c.Task)
		return base.EventType, event.Updated{Base: base, UpdatedFields: fields}, nil
	case task.Completed:
		base.EventType = event.TaskCompleted
		data := event.Completed{Base: base, CompletedAt: *c.Task.CompletedAt}
		if c.Task.Recurrence != nil {
			data.RecurrenceRule = c.Task.Recurrence.Rule
		}
		return base.EventType, data, nil
	case task.Deleted:
		base.EventType = event.TaskDeleted
		return base.EventType, event.Deleted{Base: base}, nil
	}
	return "", nil, fmt.Errorf("no event reports a change of the kind %q", c.Kind)
}
