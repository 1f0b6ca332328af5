package repository

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/telemetry"
)

// WritingLocks is the class of the advisory locks that writing transactions share,
// each from before its first write until it ends: that of the user whose data it
// changes, or EverybodysKey if it writes entries of users that it does not know yet.
// A transaction that holds neither will not add an entry of the user below the newest
// transaction; see Settled.
const (
	WritingLocks  int32 = 0x74696b02
	EverybodysKey int32 = 0
)

// WritingKey is the key of a user's lock. Users whose keys are equal wait for each
// other's streams, and for nothing else.
func WritingKey(userID int64) int32 { return int32(userID & math.MaxInt32) }

// recordChanges is the end of every statement that changes something. It writes an
// entry for each row of described, in the order of place. If the entry has an event,
// it adds an outbox row for each of the event's topics. A task's row is locked by
// then, so its entries are in commit order.
//
// described has the columns place, user_id, object_id, version, event_id, before,
// after, restores and undoes. Parameters $1 to $14 are those of recording; the statement's
// own begin with $15.
const recordChanges = `, entry AS (
		INSERT INTO journal (at, call_id, actor_kind, actor, token_id, client, transport, object, action, event_type, source, traceparent,
			user_id, object_id, version, event_id, before, after, restores, undoes)
		SELECT coalesce($1::timestamptz, now()), $2::uuid, $3::text, $4::text, $5::bigint, $6::text, $7::text, $8::text, $9::text, $10::text, $11::text, $12::text,
			user_id, object_id, version, event_id, before, after, restores, undoes
		FROM described ORDER BY place
		RETURNING id, object_id
	), queued AS (
		INSERT INTO outbox (shard, topic, id, task_id)
		SELECT object_id % $14::integer, topic, id, object_id FROM entry CROSS JOIN unnest($13::text[]) topic ORDER BY id
	) SELECT (SELECT count(*) FROM entry)`

// recording holds the parameters that all rows of one recordChanges share. If at is
// zero, the entry's time is when the transaction began.
func (r *Repository) recording(ctx context.Context, at time.Time, object journal.Object, action journal.Action) []any {
	call := journal.From(ctx, r.source)
	var eventType, source, traceparent *string
	var topics []string
	if object == journal.Task {
		kind, from, parent := journal.EventType(action), event.Source(r.source), telemetry.TraceParent(ctx)
		eventType, source, topics = &kind, &from, event.TopicsOf(kind)
		if parent != "" {
			traceparent = &parent
		}
	}
	return []any{
		orNull(at), call.ID, string(call.By.Kind), input.ValidUTF8(call.By.Name), orNull(call.By.TokenID), orNull(input.ValidUTF8(call.By.Client)), call.By.Transport,
		string(object), string(action), eventType, source, traceparent, topics, event.Shards,
	}
}

// recording is the repository's, with one call for all entries of the transaction, also
// where an app acts on its own.
func (tx *userTx) recording(ctx context.Context, at time.Time, object journal.Object, action journal.Action) []any {
	return tx.repository.recording(journal.With(ctx, tx.call), at, object, action)
}

func orNull[T comparable](value T) *T {
	var none T
	if value == none {
		return nil
	}
	return &value
}

// entry is one change to record.
type entry struct {
	object   journal.Object
	id       int64 // of the object
	action   journal.Action
	at       time.Time
	version  int // of a task
	before   any // changed fields by their public names; nil: none
	after    any
	restores any // what undo needs in addition to before; nil: nothing
}

const recordOne = `WITH described AS (
		SELECT 1 AS place, $15::bigint AS user_id, $16::bigint AS object_id, $17::integer AS version, $18::uuid AS event_id,
		       $19::json AS before, $20::json AS after, $21::json AS restores, $22::bigint AS undoes
	)` + recordChanges

// leaveEntry queues the entry of a change that was already made.
func (tx *userTx) leaveEntry(ctx context.Context, e entry) error {
	batch := &pgx.Batch{}
	if err := tx.record(ctx, batch, e); err != nil {
		return err
	}
	tx.later(batch)
	return nil
}

// record queues the entry of a change, after the change itself.
func (tx *userTx) record(ctx context.Context, batch *pgx.Batch, e entry) error {
	var contents [3]*string
	for i, content := range []any{e.before, e.after, e.restores} {
		if content == nil {
			continue
		}
		text, err := json.Marshal(content)
		if err != nil {
			return fmt.Errorf("record that %s %d was %s: %w", e.object, e.id, e.action, err)
		}
		s := string(text)
		contents[i] = &s
	}
	var eventID *uuid.UUID
	if e.object == journal.Task {
		if journal.EventType(e.action) == "" {
			return fmt.Errorf("no event reports that task %d was %s", e.id, e.action)
		}
		id := uuid.New()
		eventID, tx.wroteEvents = &id, true
	}
	batch.Queue(recordOne, append(tx.recording(ctx, e.at, e.object, e.action),
		tx.userID, e.id, orNull(e.version), eventID, contents[0], contents[1], contents[2], orNull(tx.undoing.of(e)))...)
	return nil
}
