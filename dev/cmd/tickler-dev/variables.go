package main

import (
	"strings"

	"tickler/dev/stack"
	"tickler/internal/terminal"
)

// variable is an environment variable that this program reads.
type variable struct{ name, help, standard string }

// variables are all of them; docs/configuration.md shows the same.
var variables = []variable{
	{"TICKLER_HOME", "folder for all state", ".tickler"},
	{"BROKER", "redpanda, redis, rabbitmq, nats or kafka; what is missing is named", "redpanda, for which kfake stands in"},
	{"TRACES", "1 keeps the spans of apps and sidecars, and shows them on a page", "none are kept"},
	{stack.APIPortVariable, "port of the page, MCP and REST", "8080"},
	{"TICKLER_LISTEN", "refused: each app has an address of its own, on this machine only", "unset"},
	{stack.PostgresPortVariable, "port of Postgres", "15432"},
	{stack.BrokerPortVariable, "port of the broker", "19092"},
	{"DATABASE_URL", "a Postgres of your own; none is started then", "none"},
	{"SMTP_HOST", "server to send mail through", "none: no mail is sent"},
	{"SMTP_PORT", "its port", "587"},
	{"SMTP_USER", "user there", "none"},
	{"SMTP_PASSWORD", "the user's password", "none"},
	{"SMTP_FROM", "sender of the mail", "tickler@localhost"},
	{"DAPR_RUNTIME_PATH", "folder in which the dapr CLI made .dapr", "the home directory"},
	{testDatabase, "with-postgres: a server that is there already; none is started then", "none"},
}

// environment is the part of the usage about them.
func environment() string {
	var b strings.Builder
	b.WriteString("Environment variables:\n")
	for _, v := range variables {
		terminal.WriteEntry(&b, v.name+" (default "+v.standard+")", v.help)
	}
	return b.String()
}
