package app

import (
	"fmt"
	"io"
	"slices"

	"tickler/internal/terminal"
)

// Command runs a worker from its command line, which takes no arguments but a request
// for help, and returns the exit status: 0, 1 for a failure, 2 for a mistake in the
// command line. What it prints holds nothing that a terminal obeys.
func Command(name string, args []string, stdout, stderr io.Writer, help func(io.Writer), run func() error) int {
	stderr = terminal.NewWriter(stderr)
	switch {
	case len(args) == 1 && slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]):
		_, _ = fmt.Fprintf(stdout, "Usage: %s\n\nIt takes no arguments.\n\n", name)
		help(stdout)
		return 0
	case len(args) > 0:
		_, _ = fmt.Fprintf(stderr, "%s: takes no argument %q; see %s --help\n", name, args[0], name)
		return 2
	}
	if err := run(); err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return 1
	}
	return 0
}
