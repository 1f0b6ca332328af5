package repository

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
)

// ErrRestored marks a database that pg_restore wrote, perhaps on another server, and
// that has not begun anew since.
var ErrRestored = errors.New("the database was restored from a backup; stop all apps, then run: api migrate up; see docs/operations.md, \"Backup and restore\"")

// Origin is how a database compares to what its newest incarnation recorded.
type Origin struct {
	// Restored: pg_restore wrote the rows, here or on another server. Numbers of
	// transactions that they hold mean nothing here.
	Restored bool
	// Recovered: the server's WAL has another timeline, after point-in-time recovery or
	// a failover. Numbers still hold, but what was committed last may be missing.
	Recovered bool
}

// originQuery compares xmin, which pg_restore cannot carry over, and what identifies
// the server. A copy of the server's files has both, so it is not noticed unless WAL
// was replayed over it into another timeline.
const originQuery = `
	SELECT i.xmin::text::bigint <> i.transaction & 4294967295 OR i.system_identifier <> (pg_control_system()).system_identifier,
	       i.timeline <> ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer
	FROM incarnations i ORDER BY i.id DESC LIMIT 1`

// ReadOrigin tells whether the database is the one that it was.
func ReadOrigin(ctx context.Context, q querier) (o Origin, err error) {
	rows, err := q.Query(ctx, originQuery)
	if err != nil {
		return o, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Origin])
}

// Connected lists the sessions of apps on the database, for example "tickler_api from
// 10.1.2.3 (4)". Commands count while they run.
func Connected(ctx context.Context, q querier) ([]string, error) {
	rows, err := q.Query(ctx, `
		SELECT application_name || ' from ' || coalesce(host(client_addr), 'this machine') || ' (' || count(*) || ')'
		FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = ANY ($1)
		GROUP BY application_name, client_addr ORDER BY 1`, roles)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// RefuseConnected returns an error that names the apps that are connected, nil if
// there are none.
func RefuseConnected(ctx context.Context, q querier) error {
	connected, err := Connected(ctx, q)
	if err != nil {
		return fmt.Errorf("look for connected apps: %w", err)
	}
	if len(connected) == 0 {
		return nil
	}
	return fmt.Errorf("apps are connected to the database: %s. Stop them first: nothing was changed", strings.Join(connected, ", "))
}

// skippedIDs is how far the ids of a database that began anew move on, so that none
// is given out that was given out after the backup: old events about it may still be
// on the broker, or with consumers.
const skippedIDs = 1_000_000

// Requeued is how many events of a database that began anew are handed to the apps
// again.
type Requeued struct {
	Completions int64 // of recurring tasks, after which nothing says that the next occurrence was made
	Reminders   int64 // that nothing says were handled
}

// requeue queues the events of an app whose effect the backup may not have seen. What
// is missing is told by what is recorded, row by row, and not by when the backup was
// made: nothing in the database says that reliably.
const (
	// A next occurrence names the one before it, and its entry is kept as long as that
	// of the completion it followed.
	requeueCompletions = `
		WITH followed AS (
			SELECT user_id, (after ->> 'previous_task_id')::bigint AS previous, max(id) AS id FROM journal
			WHERE event_type = '` + event.TaskCreated + `' AND after ->> 'previous_task_id' IS NOT NULL GROUP BY 1, 2
		)
		INSERT INTO outbox (shard, topic, id, task_id)
		SELECT j.object_id % $1, '` + event.TopicTaskRecurrence + `', j.id, j.object_id
		FROM journal j LEFT JOIN followed f ON f.user_id = j.user_id AND f.previous = j.object_id AND f.id > j.id
		WHERE j.event_type = '` + event.TaskCompleted + `' AND j.after ->> 'recurrence_rule' IS NOT NULL AND f.id IS NULL
		ORDER BY j.id ON CONFLICT DO NOTHING`
	// Handled ids are kept for a time. What is older may have been handled.
	requeueReminders = `
		INSERT INTO outbox (shard, topic, id, task_id)
		SELECT j.object_id % $1, '` + event.TopicTaskReminders + `', j.id, j.object_id FROM journal j
		WHERE j.event_type = '` + event.ReminderSent + `' AND j.at > now() - $2::interval
		  AND NOT EXISTS (SELECT FROM inbox i WHERE i.event_id = j.event_id)
		ORDER BY j.id ON CONFLICT DO NOTHING`
)

// begin are the statements by which a restored database begins anew.
var begin = []string{
	`INSERT INTO incarnations (id, system_identifier, timeline, transaction)
	 SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, (pg_control_system()).system_identifier, server_timeline(), pg_current_xact_id()::text::bigint`,
	// Old entries come before whatever this server's transactions add: their order among
	// themselves is that of their ids.
	`UPDATE journal SET position = 0 WHERE position <> 0`,
	`UPDATE journal_floor SET position = 0`,
}

// BeginAnew begins a new incarnation of the database: streams that go on from an
// earlier position are told to reset, ids move on, and events whose effects may be
// missing are handed to the apps again, which pass over what was done. Events that
// wait in the outbox stay there, and are not counted. The caller must have the rights
// of the schema's owner, and no app may be connected.
func BeginAnew(ctx context.Context, tx pgx.Tx) (again Requeued, err error) {
	for _, statement := range begin {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return again, fmt.Errorf("begin anew: %w", err)
		}
	}
	rows, err := tx.Query(ctx, `
		SELECT pg_get_serial_sequence(quote_ident(c.relname), a.attname)
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'public'::regnamespace AND a.attidentity = 'a'`)
	if err != nil {
		return again, err
	}
	sequences, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return again, err
	}
	for _, name := range sequences {
		if _, err := tx.Exec(ctx, `SELECT setval($1::text::regclass, nextval($1::text::regclass) + $2)`, name, skippedIDs); err != nil {
			return again, fmt.Errorf("move the ids of %s on: %w", name, err)
		}
	}
	tag, err := tx.Exec(ctx, requeueCompletions, event.Shards)
	if err != nil {
		return again, fmt.Errorf("queue completions again: %w", err)
	}
	again.Completions = tag.RowsAffected()
	if tag, err = tx.Exec(ctx, requeueReminders, event.Shards, event.KeptHandled); err != nil {
		return again, fmt.Errorf("queue reminders again: %w", err)
	}
	again.Reminders = tag.RowsAffected()
	return again, nil
}

// noteTimeline begins a new incarnation if the server's WAL has another timeline than
// the newest one recorded.
func noteTimeline(ctx context.Context, q querier) (noted bool, err error) {
	rows, err := q.Query(ctx, `SELECT note_timeline()`)
	if err != nil {
		return false, err
	}
	id, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[*int64])
	return id != nil, err
}
