package outbox

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
)

// row is a committed event that waits to be published.
type row struct {
	id       int64
	topic    string
	envelope event.Envelope
}

// readRows reads the oldest rows of the given shards. It reads what is there,
// not what lies behind some id: ids are drawn before the commit, so a smaller
// one can appear after a larger.
func readRows(ctx context.Context, session *pgx.Conn, shards []int16) ([]row, error) {
	if len(shards) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statementTimeout)
	defer cancel()
	rows, err := session.Query(ctx, `
		SELECT id, topic, event_id, event_type, task_id, source, traceparent, data, created_at
		FROM outbox WHERE shard = ANY($1) ORDER BY id LIMIT $2`, shards, batchSize)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (row, error) {
		var (
			out     row
			eventID uuid.UUID
			taskID  int64
			at      time.Time
			e       = &out.envelope
		)
		if err := r.Scan(&out.id, &out.topic, &eventID, &e.Type, &taskID, &e.Source, &e.TraceParent, &e.Data, &at); err != nil {
			return row{}, err
		}
		e.SpecVersion, e.ID, e.Time = "1.0", eventID.String(), at.UTC()
		e.Subject, e.PartitionKey = event.Key(taskID), event.Key(taskID)
		e.DataContentType, e.DataSchema = "application/json", event.SchemaURI(e.Type)
		e.TraceID = e.TraceParent
		return out, nil
	})
}

func deleteRows(ctx context.Context, session *pgx.Conn, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	_, err := session.Exec(ctx, `DELETE FROM outbox WHERE id = ANY($1)`, ids)
	return err
}
