package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgxpool"

	"tickler/internal/repository"
	"tickler/internal/task"
)

// tokenPrefix lets people and secret scanners recognise a token.
const tokenPrefix = "tkl_"

// hashToken is how a token is stored. Tokens are random: no salt, no stretching.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// token runs api token. Standard output gets the token and nothing else.
func token(args []string, stdout io.Writer) error {
	if len(args) == 0 || args[0] != "create" {
		return fmt.Errorf("token: want create: %w", errUsage)
	}
	flags := flag.NewFlagSet("api token create", flag.ContinueOnError)
	user := flags.String("user", "", "name of the person; who does not exist yet is created")
	zone := flags.String("time-zone", "", "the person's IANA time zone, for example Europe/Berlin (default of a new person: UTC)")
	name := flags.String("name", "", "what the token is for")
	expires := flags.Duration("expires", 0, "lifetime, for example 720h (default: no end)")
	if err := flags.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return fmt.Errorf("token create: %w", errUsage)
	}
	if *user == "" || len(*user) > 200 || !utf8.ValidString(*user) || flags.NArg() > 0 {
		return fmt.Errorf("token create: --user NAME is needed, at most 200 bytes: %w", errUsage)
	}
	if *zone != "" {
		if _, err := task.LoadZone("--time-zone", *zone); err != nil {
			return err
		}
	}
	if *expires < 0 {
		return errors.New("--expires must be positive, for example 720h")
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	secret := tokenPrefix + rand.Text() + rand.Text() // 256 bits
	stored := repository.Token{Name: *name, Prefix: secret[:len(tokenPrefix)+4], Hash: hashToken(secret)}
	if *expires > 0 {
		end := time.Now().Add(*expires)
		stored.ExpiresAt = &end
	}
	if err := storeToken(ctx, *user, *zone, stored); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Token for %s; it is not shown again:\n", *user)
	_, err := fmt.Fprintln(stdout, secret)
	return err
}

func storeToken(ctx context.Context, user, zone string, t repository.Token) error {
	return withPool(ctx, func(pool *pgxpool.Pool) error {
		store := repository.New(pool, app, func() {})
		id, err := store.EnsureUser(ctx, repository.LocalIssuer, user, zone)
		if err != nil {
			return err
		}
		return store.AddToken(ctx, id, t)
	})
}
