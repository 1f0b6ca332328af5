package repository

import (
	"context"
	"fmt"

	"tickler/internal/access"
)

// NoteAttempt notes how far an attempt of a client to be connected came. key is the
// same for all steps of one attempt.
func (r *Repository) NoteAttempt(ctx context.Context, userID int64, key []byte, a access.Attempt) error {
	return r.change(ctx, userID, func(tx *userTx) error { return tx.noteAttempt(ctx, key, a) })
}

func (tx *userTx) noteAttempt(ctx context.Context, key []byte, a access.Attempt) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO oauth_attempts (user_id, key, client, step, problem) VALUES ($1, $2, $3, $4, left($5, 500))
		ON CONFLICT (user_id, key) DO UPDATE SET client = excluded.client, step = excluded.step, problem = excluded.problem, at = now()`,
		tx.userID, key, a.Client, string(a.Step), a.Problem)
	if err != nil {
		return fmt.Errorf("note attempt: %w", err)
	}
	_, err = tx.Exec(ctx, `
		DELETE FROM oauth_attempts WHERE user_id = $1 AND id IN (
			SELECT id FROM oauth_attempts WHERE user_id = $1 ORDER BY at DESC, id DESC OFFSET $2)`, tx.userID, access.AttemptsPerUser)
	return err
}

// Attempts lists a user's last attempts to connect a client, newest first.
func (r *Repository) Attempts(ctx context.Context, userID int64) ([]access.Attempt, error) {
	all, err := collect[access.Attempt](ctx, r.as(userID), `
		SELECT client, step, problem, at FROM oauth_attempts WHERE user_id = $1 ORDER BY at DESC, id DESC`, userID)
	return all, unavailable(err)
}
