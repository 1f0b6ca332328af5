package repository

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/journal"
)

// TokenByHash reads a token that is neither expired nor revoked, or returns an
// access.ExpiredError or fault.ErrNotFound.
func (r *Repository) TokenByHash(ctx context.Context, hash []byte) (access.Token, error) {
	var t access.Token
	err := r.pool.QueryRow(ctx, `SELECT id, user_id, name, prefix, scopes, expires_at, coalesce(client_id, ''), resource FROM check_token($1)`, hash).
		Scan(&t.ID, &t.UserID, &t.Name, &t.Prefix, &t.Scopes, &t.ExpiresAt, &t.ClientID, &t.Resource)
	if errors.Is(err, pgx.ErrNoRows) {
		var expired *time.Time
		if err := r.pool.QueryRow(ctx, `SELECT token_expired($1)`, hash).Scan(&expired); err != nil {
			return t, unavailable(err)
		}
		if expired != nil {
			return t, &access.ExpiredError{At: *expired}
		}
		return t, fault.ErrNotFound
	}
	return t, unavailable(err)
}

// StillGood reports what those of the tokens may do that are neither expired nor
// revoked, and which of the users still exist, in a single query.
func (r *Repository) StillGood(ctx context.Context, tokens, users map[int64]bool) (scopes map[int64][]access.Scope, known map[int64]bool, err error) {
	rows, err := r.pool.Query(ctx, `SELECT token_id, user_id, scopes FROM check_held($1, $2)`,
		slices.Collect(maps.Keys(tokens)), slices.Collect(maps.Keys(users)))
	if err != nil {
		return nil, nil, unavailable(err)
	}
	scopes, known = map[int64][]access.Scope{}, map[int64]bool{}
	var tokenID *int64 // NULL: the row is about a user
	var userID int64
	var may []access.Scope
	_, err = pgx.ForEachRow(rows, []any{&tokenID, &userID, &may}, func() error {
		if tokenID == nil {
			known[userID] = true
		} else {
			scopes[*tokenID] = may
		}
		may = nil
		return nil
	})
	return scopes, known, unavailable(err)
}

// NoteUse records when tokens were last used.
func (r *Repository) NoteUse(ctx context.Context, used map[int64]time.Time) error {
	ids, instants := make([]int64, 0, len(used)), make([]time.Time, 0, len(used))
	for id, at := range used {
		ids, instants = append(ids, id), append(instants, at)
	}
	_, err := r.pool.Exec(ctx, `SELECT note_token_use($1, $2)`, ids, instants)
	return unavailable(err)
}

// AddToken stores a token for a user and returns its id.
func (r *Repository) AddToken(ctx context.Context, userID int64, t access.Token) (int64, error) {
	scopes := make([]string, len(t.Scopes))
	for i, s := range t.Scopes {
		scopes[i] = string(s)
	}
	var id int64
	err := r.change(ctx, userID, func(tx *userTx) error {
		err := tx.QueryRow(ctx, `
			INSERT INTO tokens (user_id, name, prefix, hash, scopes, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
			RETURNING id`, userID, t.Name, t.Prefix, t.Hash, scopes, t.ExpiresAt).Scan(&id)
		if err != nil {
			return fmt.Errorf("store token: %w", err)
		}
		return tx.leaveEntry(ctx, entry{object: journal.Token, id: id, action: journal.Created,
			after: map[string]any{"name": t.Name, "scopes": scopes, "expires_at": t.ExpiresAt}})
	})
	return id, err
}

// Tokens lists a user's tokens and connections, newest first.
func (r *Repository) Tokens(ctx context.Context, userID int64) ([]access.Token, error) {
	rows, err := r.as(userID).Query(ctx, `
		SELECT t.id, t.user_id, u.subject, t.name, t.prefix, t.scopes, t.created_at, t.expires_at, t.last_used_at, t.revoked_at,
		       coalesce(t.client_id, ''), coalesce(t.leads_to, ''), t.resource
		FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.user_id = $1 ORDER BY t.id DESC`, userID)
	if err != nil {
		return nil, unavailable(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t access.Token, err error) {
		return t, row.Scan(&t.ID, &t.UserID, &t.User, &t.Name, &t.Prefix, &t.Scopes, &t.CreatedAt, &t.ExpiresAt, &t.LastUsedAt, &t.RevokedAt, &t.ClientID, &t.LeadsTo, &t.Resource)
	})
	return all, unavailable(err)
}

// RevokeToken revokes one of a user's tokens, or all that still work if id is 0, and
// returns how many.
func (r *Repository) RevokeToken(ctx context.Context, userID, id int64) (int, error) {
	revoked := 0
	err := r.change(ctx, userID, func(tx *userTx) error {
		ended, err := collect[namedToken](ctx, tx, `
			UPDATE tokens SET revoked_at = now()
			WHERE user_id = $1 AND ($2::bigint = 0 OR id = $2) AND revoked_at IS NULL
			RETURNING id, name`, userID, id)
		if err != nil {
			return fmt.Errorf("revoke token: %w", err)
		}
		revoked = len(ended)
		for _, t := range ended {
			if err := tx.leaveEntry(ctx, entry{object: journal.Token, id: t.ID, action: journal.Revoked, before: map[string]any{"name": t.Name}}); err != nil {
				return err
			}
		}
		return nil
	})
	return revoked, err
}

type namedToken struct {
	ID   int64
	Name string
}
