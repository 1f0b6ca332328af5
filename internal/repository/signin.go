package repository

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/journal"
)

const (
	// linksPerUser is how many links that sign a user in wait at a time. One more
	// takes the place of the oldest.
	linksPerUser = 5
	// stepsAtATime is how many steps of each kind are remembered, and formsAtATime
	// how many forms, which are larger.
	stepsAtATime = 10_000
	formsAtATime = 1_000
	// mailedLinks is how many links an address is mailed within 24 hours, and
	// mailPause how long after one the next may follow.
	mailedLinks = 10
	mailPause   = time.Minute
)

// AddSignInLink stores the hash of a link that signs a user in, once, within
// access.LinkLasts.
func (r *Repository) AddSignInLink(ctx context.Context, userID int64, hash []byte) error {
	return r.change(ctx, userID, func(tx *userTx) error {
		_, err := tx.Exec(ctx, `
			WITH old AS (
				DELETE FROM sign_in_links WHERE user_id = $1 AND expires_at < (
					SELECT expires_at FROM sign_in_links WHERE user_id = $1 ORDER BY expires_at DESC OFFSET $3 LIMIT 1)
			)
			INSERT INTO sign_in_links (hash, user_id) VALUES ($2, $1)`, userID, hash, linksPerUser-2)
		if err != nil {
			return fmt.Errorf("store link: %w", err)
		}
		return tx.leaveEntry(ctx, entry{object: journal.User, id: userID, action: journal.Updated, after: map[string]any{"sign_in_link": "made"}})
	})
}

// MailedSignInLink stores the hash of a link that is mailed to a channel of the user.
// It is for notifier.
func (r *Repository) MailedSignInLink(ctx context.Context, userID int64, hash []byte) error {
	_, err := r.pool.Exec(ctx, `INSERT INTO sign_in_links (hash, user_id) VALUES ($1, $2)`, hash, userID)
	return unavailable(err)
}

// FindSignInLink returns the name of the person whom a link signs in, or
// fault.ErrNotFound. It changes nothing.
func (r *Repository) FindSignInLink(ctx context.Context, hash []byte) (name string, err error) {
	return foundIn[string](ctx, r, `SELECT find_sign_in_link($1)`, hash)
}

// TakeSignInLink returns the user whom a link signs in, or fault.ErrNotFound. Nobody
// can take the link again.
func (r *Repository) TakeSignInLink(ctx context.Context, hash []byte) (userID int64, err error) {
	return foundIn[int64](ctx, r, `SELECT take_sign_in_link($1)`, hash)
}

// foundIn runs a statement that returns one value, or NULL for fault.ErrNotFound.
func foundIn[T any](ctx context.Context, r *Repository, sql string, args ...any) (found T, err error) {
	var value *T
	if err := r.pool.QueryRow(ctx, sql, args...).Scan(&value); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return found, unavailable(err)
	}
	if value == nil {
		return found, fault.ErrNotFound
	}
	return *value, nil
}

// MailSignInLink queues a mail with a link for the person who signs in by mail at an
// address. It does not tell whether there is one. server is the root of links.
func (r *Repository) MailSignInLink(ctx context.Context, address, server string) error {
	content, err := json.Marshal(linked{note{
		Title: "Sign in to Tickler",
		Text: "Somebody, you most likely, asked to sign in to the task server at " + server + ". Open the link within " + strconv.Itoa(int(access.LinkLasts.Minutes())) + " minutes and press the button; it works once. " +
			"If it was not you, ignore this mail: nobody signs in without it.",
	}, server + "/sign-in/link/"})
	if err != nil {
		return err
	}
	_, err = r.pool.Exec(ctx, `SELECT mail_sign_in_link($1, $2, $3, $4)`, address, content, mailedLinks, mailPause)
	return unavailable(err)
}

// BeginSignInStep remembers a step that a browser which is not signed in has begun, for
// as long as lasts says. It returns false if too many are remembered at the moment.
func (r *Repository) BeginSignInStep(ctx context.Context, hash []byte, kind, state string, lasts time.Duration) (begun bool, err error) {
	most := stepsAtATime
	if kind == "form" {
		most = formsAtATime
	}
	begun, err = foundIn[bool](ctx, r, `SELECT begin_sign_in_step($1, $2, $3, $4, $5)`, hash, kind, state, lasts, most)
	if errors.Is(err, fault.ErrNotFound) {
		return false, nil
	}
	return begun, err
}

// FindSignInStep returns what BeginSignInStep remembered, or fault.ErrNotFound.
func (r *Repository) FindSignInStep(ctx context.Context, hash []byte, kind string) (state string, err error) {
	return foundIn[string](ctx, r, `SELECT find_sign_in_step($1, $2)`, hash, kind)
}

// TakeSignInStep does so once.
func (r *Repository) TakeSignInStep(ctx context.Context, hash []byte, kind string) (state string, err error) {
	return foundIn[string](ctx, r, `SELECT take_sign_in_step($1, $2)`, hash, kind)
}

// PersonName is how a user is called: their subject.
func (r *Repository) PersonName(ctx context.Context, userID int64) (name string, err error) {
	err = r.as(userID).QueryRow(ctx, `SELECT subject FROM users WHERE id = $1`, userID).Scan(&name)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fault.ErrNotFound
	}
	return name, unavailable(err)
}

// Person is a user as the operator's list shows them.
type Person struct {
	ID                         int64
	Issuer, Subject, TimeZone  string
	CreatedAt                  time.Time
	Tokens, Passkeys, Browsers int64 // that work
	LastUsedAt                 *time.Time
}

// People lists users by id, after a given one. Callers must have checked that they
// act for an administrator.
func (r *Repository) People(ctx context.Context, after int64, limit int) (all []Person, err error) {
	begin := []*pgx.QueuedQuery{{SQL: "BEGIN READ ONLY"}, {SQL: `SELECT set_config('tickler.admin', 'on', true)`}}
	err = r.sessions.run(ctx, nobody, reading, begin, func(tx *transaction) error {
		all, err = collect[Person](ctx, tx, `SELECT id, issuer, subject, time_zone, created_at, tokens, passkeys, browsers, last_used_at FROM list_users($1, $2)`, after, limit)
		return err
	})
	return all, unavailable(err)
}
