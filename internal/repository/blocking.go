package repository

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/journal"
	"tickler/internal/task"
)

// A task is blocked while it is open and a task in its blocked_by is. When that changes,
// and when a task with blockers is open again, an event says so, once, in the transaction of the change that caused it: completing,
// deleting, reopening or restoring a blocker, or another blocked_by. See
// docs/decisions/0023-blocked-in-the-transaction.md.

// blocking is what a transaction has changed that may block or unblock tasks.
type blocking struct {
	at             time.Time      // of the last change
	opened, closed map[int64]bool // tasks that are open, or no longer
	own            map[int64]formerly
}

// formerly is a task as it was before the transaction.
type formerly struct {
	ID     int64   `json:"id"`
	Open   bool    `json:"was_open"`
	Stored bool    `json:"was_stored"` // it is not new
	Needed []int64 `json:"needed"`
}

func stillOpen(t *task.Task) bool { return t != nil && !t.Completed() && t.DeletedAt == nil }

// noteBlocking notes a change of a task; before is nil for a new one.
func (tx *userTx) noteBlocking(before, after *task.Task) {
	b := &tx.blocking
	b.at = after.UpdatedAt
	was, is := stillOpen(before), stillOpen(after)
	if was != is && before != nil {
		if b.opened == nil {
			b.opened, b.closed = map[int64]bool{}, map[int64]bool{}
		}
		delete(b.opened, after.ID)
		delete(b.closed, after.ID)
		if is {
			b.opened[after.ID] = true
		} else {
			b.closed[after.ID] = true
		}
	}
	var needed []int64
	if before != nil {
		needed = before.BlockedBy
	}
	if len(needed) == 0 && len(after.BlockedBy) == 0 {
		return
	}
	if _, noted := b.own[after.ID]; !noted {
		if b.own == nil {
			b.own = map[int64]formerly{}
		}
		b.own[after.ID] = formerly{after.ID, was, before != nil, append([]int64{}, needed...)}
	}
}

// lockBlocked locks the tasks that may be blocked or unblocked, so that of two
// transactions that complete the last two blockers of a task the second one sees what
// the first did. Statements after it see that.
const lockBlocked = `
	SELECT count(*) FROM (
		SELECT FROM tasks t WHERE t.user_id = $1 AND t.blocked_by IS NOT NULL AND t.deleted_at IS NULL AND NOT t.completed AND t.blocked_by && $2::bigint[]
		ORDER BY t.id FOR NO KEY UPDATE
	) locked`

// reportChanged records which tasks are blocked or not, other than before the
// transaction.
//
// Parameters: those of recordChanges, $15 user, $16 opened, $17 closed, $18 own, $19
// whether to record the tasks that are blocked, or those that are not any more.
const reportChanged = `
	WITH own AS (
		SELECT * FROM json_to_recordset($18::json) AS own (id bigint, was_open boolean, was_stored boolean, needed bigint[])
	), concerned AS (
		SELECT t.id, t.version, t.title, t.blocked_by, coalesce(own.was_open, true) AS was_open, coalesce(own.was_stored, true) AS was_stored, CASE WHEN own.id IS NULL THEN t.blocked_by ELSE own.needed END AS needed
		FROM tasks t LEFT JOIN own ON own.id = t.id
		WHERE t.user_id = $15 AND t.deleted_at IS NULL AND NOT t.completed AND t.blocked_by IS NOT NULL AND t.blocked_by && ($16::bigint[] || $17::bigint[])
		UNION
		SELECT t.id, t.version, t.title, t.blocked_by, own.was_open, own.was_stored, own.needed
		FROM own JOIN tasks t ON t.user_id = $15 AND t.id = own.id
		WHERE t.deleted_at IS NULL AND NOT t.completed
	), judged AS (
		SELECT c.*, ARRAY(
			SELECT b.id FROM tasks b WHERE b.user_id = $15 AND b.id = ANY (c.blocked_by) AND b.deleted_at IS NULL AND NOT b.completed ORDER BY b.id
		) AS blockers, was_open AND EXISTS (
			SELECT FROM unnest(c.needed) needed LEFT JOIN tasks b ON b.user_id = $15 AND b.id = needed
			WHERE needed = ANY ($17) OR (b.deleted_at IS NULL AND NOT b.completed AND NOT needed = ANY ($16))
		) AS was_blocked
		FROM concerned c
	), described AS (
		SELECT id AS place, $15::bigint AS user_id, id AS object_id, version, gen_random_uuid() AS event_id, NULL::json AS before,
		       json_strip_nulls(json_build_object('title', title, 'blocked_by', CASE WHEN $19 THEN to_json(blockers) END)) AS after,
		       NULL::json AS restores, NULL::bigint AS undoes
		FROM judged WHERE (was_blocked <> $19 OR was_stored AND NOT was_open) AND (cardinality(blockers) > 0) = $19
	)` + recordChanges

// reportBlocking records which tasks the transaction has blocked and unblocked. It
// sends nothing unless a change may have.
func (tx *userTx) reportBlocking(ctx context.Context) error {
	b := tx.blocking
	if len(b.opened) == 0 && len(b.closed) == 0 && len(b.own) == 0 {
		return nil
	}
	former := []formerly{}
	for _, one := range b.own {
		former = append(former, one)
	}
	own, err := json.Marshal(former)
	if err != nil {
		return err
	}
	opened, closed := keys(b.opened), keys(b.closed)
	batch := &pgx.Batch{}
	batch.Queue(lockBlocked, tx.userID, append(append([]int64{}, opened...), closed...))
	for _, one := range []struct {
		action  journal.Action
		blocked bool
	}{{journal.Blocked, true}, {journal.Unblocked, false}} {
		if len(b.own) == 0 && (one.blocked && len(opened) == 0 || !one.blocked && len(closed) == 0) {
			continue
		}
		batch.Queue(reportChanged, append(tx.recording(ctx, b.at, journal.Task, one.action), tx.userID, opened, closed, string(own), one.blocked)...)
	}
	tx.later(batch)
	return nil
}

func keys(of map[int64]bool) []int64 {
	all := make([]int64, 0, len(of))
	for id := range of {
		all = append(all, id)
	}
	return all
}
