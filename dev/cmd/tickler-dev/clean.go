package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"tickler/dev/stack"
)

// clean removes the state of a stack that does not run. It holds people's tasks, so it
// asks first; where nobody answers, as in a script, it removes nothing without --yes.
func clean(args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("clean", flag.ContinueOnError)
	yes := flags.Bool("yes", false, "do not ask")
	if err := parse(flags, args); err != nil {
		return err
	}
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	path := homePath(root)
	if _, err := os.Stat(path); os.IsNotExist(err) {
		_, err := fmt.Fprintf(stdout, "There is no %s.\n", path)
		return err
	}
	if !*yes {
		fmt.Fprintf(stdout, "This removes %s: every task, person, token and log in it. Go on? [y/N] ", path)
		answer, err := bufio.NewReader(stdin).ReadString('\n')
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
		case "":
			if errors.Is(err, io.EOF) {
				return errors.New("nobody answered, so nothing is removed; `make clean YES=1` does not ask")
			}
			fallthrough
		default:
			_, err := fmt.Fprintln(stdout, "Nothing is removed.")
			return err
		}
	}
	if err := stack.Clean(path); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s is gone.\n", path)
	return err
}
