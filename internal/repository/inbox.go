package repository

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Once runs effect unless the consumer has handled the event before; done tells
// whether it ran. A second delivery at the same moment waits for the first, and
// does nothing once that has committed. An effect that fails, or a crash before
// the commit, leaves the event to be handled again.
func (r *Repository) Once(ctx context.Context, consumer string, eventID uuid.UUID, effect func() error) (done bool, err error) {
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, consumer, eventID)
		if err != nil {
			return fmt.Errorf("note event %s: %w", eventID, err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		done = true
		return effect()
	})
	return done, unavailable(err)
}
