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

// SessionByHash reads the session of a browser that has not ended, or returns
// fault.ErrNotFound.
func (r *Repository) SessionByHash(ctx context.Context, hash []byte) (access.Session, error) {
	var s access.Session
	err := r.pool.QueryRow(ctx, `SELECT id, user_id, browser, expires_at FROM check_web_session($1)`, hash).
		Scan(&s.ID, &s.UserID, &s.Browser, &s.ExpiresAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, fault.ErrNotFound
	}
	return s, unavailable(err)
}

// SessionsStillGood reports which of the sessions have not ended, in a single query.
func (r *Repository) SessionsStillGood(ctx context.Context, sessions map[int64]bool) (map[int64]bool, error) {
	rows, err := r.pool.Query(ctx, `SELECT id FROM check_held_sessions($1)`, slices.Collect(maps.Keys(sessions)))
	if err != nil {
		return nil, unavailable(err)
	}
	good := map[int64]bool{}
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error { good[id] = true; return nil })
	return good, unavailable(err)
}

// NoteSessionUse records when sessions were last used. Each lasts
// access.SessionLasts from then.
func (r *Repository) NoteSessionUse(ctx context.Context, used map[int64]time.Time) error {
	ids, instants := make([]int64, 0, len(used)), make([]time.Time, 0, len(used))
	for id, at := range used {
		ids, instants = append(ids, id), append(instants, at)
	}
	_, err := r.pool.Exec(ctx, `SELECT note_web_session_use($1, $2, $3)`, ids, instants, access.SessionLasts)
	return unavailable(err)
}

// AddSession stores the session of a browser that signed in as a user. It ends the
// session with the id replaced, that of the same browser before, and whichever were
// unused longest where there are more than access.SessionsPerUser.
func (r *Repository) AddSession(ctx context.Context, userID int64, s access.Session, replaced int64) (id int64, err error) {
	err = r.change(ctx, userID, func(tx *userTx) error {
		err := tx.QueryRow(ctx, `
			WITH ended AS (
				DELETE FROM web_sessions WHERE user_id = $1 AND (id = $7 OR id IN (
					SELECT id FROM web_sessions WHERE user_id = $1 ORDER BY last_used_at DESC OFFSET $8))
			)
			INSERT INTO web_sessions (user_id, hash, browser, address, method, expires_at) VALUES ($1, $2, $3, $4, $5, now() + $6::interval)
			RETURNING id`, userID, s.Hash, s.Browser, s.Address, s.Method, access.SessionLasts, replaced, access.SessionsPerUser-1).Scan(&id)
		if err != nil {
			return fmt.Errorf("store session: %w", err)
		}
		return tx.leaveEntry(ctx, entry{object: journal.Session, id: id, action: journal.Created, after: sessionFields(s)})
	})
	return id, err
}

func sessionFields(s access.Session) map[string]any {
	return map[string]any{"browser": s.Browser, "method": s.Method}
}

// WebSessions lists a user's signed-in browsers, the last used first.
func (r *Repository) WebSessions(ctx context.Context, userID int64) ([]access.Session, error) {
	rows, err := r.as(userID).Query(ctx, `
		SELECT id, user_id, browser, address, method, created_at, last_used_at, expires_at
		FROM web_sessions WHERE user_id = $1 AND expires_at > now() ORDER BY last_used_at DESC, id DESC`, userID)
	if err != nil {
		return nil, unavailable(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s access.Session, err error) {
		return s, row.Scan(&s.ID, &s.UserID, &s.Browser, &s.Address, &s.Method, &s.CreatedAt, &s.LastUsedAt, &s.ExpiresAt)
	})
	return all, unavailable(err)
}

// EndSession ends one of a user's sessions and returns whether there was one.
func (r *Repository) EndSession(ctx context.Context, userID, id int64) (bool, error) {
	n, err := r.endSessions(ctx, userID, `id = $2`, id)
	return n > 0, err
}

// EndOtherSessions ends all of a user's sessions but one, and returns how many.
func (r *Repository) EndOtherSessions(ctx context.Context, userID, kept int64) (int, error) {
	return r.endSessions(ctx, userID, `id <> $2`, kept)
}

func (r *Repository) endSessions(ctx context.Context, userID int64, which string, id int64) (int, error) {
	ended := 0
	err := r.change(ctx, userID, func(tx *userTx) error {
		rows, err := collect[endedSession](ctx, tx, `DELETE FROM web_sessions WHERE user_id = $1 AND `+which+` RETURNING id, browser, method`, userID, id)
		if err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		ended = len(rows)
		for _, s := range rows {
			if err := tx.leaveEntry(ctx, entry{object: journal.Session, id: s.ID, action: journal.Revoked,
				before: sessionFields(access.Session{Browser: s.Browser, Method: s.Method})}); err != nil {
				return err
			}
		}
		return nil
	})
	return ended, err
}

type endedSession struct {
	ID              int64
	Browser, Method string
}
