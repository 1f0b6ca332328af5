package repository

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/journal"
)

// Passkeys lists a user's passkeys, oldest first.
func (r *Repository) Passkeys(ctx context.Context, userID int64) ([]access.Passkey, error) {
	all, err := collect[access.Passkey](ctx, r.as(userID), `
		SELECT id, user_id, credential_id, handle, credential::text, name, created_at, last_used_at
		FROM passkeys WHERE user_id = $1 ORDER BY id`, userID)
	return all, unavailable(err)
}

// AddPasskey stores a passkey of its user and returns its id.
func (r *Repository) AddPasskey(ctx context.Context, k access.Passkey) (id int64, err error) {
	err = r.change(ctx, k.UserID, func(tx *userTx) error {
		if err := tx.lockUser(ctx, true); err != nil {
			return err
		}
		var there int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM passkeys WHERE user_id = $1`, k.UserID).Scan(&there); err != nil {
			return err
		}
		if there >= access.PasskeysPerUser {
			return &fault.Error{Code: fault.LimitExceeded, Field: "name", Message: "at most " + strconv.Itoa(access.PasskeysPerUser) + " passkeys are allowed", Hint: "remove one first"}
		}
		err := tx.QueryRow(ctx, `
			INSERT INTO passkeys (user_id, credential_id, handle, credential, name) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (credential_id) DO NOTHING RETURNING id`, k.UserID, k.CredentialID, k.Handle, k.Credential, k.Name).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return &fault.Error{Code: fault.Conflict, Field: "name", Message: "this passkey is added already"}
		}
		if err != nil {
			return fmt.Errorf("store passkey: %w", err)
		}
		return tx.leaveEntry(ctx, entry{object: journal.Passkey, id: id, action: journal.Created, after: map[string]any{"name": k.Name}})
	})
	return id, err
}

// RenamePasskey renames one of a user's passkeys, or returns fault.ErrNotFound.
func (r *Repository) RenamePasskey(ctx context.Context, userID, id int64, name string) error {
	return r.change(ctx, userID, func(tx *userTx) error {
		var former string
		err := tx.QueryRow(ctx, `
			WITH former AS (SELECT id, name FROM passkeys WHERE user_id = $1 AND id = $2 FOR UPDATE)
			UPDATE passkeys p SET name = $3 FROM former WHERE p.id = former.id RETURNING former.name`, userID, id, name).Scan(&former)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.ErrNotFound
		}
		if err != nil || former == name {
			return err
		}
		return tx.leaveEntry(ctx, entry{object: journal.Passkey, id: id, action: journal.Updated,
			before: map[string]any{"name": former}, after: map[string]any{"name": name}})
	})
}

// RemovePasskey removes one of a user's passkeys, or returns fault.ErrNotFound.
func (r *Repository) RemovePasskey(ctx context.Context, userID, id int64) error {
	return r.change(ctx, userID, func(tx *userTx) error {
		var name string
		err := tx.QueryRow(ctx, `DELETE FROM passkeys WHERE user_id = $1 AND id = $2 RETURNING name`, userID, id).Scan(&name)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.leaveEntry(ctx, entry{object: journal.Passkey, id: id, action: journal.Deleted, before: map[string]any{"name": name}})
	})
}

// FindPasskey returns the passkey with an id that an authenticator told, of whichever
// user, or fault.ErrNotFound.
func (r *Repository) FindPasskey(ctx context.Context, credentialID []byte) (k access.Passkey, err error) {
	err = r.pool.QueryRow(ctx, `SELECT id, user_id, handle, credential FROM find_passkey($1)`, credentialID).Scan(&k.ID, &k.UserID, &k.Handle, &k.Credential)
	if errors.Is(err, pgx.ErrNoRows) {
		return k, fault.ErrNotFound
	}
	k.CredentialID = credentialID
	return k, unavailable(err)
}

// UsedPasskey stores the state of a passkey after it signed its user in: its sign count
// has moved. It returns fault.ErrNotFound if the passkey has changed since it was found,
// so that only one of two answers with the same sign count signs in.
func (r *Repository) UsedPasskey(ctx context.Context, k access.Passkey, credential string, now time.Time) error {
	return r.change(ctx, k.UserID, func(tx *userTx) error {
		tag, err := tx.Exec(ctx, `
			UPDATE passkeys SET credential = $4, last_used_at = $5
			WHERE user_id = $1 AND id = $2 AND credential::text = $3`, k.UserID, k.ID, k.Credential, credential, now)
		if err == nil && tag.RowsAffected() == 0 {
			return fault.ErrNotFound
		}
		return err
	})
}
