package command

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // goose works on database/sql
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"tickler/internal/config"
	"tickler/migrations"
)

// migrate runs api migrate. Concurrent runs wait for each other.
func migrate(args []string, stdout io.Writer) error {
	if len(args) != 1 || !slices.Contains([]string{"up", "down", "status"}, args[0]) {
		return fmt.Errorf("migrate: want up, down or status, not %q: %w", strings.Join(args, " "), errUsage)
	}
	url, err := config.DatabaseURL()
	if err != nil {
		return err
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { _ = db.Close() }()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the schema: %w", err)
	}
	if err := migrations.Check(version); err != nil {
		return err
	}
	switch args[0] {
	case "up":
		results, err := provider.Up(ctx)
		report(stdout, results...)
		if err == nil && len(results) == 0 {
			_, _ = fmt.Fprintln(stdout, "the schema is up to date")
		}
		if err != nil {
			return err
		}
		return withPool(ctx, "", func(pool *pgxpool.Pool) error { return beginAnewIfRestored(ctx, pool, stdout) })
	case "down":
		result, err := provider.Down(ctx)
		if result != nil {
			report(stdout, result)
		}
		return err
	default: // status
		statuses, err := provider.Status(ctx)
		for _, s := range statuses {
			at := ""
			if !s.AppliedAt.IsZero() {
				at = s.AppliedAt.UTC().Format(time.RFC3339)
			}
			_, _ = fmt.Fprintf(stdout, "%-8s %s %s\n", s.State, s.Source.Path, at)
		}
		return err
	}
}

func report(stdout io.Writer, results ...*goose.MigrationResult) {
	for _, r := range results {
		_, _ = fmt.Fprintln(stdout, r.String())
	}
}
