// Command api serves MCP and REST. Package command has its other commands.
package main

import (
	"os"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"tickler/api/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, serve))
}
