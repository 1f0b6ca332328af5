package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"tickler/internal/access"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/repository"
)

// tokenCommand runs api token.
func tokenCommand(args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "create":
			return createToken(args[1:], stdout, stderr)
		case "list":
			return listTokens(args[1:], stdout)
		case "revoke":
			return revokeTokens(args[1:], stdout)
		}
	}
	return fmt.Errorf("token: want create, list or revoke: %w", errUsage)
}

// tokenFlags makes the flag set of a subcommand of token.
func tokenFlags(command string) (*flag.FlagSet, *string) { return userFlags("token " + command) }

// userFlags makes the flag set of a command about a person.
func userFlags(command string) (*flag.FlagSet, *string) {
	flags := flag.NewFlagSet("api "+command, flag.ContinueOnError)
	return flags, flags.String("user", "", "name of the person")
}

// maxName is how many characters the name of a person or token can have.
const maxName = 200

// checkUser returns the name of a person, as it is to be printed. Two names that
// differ in case or form only name one person.
func checkUser(flags *flag.FlagSet, user string) (string, error) {
	if user == "" {
		return "", fmt.Errorf("%s: --user NAME is needed, at most %d characters: %w", flags.Name(), maxName, errUsage)
	}
	return input.CheckName("--user", user, maxName, "ann")
}

// createToken prints the token to stdout, and nothing else.
func createToken(args []string, stdout, stderr io.Writer) error {
	flags, user := tokenFlags("create")
	zone := flags.String("time-zone", "", "the person's IANA time zone, for example Europe/Berlin (default of a new person: UTC)")
	name := flags.String("name", "", "what the token is for")
	scope := flags.String("scope", access.Join(access.Standard, ","), "what it may do: "+access.Join(access.Scopes, ", ")+"; several with commas")
	var expires time.Duration
	flags.Func("expires", "lifetime as `TIME`, for example 90d, 12w or 36h (default: no end)", func(text string) (err error) {
		expires, err = parseLifetime(text)
		return err
	})
	if done, err := onlyFlags(flags, args); done || err != nil {
		return err
	}
	// Names are shown to people and stand in the audit.
	var err error
	if *user, err = checkUser(flags, *user); err != nil {
		return err
	}
	if *name != "" {
		if *name, err = input.CheckName("--name", *name, maxName, "laptop"); err != nil {
			return err
		}
	}
	if *zone != "" {
		if _, err := person.LoadZone("--time-zone", *zone); err != nil {
			return err
		}
	}
	scopes, err := access.ParseScopes(*scope)
	if err != nil {
		return fmt.Errorf("--scope: %w", err)
	}
	secret, stored := access.NewToken()
	stored.Name, stored.Scopes = *name, scopes
	if expires > 0 {
		end := time.Now().Add(expires)
		stored.ExpiresAt = &end
	}
	err = withStore(func(ctx context.Context, store *repository.Repository) error {
		id, err := store.EnsureUser(ctx, repository.LocalIssuer, *user, *zone)
		if err != nil {
			return err
		}
		stored.ID, err = store.AddToken(ctx, id, stored)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "Token %d for %s, with the scopes %s; it is not shown again:\n", stored.ID, *user, access.Join(scopes, ", "))
	_, err = fmt.Fprintln(stdout, secret)
	return err
}

// longestLifetime of a token: who wants more leaves --expires out.
const longestLifetime = 10 * 365 * 24 * time.Hour

// parseLifetime reads whole days or weeks, or a duration of Go such as 36h.
func parseLifetime(text string) (time.Duration, error) {
	lifetime, err := time.ParseDuration(text)
	for unit, size := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if count, found := strings.CutSuffix(text, unit); found {
			var n int
			n, err = strconv.Atoi(count)
			// Bounded, since a product that overflows can be any number.
			lifetime = time.Duration(min(max(n, 0), 10_000)) * size
		}
	}
	if err != nil || lifetime < time.Minute || lifetime > longestLifetime {
		return 0, errors.New("want a time from 1m to 3650d, for example 90d, 12w or 36h; without --expires the token has no end")
	}
	return lifetime, nil
}

func listTokens(args []string, stdout io.Writer) error {
	flags, user := tokenFlags("list")
	if done, err := onlyFlags(flags, args); done || err != nil {
		return err
	}
	name, err := checkUser(flags, *user)
	if err != nil {
		return err
	}
	return withStore(func(ctx context.Context, store *repository.Repository) error {
		id, err := findUser(ctx, store, name)
		if err != nil {
			return err
		}
		tokens, err := store.Tokens(ctx, id)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "ID\tTOKEN\tNAME\tSCOPES\tCREATED\tLAST USED\tSTATE")
		for _, t := range tokens {
			shown := t.Prefix + "…"
			if t.ClientID != "" { // its client has tokens of its own, by the hour
				shown = "connection"
			}
			_, _ = fmt.Fprintf(table, "%d\t%s\t%q\t%s\t%s\t%s\t%s\n", t.ID, shown, t.Name, access.Join(t.Scopes, ","),
				instant(&t.CreatedAt), instant(t.LastUsedAt), state(t, time.Now()))
		}
		return table.Flush()
	})
}

func state(t access.Token, now time.Time) string {
	switch {
	case t.RevokedAt != nil:
		return "revoked " + instant(t.RevokedAt)
	case t.ExpiresAt == nil:
		return "valid"
	case t.ExpiresAt.After(now):
		return "valid until " + instant(t.ExpiresAt)
	default:
		return "expired " + instant(t.ExpiresAt)
	}
}

func revokeTokens(args []string, stdout io.Writer) error {
	flags, user := tokenFlags("revoke")
	if done, err := parseFlags(flags, args); done || err != nil {
		return err
	}
	name, err := checkUser(flags, *user)
	if err != nil {
		return err
	}
	id, err := selection("token revoke --user NAME", flags.Args())
	if err != nil {
		return err
	}
	return withStore(func(ctx context.Context, store *repository.Repository) error {
		userID, err := findUser(ctx, store, name)
		if err != nil {
			return err
		}
		n, err := store.RevokeToken(ctx, userID, id)
		if err != nil {
			return err
		}
		if n == 0 && id != 0 {
			return fmt.Errorf("%s has no token %d that still works; see: api token list --user %s", name, id, name)
		}
		_, _ = fmt.Fprintln(stdout, n, "revoked; it works for 2 seconds more at the most")
		return nil
	})
}
