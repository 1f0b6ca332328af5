package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tickler/internal/config"
	"tickler/internal/outbox"
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

// selection reads an id, or all as 0.
func selection(command string, args []string) (int64, error) {
	if len(args) == 1 {
		if args[0] == "all" {
			return 0, nil
		}
		if id, err := strconv.ParseInt(args[0], 10, 64); err == nil && id > 0 {
			return id, nil
		}
	}
	return 0, fmt.Errorf("%s: want an ID, as list shows it, or all: %w", command, errUsage)
}

// parkedCommand runs api outbox: the events that the broker refuses.
func parkedCommand(args []string, stdout io.Writer) error {
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
			_, _ = fmt.Fprintln(stdout, n, "released")
			return err
		})
	default:
		return fmt.Errorf("outbox: want list or release ID|all: %w", errUsage)
	}
}

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
			_, _ = fmt.Fprintln(stdout, n, "sent again")
			return err
		})
	default:
		return fmt.Errorf("deadletters: want list or redrive ID|all: %w", errUsage)
	}
}
