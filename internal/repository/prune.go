package repository

import (
	"context"
	"fmt"
	"time"

	"tickler/internal/event"
)

// pruneStatements remove what is older than $1, up to $2 rows at a time. An event
// that is still to be published stays in the log, for its consumers look it up
// there. A deleted task's going is no event, since its deletion was one.
var pruneStatements = []struct {
	what string
	kept time.Duration
	sql  string
	more []any
}{
	{"inbox", event.KeptHandled, `
		DELETE FROM inbox WHERE (consumer, event_id) IN (
			SELECT consumer, event_id FROM inbox WHERE handled_at < now() - $1::interval LIMIT $2)`, nil},
	{"deleted tasks", event.KeptDeletedTasks, `
		DELETE FROM tasks WHERE id IN (
			SELECT id FROM tasks WHERE deleted_at < now() - $1::interval LIMIT $2)
		  AND deleted_at < now() - $1::interval`, nil}, // looked at again: it may just be restored
	{"event log", event.KeptEvents, `
		WITH oldest AS (
			SELECT position, seq FROM (SELECT position, seq, created_at FROM event_log ORDER BY position, seq LIMIT $2) first
			WHERE created_at < now() - $1::interval
			  AND (created_at < now() - $3::interval OR created_at < coalesce((SELECT oldest_unpublished()), 'infinity'))
		), noted AS (
			UPDATE event_log_floor SET position = greatest(position, (SELECT max(position) FROM oldest))
			WHERE EXISTS (SELECT FROM oldest)
		)
		DELETE FROM event_log e USING oldest o WHERE e.position = o.position AND e.seq = o.seq`, []any{event.KeptUnpublished}},
	{"audit", event.KeptAudit, `
		DELETE FROM audit WHERE id IN (
			SELECT id FROM audit WHERE at < now() - $1::interval LIMIT $2)`, nil},
	{"deliveries", event.KeptDeliveries, `
		DELETE FROM deliveries WHERE id IN (
			SELECT id FROM deliveries WHERE created_at < now() - $1::interval LIMIT $2)`, nil},
	{"dead letters", event.KeptDeadLetters, `
		DELETE FROM dead_letters WHERE id IN (
			SELECT id FROM dead_letters WHERE received_at < now() - $1::interval LIMIT $2)`, nil},
}

const pruneBatch = 5000

// Prune removes what has been kept long enough. It may run anywhere, at any
// time, more than once.
func (r *Repository) Prune(ctx context.Context) error {
	for _, p := range pruneStatements {
		for {
			tag, err := r.pool.Exec(ctx, p.sql, append([]any{p.kept, pruneBatch}, p.more...)...)
			if err != nil {
				return unavailable(fmt.Errorf("prune %s: %w", p.what, err))
			}
			if tag.RowsAffected() < pruneBatch {
				break
			}
		}
	}
	return nil
}
