package command

import (
	"context"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"

	"tickler/internal/repository"
)

// auditCommand runs api audit: who changed what through which token.
func auditCommand(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("api audit", flag.ContinueOnError)
	user := flags.String("user", "", "only about this person's data (default: everybody's)")
	limit := flags.Int("limit", 50, "how many entries, 1 to 10000")
	if done, err := parseFlags(flags, args); done || err != nil {
		return err
	}
	if flags.NArg() > 0 || *limit < 1 || *limit > 10_000 {
		return fmt.Errorf("audit: takes --user NAME and --limit 1 to 10000 only: %w", errUsage)
	}
	name := ""
	if *user != "" {
		var err error
		if name, err = checkUser(flags, *user); err != nil {
			return err
		}
	}
	return withStore(func(ctx context.Context, store *repository.Repository) error {
		var userID int64
		if name != "" {
			var err error
			if userID, err = findUser(ctx, store, name); err != nil {
				return err
			}
		}
		entries, err := store.HistoryOfAll(ctx, userID, 0, *limit)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "AT\tUSER\tACTION\tOBJECT\tBY")
		for _, e := range entries {
			_, _ = fmt.Fprintf(table, "%s\t%q\t%s\t%d\t%q\n", instant(&e.At), e.User, string(e.Object)+"."+string(e.Action), e.ObjectID, e.By.Name)
		}
		return table.Flush()
	})
}
