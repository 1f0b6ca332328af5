package repository

import (
	"context"
	"fmt"
	"time"

	"tickler/internal/event"
)

// pruneStatements delete what is older than $1, up to $2 rows at a time. An entry
// whose event is unpublished stays in the journal, because the relay and the
// consumers read it there. Pruning a deleted task causes no event, since its
// deletion already did.
var pruneStatements = []struct {
	what string
	kept time.Duration
	sql  string
}{
	{"inbox", event.KeptHandled, `
		DELETE FROM inbox WHERE (consumer, event_id) IN (
			SELECT consumer, event_id FROM inbox WHERE handled_at < now() - $1::interval LIMIT $2)`},
	{"deleted tasks", event.KeptDeletedTasks, `
		DELETE FROM tasks WHERE id IN (
			SELECT id FROM tasks WHERE deleted_at < now() - $1::interval LIMIT $2)
		  AND deleted_at < now() - $1::interval`}, // checked again: it may have been restored meanwhile
	{"journal", event.KeptJournal, `
		WITH oldest AS (
			SELECT id, position FROM (SELECT id, position, at FROM journal ORDER BY id LIMIT $2) first
			WHERE at < now() - $1::interval AND id < coalesce((SELECT oldest_unpublished()), id + 1)
		), noted AS (
			UPDATE journal_floor SET position = greatest(position, (SELECT max(position) FROM oldest))
			WHERE EXISTS (SELECT FROM oldest)
		)
		DELETE FROM journal j USING oldest o WHERE j.id = o.id`},
	{"deliveries", event.KeptDeliveries, `
		DELETE FROM deliveries WHERE id IN (
			SELECT id FROM deliveries WHERE created_at < now() - $1::interval LIMIT $2)`},
	{"sessions of browsers", 0, `
		DELETE FROM web_sessions WHERE id IN (SELECT id FROM web_sessions WHERE expires_at <= now() - $1::interval LIMIT $2)`},
	{"links that sign in", 0, `
		DELETE FROM sign_in_links WHERE hash IN (SELECT hash FROM sign_in_links WHERE expires_at <= now() - $1::interval LIMIT $2)`},
	{"steps of signing in", 0, `
		DELETE FROM sign_in_steps WHERE hash IN (SELECT hash FROM sign_in_steps WHERE expires_at <= now() - $1::interval LIMIT $2)`},
	{"tokens of connections", 0, `
		DELETE FROM oauth_tokens WHERE id IN (SELECT id FROM oauth_tokens WHERE expires_at <= now() - $1::interval LIMIT $2)`},
	{"authorization codes", event.KeptCodes, `
		DELETE FROM oauth_codes WHERE id IN (SELECT id FROM oauth_codes WHERE expires_at <= now() - $1::interval LIMIT $2)`},
	{"attempts to connect", event.KeptAttempts, `
		DELETE FROM oauth_attempts WHERE id IN (SELECT id FROM oauth_attempts WHERE at < now() - $1::interval LIMIT $2)`},
	{"clients that nobody connected", event.KeptClients, `
		DELETE FROM oauth_clients WHERE id IN (SELECT id FROM oauth_clients WHERE used_at IS NULL AND created_at < now() - $1::interval LIMIT $2)`},
	{"clients that nobody uses", event.KeptConnectedClients, `
		DELETE FROM oauth_clients WHERE id IN (SELECT id FROM oauth_clients WHERE used_at < now() - $1::interval LIMIT $2)
		  AND used_at < now() - $1::interval`}, // checked again: it may have been used meanwhile
	{"dead letters", event.KeptDeadLetters, `
		DELETE FROM dead_letters WHERE id IN (
			SELECT id FROM dead_letters WHERE received_at < now() - $1::interval LIMIT $2)`},
}

const pruneBatch = 5000

// Prune removes whatever has been kept long enough. It may run anywhere, at any
// time, and concurrently.
func (r *Repository) Prune(ctx context.Context) error {
	for _, p := range pruneStatements {
		for {
			tag, err := r.pool.Exec(ctx, p.sql, p.kept, pruneBatch)
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
