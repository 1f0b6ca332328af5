// Command api takes the calls: MCP tools and REST over one task service. Its
// other commands are those of package command.
package main

import (
	"os"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"tickler/api/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, serve))
}
