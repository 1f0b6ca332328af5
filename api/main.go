// Command api takes the calls: MCP tools and REST over one task service. Its
// other commands look after the schema, tokens, topics, and events that need a
// person.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"tickler/internal/config"
)

const usage = `Usage:
  api                            serve
  api migrate up|down|status     create the schema, take back its last migration, list them
  api token create --user NAME   make an access token for a person; it is shown once
  api token list --user NAME     list a person's tokens
  api token revoke --user NAME ID|all   end them
  api audit [--user NAME] [--limit N]   list who changed what through which token, newest first
  api outbox list                list the events that the broker refuses
  api outbox release ID|all      publish them again
  api deadletters list           list the events that could not be handled
  api deadletters redrive ID|all send them again
  api topics create              make the topics on Redpanda or Kafka; api topics create --help
  api recurrence --rule RULE     list the dates of a recurrence rule
  api --help
`

// errUsage is a mistake in the words of the command line.
var errUsage = errors.New("see api --help")

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "recurrence" {
		os.Exit(recurrenceCommand(args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	if err := run(args, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		if errors.Is(err, errUsage) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return serve()
	}
	switch args[0] {
	case "serve":
		return serve()
	case "migrate":
		return migrate(args[1:], stdout)
	case "token":
		return tokenCommand(args[1:], stdout)
	case "audit":
		return auditCommand(args[1:], stdout)
	case "outbox":
		return parkedCommand(args[1:], stdout)
	case "deadletters":
		return deadLettersCommand(args[1:], stdout)
	case "topics":
		return topicsCommand(args[1:], stdout)
	case "-h", "--help", "help":
		_, _ = fmt.Fprint(stdout, usage, "\n")
		config.HelpAPI(stdout)
		return nil
	default:
		return fmt.Errorf("unknown command %q: %w", args[0], errUsage)
	}
}
