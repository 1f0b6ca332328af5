package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Parked is an event that the broker refused.
type Parked struct {
	ID        int64 // of the journal's entry
	EventID   string
	EventType string
	Topic     string
	TaskID    int64
	Error     string
	ParkedAt  time.Time
	Waiting   int // later events of the task that wait behind it
}

// ListParked lists parked events, oldest first, 1000 at the most.
func ListParked(ctx context.Context, pool *pgxpool.Pool) ([]Parked, error) {
	rows, err := pool.Query(ctx, `
		SELECT o.id, e.event_id::text, e.event_type, o.topic, o.task_id, o.error, o.parked_at,
		       (SELECT count(*) FROM outbox w WHERE w.shard = o.shard AND w.task_id = o.task_id AND w.id > o.id)
		FROM (SELECT * FROM outbox WHERE parked_at IS NOT NULL ORDER BY id LIMIT 1000) o
		CROSS JOIN LATERAL waiting_events(ARRAY[o.shard], ARRAY[o.topic], ARRAY[o.id]) e ORDER BY o.id`)
	if err != nil {
		return nil, fmt.Errorf("list parked events: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Parked])
}

// Release lets a parked event be published again, or all of them when id is 0,
// and returns how many there were.
func Release(ctx context.Context, pool *pgxpool.Pool, id int64) (int64, error) {
	tag, err := pool.Exec(ctx, `UPDATE outbox SET parked_at = NULL, error = NULL WHERE parked_at IS NOT NULL AND ($1::bigint = 0 OR id = $1)`, id)
	if err != nil {
		return 0, fmt.Errorf("release parked events: %w", err)
	}
	return tag.RowsAffected(), nil
}
