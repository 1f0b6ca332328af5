package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"tickler/dev/stack"
)

// testDatabase tells the tests of the product which Postgres is theirs.
const testDatabase = "TICKLER_TEST_DATABASE_URL"

// withPostgres runs a command with a Postgres that is gone when it ends.
func withPostgres(ctx context.Context, command []string) (err error) {
	if len(command) == 0 {
		return errors.New("no command given")
	}
	run := exec.Command(command[0], command[1:]...)
	run.Stdin, run.Stdout, run.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv(testDatabase) != "" {
		return run.Run()
	}
	dir, err := os.MkdirTemp("", "tickler-test-")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "home")
	defer func() { err = errors.Join(err, stack.Clean(path), os.RemoveAll(dir)) }()
	s, err := stack.StartPostgres(ctx, path)
	if err != nil {
		return fmt.Errorf("a Postgres for tests: %w", err)
	}
	defer s.Stop()
	run.Env = append(os.Environ(), testDatabase+"="+s.DatabaseURL())
	return run.Run()
}
