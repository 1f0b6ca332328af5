package outbox

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
	"tickler/internal/repository"
)

const maxError = 2000 // bytes of an error that are kept with its event

// row is a committed event that waits to be published.
type row struct {
	id       int64
	taskID   int64
	topic    string
	envelope event.Envelope
}

// readRows reads the oldest rows of each given shard, up to perShard of each,
// without those that are being published and those of tasks and topics that are
// to be left out. It reads what is there, not what lies behind some id:
// ids are drawn before the commit, so a smaller one can appear after a larger.
func readRows(ctx context.Context, session *pgx.Conn, shards []int16, leaveOut selection, publishing []row) ([]row, error) {
	if len(shards) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(publishing))
	for i, row := range publishing {
		ids[i] = row.id
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statementTimeout)
	defer cancel()
	rows, err := session.Query(ctx, `
		SELECT o.id, o.topic, o.event_id, o.event_type, o.task_id, o.source, o.traceparent, o.data::text, o.created_at
		FROM unnest($1::smallint[]) mine (shard)
		CROSS JOIN LATERAL (
			SELECT * FROM outbox w
			WHERE w.shard = mine.shard AND w.task_id <> ALL ($3) AND w.id <> ALL ($4) AND w.topic <> ALL ($5)
			ORDER BY w.id LIMIT $2
		) o`, shards, perShard, leaveOut.tasks, ids, leaveOut.topics)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (row, error) {
		var (
			out     row
			eventID uuid.UUID
			data    string
			at      time.Time
			e       = &out.envelope
		)
		if err := r.Scan(&out.id, &out.topic, &eventID, &e.Type, &out.taskID, &e.Source, &e.TraceParent, &data, &at); err != nil {
			return row{}, err
		}
		e.Data = json.RawMessage(data) // as text: no need to parse what is only passed on
		e.SpecVersion, e.ID, e.Time = "1.0", eventID.String(), at.UTC()
		e.Subject, e.PartitionKey = event.Key(out.taskID), event.Key(out.taskID)
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

// readParked lists the tasks of the given shards that have a parked event.
func readParked(ctx context.Context, session *pgx.Conn, shards []int16) ([]int64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statementTimeout)
	defer cancel()
	rows, err := session.Query(ctx, `SELECT DISTINCT task_id FROM outbox WHERE parked_at IS NOT NULL AND shard = ANY ($1)`, shards)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// parkRow sets an event aside until somebody releases it.
func parkRow(ctx context.Context, session *pgx.Conn, id int64, reason error) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	text := reason.Error()
	_, err := session.Exec(ctx, `UPDATE outbox SET parked_at = now(), error = $2 WHERE id = $1`, id, repository.Storable(text[:min(len(text), maxError)]))
	return err
}
