package repository

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
)

const (
	logEntries = `
		SELECT position, seq, event_id, event_type, task_id, created_at, data::text
		FROM event_log
		WHERE user_id = $1 AND (position, seq) > ($2, $3)
		  AND position < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
		ORDER BY position, seq LIMIT $4`
	recentReminders = `
		SELECT position, seq, event_id, event_type, task_id, created_at, data::text
		FROM event_log
		WHERE user_id = $1 AND event_type = $2
		ORDER BY position DESC, seq DESC LIMIT $3`
	// One row: where the settled part of the log ends, and whether what lies
	// behind position $1 is still there, whole. A position beyond the end is that
	// of another life of the database.
	logEnd = `
		SELECT h.horizon - 1, $1 > f.position AND $1 < h.next
		FROM event_log_floor f, (
			SELECT pg_snapshot_xmin(s)::text::bigint AS horizon, pg_snapshot_xmax(s)::text::bigint AS next
			FROM pg_current_snapshot() s
		) h`
)

// LogEntries reads a user's events behind a position, in order. It leaves out
// the newest while a transaction is running before which they may have to come:
// what was read is all there will ever be up to the last entry. Of long entries it
// returns fewer than limit.
func (r *Repository) LogEntries(ctx context.Context, userID int64, after event.Position, limit int) ([]event.Entry, error) {
	rows, err := r.as(userID).Query(ctx, logEntries, userID, after.Transaction, after.Row, limit)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read the event log: %w", err))
	}
	defer rows.Close()
	var entries []event.Entry
	for space := (pageText{left: maxLogText}); rows.Next(); {
		e, err := scanEntry(rows)
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

// RecentReminders reads a user's latest reminders, the newest first.
func (r *Repository) RecentReminders(ctx context.Context, userID int64, limit int) ([]event.Entry, error) {
	rows, err := r.as(userID).Query(ctx, recentReminders, userID, event.ReminderSent, limit)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read the latest reminders: %w", err))
	}
	entries, err := pgx.CollectRows(rows, scanEntry)
	return entries, unavailable(err)
}

func scanEntry(row pgx.CollectableRow) (event.Entry, error) {
	var e event.Entry
	var data string
	err := row.Scan(&e.Position.Transaction, &e.Position.Row, &e.ID, &e.Type, &e.TaskID, &e.Time, &data)
	e.Time, e.Data = e.Time.UTC(), []byte(data)
	return e, err
}

// LogEnd is the position behind which events are still to come. whole tells
// whether all that came behind after is still kept.
func (r *Repository) LogEnd(ctx context.Context, after event.Position) (end event.Position, whole bool, err error) {
	var transaction int64
	err = r.pool.QueryRow(ctx, logEnd, after.Transaction).Scan(&transaction, &whole)
	return event.EndOf(transaction), whole, unavailable(err)
}

// LogNews tells which of the users have events from transaction since on, and
// from which transaction on to ask the next time. unsettled tells that there
// are events that cannot be read yet.
func (r *Repository) LogNews(ctx context.Context, since int64, users []int64) (found []int64, until int64, unsettled bool, err error) {
	err = r.pool.QueryRow(ctx, `SELECT found, until, unsettled FROM event_log_news($1, $2)`, since, users).Scan(&found, &until, &unsettled)
	return found, until, unsettled, unavailable(err)
}

// RecordedEvents reads the events that have these ids, whoever's they are;
// unknown ids are absent.
func (r *Repository) RecordedEvents(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]event.Record, error) {
	return recordedEvents(ctx, r.pool, ids)
}

func recordedEvents(ctx context.Context, q querier, ids []uuid.UUID) (map[uuid.UUID]event.Record, error) {
	rows, err := q.Query(ctx, `SELECT event_id, user_id, task_id, event_type, source, created_at, data FROM recorded_events($1)`, ids)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read %d recorded events: %w", len(ids), err))
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e event.Record, err error) {
		var data string
		err = row.Scan(&e.ID, &e.UserID, &e.TaskID, &e.Type, &e.Source, &e.Time, &data)
		e.Time, e.Data = e.Time.UTC(), []byte(data)
		return e, err
	})
	if err != nil {
		return nil, unavailable(fmt.Errorf("read %d recorded events: %w", len(ids), err))
	}
	records := make(map[uuid.UUID]event.Record, len(all))
	for _, e := range all {
		records[e.ID] = e
	}
	return records, nil
}
