package command

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tickler/internal/outbox"
	"tickler/internal/repository"
)

// outboxCommand runs api outbox: the events that the broker refuses.
func outboxCommand(args []string, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	switch {
	case len(args) == 1 && args[0] == "list":
		return withPool(ctx, repository.RoleRelay, func(pool *pgxpool.Pool) error {
			parked, err := outbox.ListParked(ctx, pool)
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(table, "ID\tPARKED\tTYPE\tTOPIC\tTASK\tWAITING\tERROR")
			for _, p := range parked {
				_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%d\t%d\t%q\n", p.ID, p.ParkedAt.UTC().Format(time.RFC3339), p.EventType, p.Topic, p.TaskID, p.Waiting, p.Error)
			}
			return table.Flush()
		})
	case len(args) > 1 && args[0] == "release":
		id, err := selection("outbox release", args[1:])
		if err != nil {
			return err
		}
		return withPool(ctx, repository.RoleRelay, func(pool *pgxpool.Pool) error {
			n, err := outbox.Release(ctx, pool, id)
			if err == nil && n == 0 && id != 0 {
				return fmt.Errorf("no parked event has the id %d; see: api outbox list", id)
			}
			if err == nil {
				_, _ = fmt.Fprintln(stdout, n, "released")
			}
			return err
		})
	default:
		return fmt.Errorf("outbox: want list or release ID|all: %w", errUsage)
	}
}
