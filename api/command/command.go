// Package command is api's command line: its usage and the commands that
// administer the schema, people, tokens, topics, and events that need a person.
package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tickler/internal/config"
	"tickler/internal/terminal"
	"tickler/internal/version"
)

const usage = `Usage:
  api                            serve
  api migrate up|down|status     create the schema, take back its last migration, list them
  api token create --user NAME   make an access token for a person; it is shown once
  api token list --user NAME     list a person's tokens
  api token revoke --user NAME ID|all
                                 end them
  api user link --user NAME [--create [--time-zone ZONE]] [--issuer URL]
                                 make a link that signs a person in to the page, once
  api user list                  list the people who are known here
  api user rename --user NAME --to NAME
                                 give a person another name
  api user delete --user NAME    delete a person and everything of theirs; asks, unless --yes
  api audit [--user NAME] [--limit N]
                                 list who changed what through which token, newest first
  api outbox list                list the events that the broker refuses
  api outbox release ID|all      publish them again
  api deadletters list           list the events that could not be handled
  api deadletters redrive ID|all
                                 send them again
  api topics create              make the topics on Redpanda or Kafka
  api topics admit USER          let a program of somebody else's follow the events
  api restore ready              check that no app is connected, before the database is restored
  api restore done               begin anew after files of the database were put back; after
                                 pg_restore and point-in-time recovery api migrate up does so
  api await VARIABLE             wait until what a variable names takes connections
  api recurrence --rule RULE --start START
                                 list the dates of a recurrence rule
  api --version
  api --help
`

// app names this program in events and in the audit.
const app = "api"

// errUsage marks a mistake in the command line.
var errUsage = errors.New("see api --help")

// Run runs the command that args name and returns the exit status: 0, 1 for a
// failure, 2 for a mistake in the command line. serve is the command without a name.
// What it prints holds nothing that a terminal obeys.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer, serve func() error) int {
	stdout, stderr = terminal.NewWriter(stdout), terminal.NewWriter(stderr)
	if len(args) > 0 && args[0] == "recurrence" {
		return recurrenceCommand(args[1:], stdin, stdout, stderr)
	}
	if version.Asked(args, app, stdout) {
		return 0
	}
	err := run(args, stdin, stdout, stderr, serve)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "api:", err)
		return 2
	default:
		fmt.Fprintln(stderr, "api:", err)
		return 1
	}
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer, serve func() error) error {
	if len(args) == 0 {
		return serve()
	}
	if args[0] == "serve" && len(args) == 2 && isHelp(args[1]) {
		args = args[1:]
	}
	if help := helpOf(args); help != "" {
		_, _ = fmt.Fprint(stdout, help)
		return nil
	}
	switch args[0] {
	case "serve":
		if len(args) > 1 {
			return fmt.Errorf("serve: takes no argument %q: %w", args[1], errUsage)
		}
		return serve()
	case "migrate":
		return migrate(args[1:], stdout)
	case "token":
		return tokenCommand(args[1:], stdout, stderr)
	case "user":
		return userCommand(args[1:], stdin, stdout, stderr)
	case "audit":
		return auditCommand(args[1:], stdout)
	case "outbox":
		return outboxCommand(args[1:], stdout)
	case "deadletters":
		return deadLettersCommand(args[1:], stdout)
	case "restore":
		return restoreCommand(args[1:], stdout)
	case "topics":
		return topicsCommand(args[1:], stdout)
	case "await":
		return awaitCommand(args[1:], stdout)
	case "-h", "-help", "--help", "help":
		_, _ = fmt.Fprint(stdout, usage, "\n")
		config.HelpAPI(stdout)
		return nil
	default:
		return fmt.Errorf("unknown command %q: %w", args[0], errUsage)
	}
}

// helpOf returns the lines of usage about a command, if args ask for them. Commands with
// flags of their own tell about these themselves.
func helpOf(args []string) string {
	withoutFlags := slices.Contains([]string{"migrate", "outbox", "deadletters", "restore"}, args[0])
	asked := len(args) > 1 && isHelp(args[1]) || withoutFlags && slices.ContainsFunc(args[1:], isHelp)
	if !asked || args[0] == "audit" || args[0] == "await" { // which have no commands below them
		return ""
	}
	help, about := "", false
	for line := range strings.Lines(usage) {
		if rest, begins := strings.CutPrefix(line, "  api "); begins {
			command, _, _ := strings.Cut(rest, " ")
			about = command == args[0]
		}
		if about {
			help += line
		}
	}
	if help == "" { // no such command
		return ""
	}
	return "Usage:\n" + help
}

func isHelp(arg string) bool {
	return slices.Contains([]string{"-h", "-help", "--help"}, arg)
}

// onlyFlags is parseFlags for a command that takes nothing else.
func onlyFlags(flags *flag.FlagSet, args []string) (done bool, err error) {
	if done, err = parseFlags(flags, args); done || err != nil {
		return done, err
	}
	if flags.NArg() > 0 {
		return false, fmt.Errorf("%s: takes no argument %q: %w", flags.Name(), flags.Arg(0), errUsage)
	}
	return false, nil
}

// parseFlags parses flags; done means that help was requested and printed.
func parseFlags(flags *flag.FlagSet, args []string) (done bool, err error) {
	help := flags.Usage
	flags.Usage = func() {
		out := flags.Output()
		var text strings.Builder
		flags.SetOutput(&text)
		help()
		flags.SetOutput(out)
		_, _ = io.WriteString(out, singleDash.ReplaceAllString(text.String(), "  --"))
	}
	err = flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", flags.Name(), errUsage)
	}
	return false, nil
}

// singleDash begins the name of a flag, as package flag lists it. Everywhere else flags
// have two dashes.
var singleDash = regexp.MustCompile(`(?m)^  -`)

// selection parses an id; all is 0.
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

func instant(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
