package main

import (
	"context"
	"os"
)

// output is standard output for a command that goes on until it is ended. It ends the
// command when nobody reads it any more, as when the pager that it is piped to is left.
type output struct{ end context.CancelFunc }

func (o output) Write(text []byte) (int, error) {
	n, err := os.Stdout.Write(text)
	if err != nil {
		o.end()
	}
	return n, err
}
