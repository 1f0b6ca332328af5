package outbox

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
	"tickler/internal/input"
)

const maxError = 2000 // bytes of an error that are kept with its event

// row is a committed event that waits to be published. Its id is that of its
// entry in the journal: one event can wait for several topics.
type row struct {
	id       int64
	shard    int16
	taskID   int64
	topic    string
	envelope event.Envelope
	setBy    string // traceparent of the change that a reminder follows from, if both are traced
}

// readOldest reads the oldest rows of each given shard and topic, with what the
// journal has of their events. What it leaves out is a subquery, which is hashed: an
// array would be searched from end to end for each row.
const readOldest = `
	WITH oldest AS MATERIALIZED (
		SELECT o.shard, o.topic, o.id
		FROM unnest($1::smallint[]) mine (shard)
		CROSS JOIN unnest($2::text[]) lane (topic)
		CROSS JOIN LATERAL (
			SELECT * FROM outbox w
			WHERE w.shard = mine.shard AND w.topic = lane.topic
			  AND w.task_id NOT IN (SELECT unnest($4::bigint[])) AND (w.topic, w.id) NOT IN (SELECT unnest($5::text[]), unnest($6::bigint[]))
			ORDER BY w.id LIMIT $3
		) o
	), told AS (SELECT array_agg(shard) AS shards, array_agg(topic) AS topics, array_agg(id) AS ids FROM oldest)
	SELECT e.id, e.shard, e.topic, e.event_id, e.event_type, e.at, e.user_id, e.task_id, e.version, e.source, e.traceparent, e.fields, e.set_by
	FROM told CROSS JOIN LATERAL waiting_events(told.shards, told.topics, told.ids) e`

// deleteAndRead deletes rows that were published, and reads the oldest rows of
// each given shard and topic, up to a number of each, without those that are
// being published and those of tasks that are to be left out; in one message. It
// reads what is there, not what lies behind some id: ids are drawn before the
// commit, so a smaller one can appear after a larger.
func deleteAndRead(ctx context.Context, session *pgx.Conn, published []row, shards []int16, from selection, publishing []row) (rows []row, err error) {
	batch := &pgx.Batch{}
	if len(published) > 0 {
		batch.Queue(deletePublished, keys(published)...)
	}
	if len(shards) > 0 && len(from.topics) > 0 {
		topics, ids := make([]string, len(publishing)), make([]int64, len(publishing))
		for i, row := range publishing {
			topics[i], ids[i] = row.topic, row.id
		}
		batch.Queue(readOldest, shards, from.topics, from.perShard, from.without, topics, ids).Query(func(found pgx.Rows) error {
			rows, err = pgx.CollectRows(found, scanRow)
			return err
		})
	}
	if batch.Len() == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statementTimeout)
	defer cancel()
	if err := session.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	return rows, nil
}

func scanRow(r pgx.CollectableRow) (row, error) {
	var out row
	var c event.Change
	var fields string // as text: no need to parse what is only passed on
	err := r.Scan(&out.id, &out.shard, &out.topic, &c.EventID, &c.Type, &c.At, &c.UserID, &c.TaskID, &c.TaskVersion, &c.Source, &c.TraceParent, &fields, &out.setBy)
	if err != nil {
		return row{}, err
	}
	c.Fields = json.RawMessage(fields)
	out.taskID = c.TaskID
	out.envelope, err = c.Envelope()
	return out, err
}

const deletePublished = `
	DELETE FROM outbox o USING unnest($1::smallint[], $2::text[], $3::bigint[]) d (shard, topic, id)
	WHERE o.shard = d.shard AND o.topic = d.topic AND o.id = d.id`

func keys(rows []row) []any {
	shards, topics, ids := make([]int16, len(rows)), make([]string, len(rows)), make([]int64, len(rows))
	for i, row := range rows {
		shards[i], topics[i], ids[i] = row.shard, row.topic, row.id
	}
	return []any{shards, topics, ids}
}

func deleteRows(ctx context.Context, session *pgx.Conn, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	_, err := session.Exec(ctx, deletePublished, keys(rows)...)
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
func parkRow(ctx context.Context, session *pgx.Conn, row row, reason error) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	text := reason.Error()
	_, err := session.Exec(ctx, `UPDATE outbox SET parked_at = now(), error = $4 WHERE shard = $1 AND topic = $2 AND id = $3`,
		row.shard, row.topic, row.id, input.ValidUTF8(text[:min(len(text), maxError)]))
	return err
}
