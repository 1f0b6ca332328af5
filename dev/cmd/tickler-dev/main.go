// Command tickler-dev runs Tickler on one machine for people who develop it or
// try it: `make help` shows the ways in.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"tickler/internal/version"
)

const usage = `Usage: tickler-dev COMMAND

  run      Postgres, broker, and every app of dapr.yaml with its sidecar
  infra    Postgres, broker, topics and tables alone, for "dapr run -f ."
  clean    remove the state of a stack that does not run, tasks and all; it asks
           first. With --yes it does not
  with-postgres COMMAND...
           run a command, such as go test, with a Postgres of its own, whose
           address is in TICKLER_TEST_DATABASE_URL
  daprd    print the path of the daprd that run uses; built if need be.
           With --all, of the one that can send mail
  has BROKER...
           check that what these brokers need is installed
  chaos    let users work with a stack of two replicas of each app while it is
           disturbed, and balance the books; --seed N, --minutes N
  broker   kfake itself (run and infra start it)

Environment:
  TICKLER_HOME           folder for all state       (default .tickler)
  BROKER                 redpanda, redis, rabbitmq or kafka; what is not
                         installed is named    (default redpanda, which kfake
                         stands in for)
  TRACES                 1 keeps the spans of apps and sidecars, and shows them
                         on a page                  (default none are kept)
  TICKLER_API_PORT       of the API and MCP         (default 8080)
  TICKLER_POSTGRES_PORT  of Postgres                (default 15432)
  TICKLER_BROKER_PORT    of the broker              (default 19092)
  DATABASE_URL           a Postgres to use; none is started then
  SMTP_HOST, SMTP_PORT, SMTP_USER, SMTP_PASSWORD, SMTP_FROM
                         server to send mail through (default none)
  DAPR_RUNTIME_PATH      where the dapr CLI put daprd (default the home directory)
`

func main() {
	if version.Asked(os.Args[1:], "tickler-dev", os.Stdout) {
		return
	}
	commands := map[string]func(context.Context, []string) error{
		"run":    func(ctx context.Context, _ []string) error { return run(ctx, false) },
		"infra":  func(ctx context.Context, _ []string) error { return run(ctx, true) },
		"clean":  func(_ context.Context, args []string) error { return clean(args, os.Stdin, os.Stdout) },
		"daprd":  daprd,
		"has":    func(_ context.Context, names []string) error { return has(names) },
		"broker": serveBroker,
		"chaos":  disturb,

		"with-postgres": withPostgres,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	// SIGHUP and SIGPIPE: the terminal, or the pager that was piped to, is gone.
	ctx, stop := signal.NotifyContext(context.Background(),
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	context.AfterFunc(ctx, func() {
		// A second ^C ends a drain that takes too long.
		signal.Reset(syscall.SIGINT, syscall.SIGTERM)
	})
	defer stop()
	if err := commands[os.Args[1]](ctx, os.Args[2:]); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "tickler-dev %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
