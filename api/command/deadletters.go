package command

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tickler/internal/repository"
)

// deadLettersCommand runs api deadletters: the events that could not be handled.
func deadLettersCommand(args []string, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	switch {
	case len(args) == 1 && args[0] == "list":
		return withPool(ctx, repository.RoleRelay, func(pool *pgxpool.Pool) error {
			letters, err := repository.New(pool, app, func() {}).DeadLetters(ctx)
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(table, "ID\tRECEIVED\tTOPIC\tTYPE\tTASK\tREASON")
			for _, l := range letters {
				taskID := "-"
				if l.TaskID != nil {
					taskID = strconv.FormatInt(*l.TaskID, 10)
				}
				_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%q\t%s\t%q\n", l.ID, l.ReceivedAt.UTC().Format(time.RFC3339), l.Topic, l.EventType, taskID, l.Reason)
			}
			return table.Flush()
		})
	case len(args) > 1 && args[0] == "redrive":
		id, err := selection("deadletters redrive", args[1:])
		if err != nil {
			return err
		}
		return withPool(ctx, repository.RoleRelay, func(pool *pgxpool.Pool) error {
			n, err := repository.New(pool, app, func() {}).Redrive(ctx, id)
			if n > 0 || err == nil {
				_, _ = fmt.Fprintln(stdout, n, "sent again")
			}
			return err
		})
	default:
		return fmt.Errorf("deadletters: want list or redrive ID|all: %w", errUsage)
	}
}
