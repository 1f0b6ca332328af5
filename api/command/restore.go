package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tickler/internal/repository"
)

// restoreCommand runs api restore: what must be seen to around a restore of the
// database by Postgres's own tools.
func restoreCommand(args []string, stdout io.Writer) error {
	if len(args) != 1 || args[0] != "ready" && args[0] != "done" {
		return fmt.Errorf("restore: want ready, before the database is restored, or done, after its files were put back: %w", errUsage)
	}
	ctx, cancel := context.WithTimeout(context.Background(), deleteTimeout)
	defer cancel()
	return withPool(ctx, "", func(pool *pgxpool.Pool) error {
		if args[0] == "ready" {
			if err := repository.RefuseConnected(ctx, pool); err != nil {
				return err
			}
			_, _ = fmt.Fprintln(stdout, "no app is connected to the database: it can be restored")
			return nil
		}
		return beginAnew(ctx, pool, stdout, "as asked for")
	})
}

// beginAnewIfRestored begins a new incarnation of a database that was restored or
// recovered.
func beginAnewIfRestored(ctx context.Context, pool *pgxpool.Pool, stdout io.Writer) error {
	origin, err := repository.ReadOrigin(ctx, pool)
	if errors.Is(err, pgx.ErrNoRows) {
		return errors.New("the table incarnations is empty, so nothing tells whether the database was restored; if it was, run: api restore done")
	}
	switch {
	case err != nil:
		return fmt.Errorf("look whether the database was restored: %w", err)
	case origin.Restored:
		return beginAnew(ctx, pool, stdout, "it was restored from a backup")
	case origin.Recovered:
		return beginAnew(ctx, pool, stdout, "its server has another timeline, after point-in-time recovery or a failover")
	}
	return nil
}

func beginAnew(ctx context.Context, pool *pgxpool.Pool, stdout io.Writer, why string) error {
	var again repository.Requeued
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) (err error) {
		// An app that goes on would write by what it knows of the database before.
		if err := repository.RefuseConnected(ctx, tx); err != nil {
			return err
		}
		again, err = repository.BeginAnew(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("the database must begin anew, since %s: %w", why, err)
	}
	_, _ = fmt.Fprintf(stdout, `The database begins anew, since %s:
  clients that follow events are told to read everything afresh;
  new ids begin a million further on;
  handed to recurrer again: %d completions of recurring tasks, after which no next
  occurrence is recorded; it makes those that are missing;
  handed to notifier again: %d reminders that it has not handled.
Tokens that were revoked and sessions that were ended after the backup work again:
api token list --user NAME shows them. Reminders that were sent after it are sent again.
`, why, again.Completions, again.Reminders)
	return nil
}
