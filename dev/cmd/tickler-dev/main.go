// Command tickler-dev runs Tickler on one machine for people who develop it or
// try it: `make help` shows the ways in.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"tickler/internal/version"
)

var usage = `Usage: tickler-dev COMMAND

  run      Postgres, broker, and every app of dapr.yaml with its sidecar
  infra    Postgres, broker, topics and tables alone, for "dapr run -f ."
  clean    remove the state of a stack that does not run, tasks and all; it asks
           first. With --yes it does not
  with-postgres COMMAND...
           run a command, such as go test, with a Postgres of its own, whose
           address is in TICKLER_TEST_DATABASE_URL
  daprd    print the path of the daprd that run uses; built if need be
  has BROKER...
           check that what these brokers need is installed
  chaos    let users work with a stack of two replicas of each app while it is
           disturbed, and balance the books; --seed N, --minutes N, and
           --clocks=false to leave the clocks of the apps alone
  broker [--data FOLDER] [--port PORT]
           kfake itself (run and infra start it); with --nats FILE a NATS
           server with that configuration

` + environment()

// command is one command of this program; args are what follows its name.
type command func(ctx context.Context, args []string) error

var commands = map[string]command{
	"run":           withoutArguments(func(ctx context.Context) error { return run(ctx, false) }),
	"infra":         withoutArguments(func(ctx context.Context) error { return run(ctx, true) }),
	"clean":         func(_ context.Context, args []string) error { return clean(args, os.Stdin, os.Stdout) },
	"daprd":         withoutArguments(daprd),
	"has":           withoutFlags(func(_ context.Context, names []string) error { return has(names) }),
	"broker":        serveBroker,
	"chaos":         disturb,
	"with-postgres": withoutFlags(withPostgres),
}

// errUsage marks a mistake in the command line.
var errUsage = errors.New("see tickler-dev --help")

// withoutArguments makes a command of work that takes none.
func withoutArguments(work func(context.Context) error) command {
	return func(ctx context.Context, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("takes no argument %q: %w", args[0], errUsage)
		}
		return work(ctx)
	}
}

// withoutFlags makes a command of work whose first argument is no flag.
func withoutFlags(work command) command {
	return func(ctx context.Context, args []string) error {
		if len(args) > 0 && strings.HasPrefix(args[0], "-") {
			return fmt.Errorf("takes no flag %q: %w", args[0], errUsage)
		}
		return work(ctx, args)
	}
}

// parse reads the flags of a command that takes nothing else.
func parse(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("takes no argument %q: %w", flags.Arg(0), errUsage)
	}
	return nil
}

func isHelp(arg string) bool {
	return slices.Contains([]string{"-h", "-help", "--help", "help"}, arg)
}

func main() {
	args := os.Args[1:]
	if version.Asked(args, "tickler-dev", os.Stdout) {
		return
	}
	if len(args) > 0 && (isHelp(args[0]) || len(args) > 1 && commands[args[0]] != nil && isHelp(args[1])) {
		fmt.Print(usage)
		return
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	// SIGPIPE comes for broken connections too, so it ends nothing: a command whose output
	// nobody reads any more is ended by the write that fails (output).
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, func() {
		// A second ^C ends a drain that takes too long.
		signal.Reset(syscall.SIGINT, syscall.SIGTERM)
	})
	defer stop()
	err := commands[args[0]](ctx, args[1:])
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	fmt.Fprintf(os.Stderr, "tickler-dev %s: %v\n", args[0], err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}
