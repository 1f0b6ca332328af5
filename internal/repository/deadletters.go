package repository

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
	"tickler/internal/input"
)

// DeadLetter is a dead letter as it is kept.
type DeadLetter struct {
	ID         int64
	Topic      string
	EventID    *uuid.UUID // nil: the event was unreadable, so it cannot be sent again
	EventType  string
	TaskID     *int64
	Reason     string
	Document   string
	ReceivedAt time.Time
}

// KeepDeadLetter stores a dead letter once, however often it is delivered.
func (r *Repository) KeepDeadLetter(ctx context.Context, l event.DeadLetter) error {
	var eventID *uuid.UUID
	var taskID *int64
	if l.Readable {
		var data event.Base
		id, err := uuid.Parse(l.Envelope.ID)
		if err == nil && json.Unmarshal(l.Envelope.Data, &data) == nil && data.TaskID > 0 {
			eventID, taskID = &id, &data.TaskID
		}
	}
	_, err := r.pool.Exec(ctx, `
		INSERT INTO dead_letters (topic, event_id, event_type, task_id, reason, document)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		l.Topic, eventID, input.ValidUTF8(l.Envelope.Type), taskID, input.ValidUTF8(l.Reason), input.ValidUTF8(l.Document))
	if err != nil {
		return unavailable(fmt.Errorf("keep a dead letter: %w", err))
	}
	return nil
}

const selectDeadLetters = `
	SELECT id, topic, event_id, event_type, task_id, reason, document, received_at
	FROM dead_letters WHERE redriven_at IS NULL AND ($1::bigint = 0 OR id = $1) ORDER BY id`

// DeadLetters lists up to 1000 dead letters that were not sent again, oldest first.
func (r *Repository) DeadLetters(ctx context.Context) ([]DeadLetter, error) {
	return collect[DeadLetter](ctx, r.pool, selectDeadLetters+` LIMIT 1000`, 0)
}

// Redrive sends a dead letter again, or all that can be when id is 0, and returns
// how many were sent. Each goes through the outbox to the topic it was consumed
// from, as Postgres recorded the event. A letter whose event was never recorded, or
// is no longer, cannot be sent; it does not hold up the others.
func (r *Repository) Redrive(ctx context.Context, id int64) (sent int, err error) {
	ids := []int64{id}
	if id == 0 {
		letters, err := r.DeadLetters(ctx)
		if err != nil {
			return 0, err
		}
		ids = ids[:0]
		for _, l := range letters {
			if l.EventID != nil && l.TaskID != nil {
				ids = append(ids, l.ID)
			}
		}
	}
	var failed []error
	for _, id := range ids {
		if err := r.serve(ctx, func(tx *transaction) error { return redrive(ctx, tx, id) }); err != nil {
			failed = append(failed, fmt.Errorf("dead letter %d: %w", id, err))
			continue
		}
		sent++
	}
	if sent > 0 {
		r.committed()
	}
	return sent, errors.Join(failed...)
}

func redrive(ctx context.Context, tx *transaction, id int64) error {
	letters, err := collect[DeadLetter](ctx, tx, selectDeadLetters+` FOR UPDATE`, id)
	if err != nil {
		return err
	}
	if len(letters) == 0 {
		return errors.New("there is none with that id, or it was sent again; see: api deadletters list")
	}
	l := letters[0]
	if l.EventID == nil || l.TaskID == nil {
		return errors.New("it is not an event that can be read, so it cannot be sent again")
	}
	var e event.Envelope
	if err := json.Unmarshal([]byte(l.Document), &e); err != nil {
		return err
	}
	told, err := e.Reference()
	if err != nil {
		return err
	}
	records, err := recordedEvents(ctx, tx, []event.Reference{told})
	if err != nil {
		return err
	}
	var record *event.Change
	if r, ok := records[*l.EventID]; ok {
		record = &r
	}
	if e, err = record.Verify(l.Topic, e); err != nil {
		return fmt.Errorf("it cannot be sent again: %w", err)
	}
	batch := &pgx.Batch{}
	batch.Queue(`SELECT queue_again($1, $2, $3, $4, $5)`, event.Shards, l.Topic, told.UserID, told.TaskID, told.ID)
	batch.Queue(`UPDATE dead_letters SET redriven_at = now() WHERE id = $1`, l.ID)
	tx.later(batch)
	return nil
}
