package repository

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// once runs effect in a transaction, with the events that the consumer has not
// handled before. A concurrent delivery of the same events waits for the first one,
// and has nothing to do once that has committed. If effect fails, or the process
// crashes before the commit, the events will be handled again.
func (r *Repository) once(ctx context.Context, consumer string, events []uuid.UUID, effect func(tx *transaction, fresh map[uuid.UUID]bool) error) error {
	err := r.serve(ctx, func(tx *transaction) error {
		// Ordered by id, so that two bulks never deadlock.
		rows, err := tx.Query(ctx, `
			INSERT INTO inbox (consumer, event_id) SELECT DISTINCT $1, id FROM unnest($2::uuid[]) id ORDER BY id
			ON CONFLICT DO NOTHING RETURNING event_id`, consumer, events)
		if err != nil {
			return fmt.Errorf("note %d events: %w", len(events), err)
		}
		noted, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return fmt.Errorf("note %d events: %w", len(events), err)
		}
		fresh := make(map[uuid.UUID]bool, len(noted))
		for _, id := range noted {
			fresh[id] = true
		}
		return effect(tx, fresh)
	})
	return unavailable(err)
}
