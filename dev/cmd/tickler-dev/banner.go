package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"tickler/dev/broker"
	"tickler/dev/stack"
	"tickler/internal/access"
)

const line = "────────────────────────────────────────────────────────────────────────"

func banner(s *stack.Stack, link string, config stack.Config, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n  Tickler is ready, after %s.\n\n", line, took.Round(100*time.Millisecond))
	fmt.Fprintf(&b, "  Your tasks, in a browser. The link signs you in, once, within %.0f minutes:\n  %s\n", access.LinkLasts.Minutes(), link)
	fmt.Fprintf(&b, "  Another one:  . %s && bin/api user link --user %s\n\n", filepath.Join(config.Home, "env"), stack.User)
	fmt.Fprintf(&b, "  MCP    %s\n", s.MCPURL())
	fmt.Fprintf(&b, "  token  %s\n\n", s.Token())
	fmt.Fprintf(&b, "  Claude Code:\n")
	fmt.Fprintf(&b, "  claude mcp add --transport http tickler %s --header \"Authorization: Bearer %s\"\n\n", s.MCPURL(), s.Token())
	if url := s.TracesURL(); url != "" {
		fmt.Fprintf(&b, "  Traces of what is called, and of what follows from it:  %s\n\n", url)
	}
	fmt.Fprintf(&b, "  All of it for a shell:  . %s\n", filepath.Join(config.Home, "env"))
	fmt.Fprintf(&b, "  Logs in %s. ^C stops everything; the data stays.\n%s\n\n", filepath.Join(config.Home, "log"), line)
	return b.String()
}

func infraBanner(s *stack.Stack, config stack.Config, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n  Postgres and broker are ready, after %s; topics and tables are made.\n\n", line, took.Round(100*time.Millisecond))
	fmt.Fprintf(&b, "  Now, in another terminal, the apps with the dapr CLI:\n\n")
	fmt.Fprintf(&b, "  . %s && dapr run -f .\n\n", filepath.Join(config.Home, "env"))
	if folder := config.Broker.Components(); folder != broker.Redpanda.Components() {
		fmt.Fprintf(&b, "  dapr.yaml names components/brokers/redpanda: put %s there first.\n\n", folder)
	}
	if url := s.TracesURL(); url != "" {
		fmt.Fprintf(&b, "  Their traces will be at %s\n", url)
	}
	fmt.Fprintf(&b, "  They will serve MCP at %s, token %s\n", s.MCPURL(), s.Token())
	fmt.Fprintf(&b, "  ^C stops Postgres and broker; the data stays.\n%s\n\n", line)
	return b.String()
}
