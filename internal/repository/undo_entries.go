package repository

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"tickler/internal/history"
	"tickler/internal/journal"
)

// Entries reads entries, newest first.
func (tx *undoTx) Entries(ctx context.Context, ids []int64) ([]journal.Entry, error) {
	rows, err := tx.Query(ctx, historyColumns+` WHERE user_id = $1 AND id = ANY($2) ORDER BY id DESC`, tx.userID, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanHistory)
}

// trails reads what happened to the objects $2 of the kind $3 from the entry $4 on, of
// notices only the newest $5 reminders of each. Content is read only where it tells
// something: it may be long.
const trails = `
	WITH changes AS (
		SELECT object, object_id, id, coalesce(undoes, 0) AS undoes, action,
		       CASE WHEN action IN ('created', 'deleted') AND undoes IS NOT NULL THEN coalesce((restores ->> 'inserted')::boolean, false) ELSE false END AS inserted,
		       CASE WHEN object = 'settings' THEN ARRAY(SELECT json_object_keys(after)) END AS fields
		FROM journal WHERE user_id = $1 AND object_id = ANY ($2) AND object = $3 AND id >= $4 AND action <> ALL ($6)
	), reminders AS (
		SELECT r.object, r.object_id, r.id, 0::bigint, r.action, false, NULL::text[]
		FROM unnest($2::bigint[]) o (id) CROSS JOIN LATERAL (
			SELECT object, object_id, id, action FROM journal
			WHERE user_id = $1 AND object_id = o.id AND object = $3 AND id >= $4 AND action = 'reminded' AND $3 = 'task'
			ORDER BY id DESC LIMIT $5
		) r
	)
	SELECT * FROM changes UNION ALL SELECT * FROM reminders ORDER BY object_id, id LIMIT $7`

// Trails reads what happened to objects; see history.Tx.
func (tx *undoTx) Trails(ctx context.Context, object journal.Object, ids []int64, from int64, limit int) ([]history.Step, error) {
	return collect[history.Step](ctx, tx, trails, tx.userID, ids, string(object), from, history.MaxReminders, journal.Notices(), limit)
}

// CompletedBefore tells whether a task recurred when it was completed last before an
// entry.
func (tx *undoTx) CompletedBefore(ctx context.Context, e journal.Entry) (recurred, known bool, err error) {
	err = tx.QueryRow(ctx, `
		SELECT coalesce(after ->> 'recurrence_rule', '') <> '' FROM journal
		WHERE user_id = $1 AND object_id = $2 AND object = $3 AND id < $4 AND action = 'completed' ORDER BY id DESC LIMIT 1`,
		tx.userID, e.ObjectID, string(e.Object), e.ID).Scan(&recurred)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false, nil
	}
	return recurred, true, err
}

// ActionBefore returns what was done last to an object before an entry.
func (tx *undoTx) ActionBefore(ctx context.Context, e journal.Entry) (action journal.Action, err error) {
	err = tx.QueryRow(ctx, `
		SELECT action FROM journal WHERE user_id = $1 AND object_id = $2 AND object = $3 AND id < $4 ORDER BY id DESC LIMIT 1`,
		tx.userID, e.ObjectID, string(e.Object), e.ID).Scan(&action)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return action, err
}

// Consequences reads the entries of tasks that followed from a change. They stand
// before the entry of the change, those of a label that was given back behind it. One
// call may change an object more than once, so they end at its next entry.
func (tx *undoTx) Consequences(ctx context.Context, of journal.Entry) (history.Consequences, error) {
	rows, err := tx.Query(ctx, `
		WITH bounds AS (
			SELECT coalesce(max(id) FILTER (WHERE id < $4), 0) AS before, coalesce(min(id) FILTER (WHERE id > $4), 9223372036854775807) AS behind
			FROM journal WHERE user_id = $1 AND object_id = $5 AND object = $6
		)
		SELECT j.object_id, j.id, j.version FROM journal j CROSS JOIN bounds b
		WHERE j.user_id = $1 AND j.call_id = $2 AND j.object = 'task' AND j.restores ->> 'because' = $3
		  AND CASE WHEN $7 THEN j.id > $4 AND j.id < b.behind ELSE j.id > b.before AND j.id < $4 END`,
		tx.userID, of.CallID, because(of.Object, of.ObjectID, of.Action), of.ID, of.ObjectID, string(of.Object), of.Action == journal.Restored)
	if err != nil {
		return nil, err
	}
	followed := history.Consequences{}
	var id int64
	var one history.Consequence
	_, err = pgx.ForEachRow(rows, []any{&id, &one.Entry, &one.Version}, func() error { followed[id] = one; return nil })
	return followed, err
}
