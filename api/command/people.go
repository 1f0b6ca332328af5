package command

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/repository"
)

// deleteTimeout bounds the deletion of a person, who can have 100,000 tasks.
const deleteTimeout = 10 * time.Minute

// withOwner runs a command with the rights of whoever DATABASE_URL logs in, which must
// be those of the schema's owner: no app may rename or delete a person.
func withOwner(timeout time.Duration, run func(context.Context, *repository.Repository) error) error {
	err := withStoreAs("", timeout, run)
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) && e.Code == "42501" {
		return fmt.Errorf("%s: run this with the DATABASE_URL of api migrate up", e.Message)
	}
	return err
}

// issuerFlag adds --issuer to a command about a person.
func issuerFlag(flags *flag.FlagSet) *string {
	return flags.String("issuer", repository.LocalIssuer, "issuer who knows the person by that name")
}

func findUserOf(ctx context.Context, store *repository.Repository, issuer, name string) (int64, error) {
	id, err := store.FindUser(ctx, issuer, name)
	if errors.Is(err, fault.ErrNotFound) {
		return 0, fmt.Errorf("there is no person %q; see: api user list", repository.NameOf(issuer, name))
	}
	return id, err
}

func listUsers(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("api user list", flag.ContinueOnError)
	if done, err := onlyFlags(flags, args); done || err != nil {
		return err
	}
	return withStore(func(ctx context.Context, store *repository.Repository) error {
		table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "ID\tNAME\tISSUER\tTIME ZONE\tCREATED\tTOKENS\tPASSKEYS\tBROWSERS\tLAST USED")
		for after := int64(0); ; {
			people, err := store.People(ctx, after, 500)
			if err != nil {
				return err
			}
			for _, p := range people {
				after = p.ID
				_, _ = fmt.Fprintf(table, "%d\t%q\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", p.ID, p.Subject, p.Issuer, p.TimeZone, instant(&p.CreatedAt), p.Tokens, p.Passkeys, p.Browsers, instant(p.LastUsedAt))
			}
			if len(people) == 0 {
				return table.Flush()
			}
		}
	})
}

func renameUser(args []string, stdout io.Writer) error {
	flags, user := userFlags("user rename")
	to := flags.String("to", "", "the new name")
	issuer := issuerFlag(flags)
	if done, err := onlyFlags(flags, args); done || err != nil {
		return err
	}
	name, err := checkUser(flags, *user)
	if err != nil {
		return err
	}
	if *to == "" {
		return fmt.Errorf("user rename: --to NAME is needed: %w", errUsage)
	}
	renamed, err := input.CheckName("--to", *to, maxName, "ann")
	if err != nil {
		return err
	}
	return withOwner(commandTimeout, func(ctx context.Context, store *repository.Repository) error {
		id, err := findUserOf(ctx, store, *issuer, name)
		if err != nil {
			return err
		}
		if same, err := store.FindUser(ctx, *issuer, renamed); err == nil && same == id { // case does not count
			return fmt.Errorf("%s is called that already; nothing was changed", name)
		}
		err = store.RenameUser(ctx, id, *issuer, renamed)
		if errors.Is(err, repository.ErrTaken) {
			return fmt.Errorf("another person is called %q; nothing was changed", renamed)
		}
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(stdout, "%s is called %s now; tokens, sessions and links go on working\n", name, renamed)
		if *issuer != repository.LocalIssuer {
			_, _ = fmt.Fprintf(stdout, "Tokens of %s open this person's tasks if their sub is %q; one with the former sub makes a new person.\n", *issuer, renamed)
		}
		return nil
	})
}

func deleteUser(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags, user := userFlags("user delete")
	issuer := issuerFlag(flags)
	yes := flags.Bool("yes", false, "do not ask")
	if done, err := onlyFlags(flags, args); done || err != nil {
		return err
	}
	name, err := checkUser(flags, *user)
	if err != nil {
		return err
	}
	return withOwner(deleteTimeout, func(ctx context.Context, store *repository.Repository) error {
		id, err := findUserOf(ctx, store, *issuer, name)
		if err != nil {
			return err
		}
		if !*yes {
			_, _ = fmt.Fprint(stderr, warning(repository.NameOf(*issuer, name), *issuer != repository.LocalIssuer))
			line, _ := bufio.NewReader(stdin).ReadString('\n')
			if strings.TrimSpace(line) != name {
				return errors.New("that is not the name; nothing was deleted (--yes does not ask)")
			}
		}
		erased, err := store.DeleteUser(ctx, id)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(stdout, "%s is deleted: %d tasks, %d entries of the history, %d dead letters, and everything else of theirs. Their tokens and sessions end within 2 seconds.\n",
			repository.NameOf(*issuer, name), erased.Tasks, erased.Entries, erased.DeadLetters)
		if erased.Unpublished > 0 {
			_, _ = fmt.Fprintf(stdout, "%d events of theirs were not on the broker yet, and will not be.\n", erased.Unpublished)
		}
		return nil
	})
}

// warning says what goes, and what remains of it elsewhere.
func warning(name string, issued bool) string {
	var text strings.Builder
	fmt.Fprintf(&text, `Deletes %s and everything of theirs for good: tasks, comments, categories, tags, history,
settings, channels, tokens, connections, passkeys, sessions and the calendar feed. GET /v1/export
with a token of theirs saves their tasks before.

What remains elsewhere:
  on the broker, what its messages say about their tasks:
`, name)
	for _, topic := range event.Topics() {
		days := fmt.Sprintf("%.0f days", topic.Retention.Hours()/24)
		if topic.Retention == 24*time.Hour {
			days = "1 day"
		}
		fmt.Fprintf(&text, "    %-28s up to %s\n", topic.Name, days)
	}
	text.WriteString(`  in the logs of notifier, the titles of tasks that it reminded of
  in backups, everything; restoring one brings them back
  with other programs that follow the events, what they keep
`)
	if issued {
		text.WriteString("\nA token of that issuer makes them anew, with nothing: take their access away there first.\n")
	}
	fmt.Fprintf(&text, "\nType their name to delete them: ")
	return text.String()
}
