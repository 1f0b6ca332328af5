package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tickler/internal/config"
	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/repository"
)

const commandTimeout = 30 * time.Second

// withPool runs a command on the database that DATABASE_URL names, under a role.
func withPool(ctx context.Context, role repository.Role, run func(*pgxpool.Pool) error) error {
	url, err := config.DatabaseURL()
	if err != nil {
		return err
	}
	pool, err := repository.Connect(ctx, url, role)
	if err != nil {
		return err
	}
	defer pool.Close()
	return run(pool)
}

// withStore runs a command under the api's own role.
func withStore(run func(context.Context, *repository.Repository) error) error {
	return withStoreAs(repository.RoleAPI, commandTimeout, run)
}

// withStoreAs runs a command under a role, in the name of whoever runs it.
func withStoreAs(role repository.Role, timeout time.Duration, run func(context.Context, *repository.Repository) error) error {
	call := journal.NewCall(journal.Actor{Kind: journal.Person, Name: "command line", Transport: journal.Command})
	ctx, cancel := context.WithTimeout(journal.With(context.Background(), call), timeout)
	defer cancel()
	return withPool(ctx, role, func(pool *pgxpool.Pool) error {
		return run(ctx, repository.New(pool, app, func() {}))
	})
}

func findUser(ctx context.Context, store *repository.Repository, name string) (int64, error) {
	id, err := store.FindUser(ctx, repository.LocalIssuer, name)
	if errors.Is(err, fault.ErrNotFound) {
		return 0, fmt.Errorf("there is no person %q; a token made for them makes them: api token create --user NAME", name)
	}
	return id, err
}
