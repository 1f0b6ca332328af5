package repository

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// AuditEntry says who did what through which token. Triggers write it: see
// migrations/00110_audit.sql.
type AuditEntry struct {
	ID       int64      `json:"id"`
	At       time.Time  `json:"at"`
	UserID   int64      `json:"user_id"`            // whose data
	Actor    string     `json:"actor"`              // the token's name, or the app that worked by itself
	TokenID  *int64     `json:"token_id,omitempty"` // of a personal token
	Action   string     `json:"action"`             // as event types are, for example task.created
	ObjectID int64      `json:"object_id"`
	EventID  *uuid.UUID `json:"event_id,omitempty"`
}

// Audit reads a user's own entries, newest first, those before an id unless
// that is 0.
func (r *Repository) Audit(ctx context.Context, userID, before int64, limit int) ([]AuditEntry, error) {
	all, err := collect[AuditEntry](ctx, r.as(userID), `
		SELECT id, at, user_id, actor, token_id, action, object_id, event_id FROM audit
		WHERE user_id = $1 AND ($2::bigint = 0 OR id < $2) ORDER BY id DESC LIMIT $3`, userID, before, limit)
	return all, unavailable(err)
}

// nobody is who all administrators are where sessions are shared out.
const nobody = 0

// AuditOfAll reads those of all users, or of one unless userID is 0. It is for
// administrators only: whoever calls it has checked that.
func (r *Repository) AuditOfAll(ctx context.Context, userID, before int64, limit int) (all []AuditEntry, err error) {
	begin := []*pgx.QueuedQuery{{SQL: "BEGIN READ ONLY"}, {SQL: `SELECT set_config('tickler.admin', 'on', true)`}}
	err = r.sessions.run(ctx, nobody, reading, begin, func(tx *transaction) (err error) {
		all, err = collect[AuditEntry](ctx, tx, `
			SELECT id, at, user_id, actor, token_id, action, object_id, event_id
			FROM audit WHERE ($1::bigint = 0 OR user_id = $1) AND ($2::bigint = 0 OR id < $2) ORDER BY id DESC LIMIT $3`, userID, before, limit)
		return err
	})
	if err != nil {
		return nil, unavailable(fmt.Errorf("read the audit: %w", err))
	}
	return all, nil
}
