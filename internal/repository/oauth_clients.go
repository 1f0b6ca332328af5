package repository

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/fault"
)

const (
	// unusedClients is how many clients may be registered that nobody has connected
	// yet. One more takes the place of the oldest, unless that is younger than
	// youngClient.
	unusedClients = 10_000
	youngClient   = 10 * time.Minute
)

// AddClient stores a client that registers. It returns false where too many have
// registered within minutes.
func (r *Repository) AddClient(ctx context.Context, id, name string, redirects []string) (bool, error) {
	added, err := foundIn[bool](ctx, r, `SELECT register_oauth_client($1, $2, $3, $4, $5)`, id, name, redirects, unusedClients, youngClient)
	if errors.Is(err, fault.ErrNotFound) {
		return false, nil
	}
	return added, err
}

// Client returns a client that registered, or fault.ErrNotFound.
func (r *Repository) Client(ctx context.Context, id string) (name string, redirects []string, err error) {
	err = r.pool.QueryRow(ctx, `SELECT name, redirects FROM find_oauth_client($1)`, id).Scan(&name, &redirects)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil, fault.ErrNotFound
	}
	return name, redirects, unavailable(err)
}
