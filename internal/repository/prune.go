package repository

import (
	"context"
	"fmt"
)

// pruneStatements remove what has been kept long enough, a batch at a time. An
// inbox row must outlive every way in which its event can come again: the
// topics and the event log keep events for seven days, dead letters are kept for
// thirty. An event that is still to be published stays in the log, for its consumers
// look it up there. A deleted task can be restored for thirty days; its going is no event,
// since its deletion was one.
var pruneStatements = []struct{ what, sql string }{
	{"inbox", `
		DELETE FROM inbox WHERE (consumer, event_id) IN (
			SELECT consumer, event_id FROM inbox WHERE handled_at < now() - interval '45 days' LIMIT $1)`},
	{"deleted tasks", `
		DELETE FROM tasks WHERE id IN (
			SELECT id FROM tasks WHERE deleted_at < now() - interval '30 days' LIMIT $1)
		  AND deleted_at < now() - interval '30 days'`}, // looked at again: it may just be restored
	{"event log", `
		WITH oldest AS (
			SELECT position, seq FROM (SELECT position, seq, created_at FROM event_log ORDER BY position, seq LIMIT $1) first
			WHERE created_at < now() - interval '7 days'
			  AND (created_at < now() - interval '30 days' OR created_at < coalesce((SELECT oldest_unpublished()), 'infinity'))
		), noted AS (
			UPDATE event_log_floor SET position = greatest(position, (SELECT max(position) FROM oldest))
			WHERE EXISTS (SELECT FROM oldest)
		)
		DELETE FROM event_log e USING oldest o WHERE e.position = o.position AND e.seq = o.seq`},
	{"audit", `
		DELETE FROM audit WHERE id IN (
			SELECT id FROM audit WHERE at < now() - interval '90 days' LIMIT $1)`},
	{"deliveries", `
		DELETE FROM deliveries WHERE id IN (
			SELECT id FROM deliveries WHERE created_at < now() - interval '30 days' LIMIT $1)`},
	{"dead letters", `
		DELETE FROM dead_letters WHERE id IN (
			SELECT id FROM dead_letters WHERE received_at < now() - interval '30 days' LIMIT $1)`},
}

const pruneBatch = 5000

// Prune removes what has been kept long enough. It may run anywhere, at any
// time, more than once.
func (r *Repository) Prune(ctx context.Context) error {
	for _, p := range pruneStatements {
		for {
			tag, err := r.pool.Exec(ctx, p.sql, pruneBatch)
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
