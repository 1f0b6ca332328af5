package repository

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
	"tickler/internal/journal"
)

const historyColumns = `
	SELECT id, position, at, user_id, call_id, actor_kind, actor, coalesce(token_id, 0), coalesce(client, ''), transport,
	       object, object_id, action, before::text, after::text, restores::text, coalesce(version, 0), event_id, coalesce(undoes, 0)
	FROM journal`

func scanHistory(row pgx.CollectableRow) (journal.Entry, error) {
	var e journal.Entry
	var before, after, restores *string
	err := row.Scan(&e.ID, &e.Position.Transaction, &e.At, &e.UserID, &e.CallID, &e.By.Kind, &e.By.Name, &e.By.TokenID, &e.By.Client, &e.By.Transport,
		&e.Object, &e.ObjectID, &e.Action, &before, &after, &restores, &e.Version, &e.EventID, &e.Undoes)
	e.Position.Row, e.At = e.ID, e.At.UTC()
	e.Before, e.After, e.Restores = bytesOf(before), bytesOf(after), bytesOf(restores)
	return e, err
}

func bytesOf(text *string) []byte {
	if text == nil {
		return nil
	}
	return []byte(*text)
}

// named is a condition that a column holds a name, as people compare names: whatever
// its case and its form in Unicode.
func named(column, name string) string {
	return fmt.Sprintf("lower(normalize(%s, NFKC)) = lower(normalize(%s, NFKC))", column, name)
}

// History reads a user's own entries, newest first, up to the filter's Limit.
func (r *Repository) History(ctx context.Context, userID int64, f journal.Filter) ([]journal.Entry, error) {
	s := &statement{}
	s.and("user_id = %s", s.arg(userID))
	order := "position DESC, id DESC"
	if f.Object != "" {
		s.and("object = %s", s.arg(string(f.Object)))
	} else { // the entry of the comment says it already
		s.and("action <> %s", s.arg(string(journal.Commented)))
	}
	if f.ObjectID != 0 {
		s.and("object_id = %s", s.arg(f.ObjectID))
		order = "id DESC" // entries of one object are ordered by id
	}
	if f.CallID != uuid.Nil {
		s.and("call_id = %s", s.arg(f.CallID))
	}
	if f.TokenID != 0 {
		s.and("token_id = %s", s.arg(f.TokenID))
	}
	if f.By != "" {
		by := s.arg(f.By)
		s.and("("+named("actor", by)+" OR "+named("actor_kind", by)+" OR "+named("client", by)+" OR token_id::text = %s)", by)
	}
	if f.Changes {
		s.and("action <> ALL (%s)", s.arg(journal.Notices()))
	}
	if !f.Since.IsZero() {
		s.and("at >= %s", s.arg(f.Since))
	}
	if f.Before != 0 {
		before := s.arg(f.Before)
		if f.ObjectID != 0 {
			s.and("id < %s", before)
		} else {
			s.and("(position, id) < (coalesce((SELECT position FROM journal WHERE user_id = $1 AND id = %[1]s), 9223372036854775807), %[1]s)", before)
		}
	}
	rows, err := r.as(userID).Query(ctx, fmt.Sprintf("%s %s ORDER BY %s LIMIT %d", historyColumns, s.clause(), order, f.Limit), s.args...)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read the history: %w", err))
	}
	all, err := pgx.CollectRows(rows, scanHistory)
	return all, unavailable(err)
}

// HistoryOfAll reads the entries of all users, or of one unless userID is 0, newest
// first; with before, only those older than that id. Entries tell who did what and
// when, without content. Callers must have checked that they act for an
// administrator.
func (r *Repository) HistoryOfAll(ctx context.Context, userID, before int64, limit int) (all []journal.Entry, err error) {
	begin := []*pgx.QueuedQuery{{SQL: "BEGIN READ ONLY"}, {SQL: `SELECT set_config('tickler.admin', 'on', true)`}}
	// All administrators together share one user's number of sessions.
	err = r.sessions.run(ctx, nobody, reading, begin, func(tx *transaction) error {
		rows, err := tx.Query(ctx, `
			SELECT id, at, user_id, coalesce(issuer, ''), coalesce(subject, ''), call_id, actor_kind, actor, coalesce(token_id, 0), coalesce(client, ''), transport, object, object_id, action, event_id
			FROM journal_of_all(nullif($1::bigint, 0), nullif($2::bigint, 0), $3)`, userID, before, limit)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e journal.Entry, err error) {
			var issuer, subject string
			err = row.Scan(&e.ID, &e.At, &e.UserID, &issuer, &subject, &e.CallID, &e.By.Kind, &e.By.Name, &e.By.TokenID, &e.By.Client, &e.By.Transport,
				&e.Object, &e.ObjectID, &e.Action, &e.EventID)
			e.At, e.User = e.At.UTC(), NameOf(issuer, subject)
			return e, err
		})
		return err
	})
	if err != nil {
		return nil, unavailable(fmt.Errorf("read the history of all: %w", err))
	}
	return all, nil
}

const (
	streamColumns = `
		SELECT (SELECT max(id) FROM incarnations), position, id, event_id, event_type, at, user_id, object_id, version, source, coalesce(traceparent, ''), after::text
		FROM journal`
	streamEntries = streamColumns + `
		WHERE user_id = $1 AND (position, id) > ($2, $3) AND event_type IS NOT NULL
		  AND position < greatest($5, pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
		ORDER BY position, id LIMIT $4`
	recentReminders = streamColumns + `
		WHERE user_id = $1 AND event_type = $2
		ORDER BY position DESC, id DESC LIMIT $3`
	// One row: the incarnation, where the settled part ends, and whether everything after
	// position $1 of incarnation $3 is still kept. A position beyond the end comes from a
	// database whose files were replaced by older ones.
	streamEnd = `
		SELECT i.id, h.horizon - 1, $3 = i.id AND $1 > f.position AND $1 < h.next
		FROM journal_floor f, (SELECT max(id) AS id FROM incarnations) i, (
			SELECT greatest($2, pg_snapshot_xmin(s)::text::bigint) AS horizon, pg_snapshot_xmax(s)::text::bigint AS next
			FROM pg_current_snapshot() s
		) h`
	// For each of the users $1, the oldest transaction that may still write to their
	// part of the journal. A writer takes its lock before its number. One without a number
	// will therefore get a number that nobody has now, whether or not it has the lock, and
	// no entry has a position below its writer's number. The horizon is not one less: on a
	// quiet server the newest entry would wait for another transaction. Locks are read
	// once, so that they belong together. pg_locks has only the lower half of a number; a
	// running transaction is within half a turn of the newest.
	settled = `
		WITH newest AS MATERIALIZED (
			SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next
		), locks AS MATERIALIZED (
			SELECT pid, locktype, database, classid, objid, objsubid, transactionid, mode, granted FROM pg_locks
			WHERE locktype IN ('advisory', 'transactionid')
		), writing AS (
			SELECT w.objid::bigint AS key, min(n.next + 2147483648 - ((n.next + 2147483648 - x.transactionid::text::bigint) & 4294967295)) AS transaction
			FROM newest n CROSS JOIN locks w JOIN locks x USING (pid)
			WHERE w.locktype = 'advisory' AND w.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			  AND w.classid::bigint = $2 AND w.objsubid = 2
			  AND x.locktype = 'transactionid' AND x.granted AND x.mode = 'ExclusiveLock'
			GROUP BY w.objid
		)
		SELECT u.id, least(n.next, (SELECT min(w.transaction) FROM writing w WHERE w.key IN ($3, u.key)))
		FROM newest n CROSS JOIN unnest($1::bigint[], $4::bigint[]) AS u (id, key)`
)

// LogEntries reads a user's events after a position, in order. It stops where a
// running transaction could still insert an entry, so nothing is ever added among
// the entries it returned. It returns fewer than limit when entries are long. until
// is a horizon from Settled, or 0.
func (r *Repository) LogEntries(ctx context.Context, userID int64, after event.Position, until int64, limit int) ([]event.Entry, error) {
	rows, err := r.as(userID).Query(ctx, streamEntries, userID, after.Transaction, after.Row, limit, until)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read the journal: %w", err))
	}
	defer rows.Close()
	var entries []event.Entry
	for space := (pageText{left: maxLogText}); rows.Next(); {
		e, err := scanStream(rows)
		if err != nil {
			return nil, unavailable(err)
		}
		if !space.fits(len(e.Data)) {
			return entries, nil
		}
		entries = append(entries, e)
	}
	return entries, unavailable(rows.Err())
}

// RecentReminders reads a user's latest reminders, newest first.
func (r *Repository) RecentReminders(ctx context.Context, userID int64, limit int) ([]event.Entry, error) {
	rows, err := r.as(userID).Query(ctx, recentReminders, userID, event.ReminderSent, limit)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read the latest reminders: %w", err))
	}
	entries, err := pgx.CollectRows(rows, scanStream)
	return entries, unavailable(err)
}

func scanStream(row pgx.CollectableRow) (e event.Entry, err error) {
	var c event.Change
	var fields *string
	if err := row.Scan(&e.Position.Incarnation, &e.Position.Transaction, &e.Position.Row, &c.EventID, &c.Type, &c.At, &c.UserID, &c.TaskID, &c.TaskVersion, &c.Source, &c.TraceParent, &fields); err != nil {
		return e, err
	}
	c.Fields = bytesOf(fields)
	e.ID, e.Type, e.TaskID, e.Time = c.EventID, c.Type, c.TaskID, c.At.UTC()
	e.Data, err = c.Data()
	return e, err
}

// LogEnd returns the position after which future events will come. whole tells
// whether everything after the position after is still kept. settled is a horizon
// from Settled, or 0.
func (r *Repository) LogEnd(ctx context.Context, after event.Position, settled int64) (end event.Position, whole bool, err error) {
	var incarnation, transaction int64
	err = r.pool.QueryRow(ctx, streamEnd, after.Transaction, settled, after.Incarnation).Scan(&incarnation, &transaction, &whole)
	return event.EndOf(incarnation, transaction), whole, unavailable(err)
}

// LogNews tells for each of the users where their entries are settled, whether there
// are any from Since on up to there, and whether there are any beyond, which cannot be
// read yet.
func (r *Repository) LogNews(ctx context.Context, about []event.Followed) ([]event.News, error) {
	users, since, settled := make([]int64, len(about)), make([]int64, len(about)), make([]int64, len(about))
	for i, one := range about {
		users[i], since[i], settled[i] = one.UserID, one.Since, one.Settled
	}
	news, err := collect[event.News](ctx, r.pool, `SELECT user_id, until, found, unsettled FROM journal_news($1, $2, $3)`, users, since, settled)
	return news, unavailable(err)
}

// Settled returns for each of the users a transaction below which none of their
// entries can appear in the journal any more, whatever other transactions run on the
// server. Entries must be read by a later statement. It scans the server's locks, so
// it is meant for when the snapshot's own horizon stays behind.
func (r *Repository) Settled(ctx context.Context, users []int64) (map[int64]int64, error) {
	keys := make([]int64, len(users))
	for i, id := range users {
		keys[i] = int64(WritingKey(id))
	}
	rows, err := r.pool.Query(ctx, settled, users, WritingLocks, EverybodysKey, keys)
	if err != nil {
		return nil, unavailable(err)
	}
	horizons := make(map[int64]int64, len(users))
	var id, horizon int64
	_, err = pgx.ForEachRow(rows, []any{&id, &horizon}, func() error { horizons[id] = horizon; return nil })
	return horizons, unavailable(err)
}

// RecordedEvents reads the referenced events, of any user; those that do not exist
// are absent from the result.
func (r *Repository) RecordedEvents(ctx context.Context, told []event.Reference) (map[uuid.UUID]event.Change, error) {
	return recordedEvents(ctx, r.pool, told)
}

func recordedEvents(ctx context.Context, q querier, told []event.Reference) (map[uuid.UUID]event.Change, error) {
	users, tasks, ids := make([]int64, len(told)), make([]int64, len(told)), make([]uuid.UUID, len(told))
	for i, one := range told {
		users[i], tasks[i], ids[i] = one.UserID, one.TaskID, one.ID
	}
	rows, err := q.Query(ctx, `SELECT event_id, event_type, at, user_id, task_id, version, source, traceparent, fields FROM recorded_events($1, $2, $3)`, users, tasks, ids)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read %d recorded events: %w", len(told), err))
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c event.Change, err error) {
		var fields *string
		err = row.Scan(&c.EventID, &c.Type, &c.At, &c.UserID, &c.TaskID, &c.TaskVersion, &c.Source, &c.TraceParent, &fields)
		c.Fields = bytesOf(fields)
		return c, err
	})
	if err != nil {
		return nil, unavailable(fmt.Errorf("read %d recorded events: %w", len(told), err))
	}
	records := make(map[uuid.UUID]event.Change, len(all))
	for _, c := range all {
		records[c.EventID] = c
	}
	return records, nil
}
