// Command conformance-api serves Tickler's own MCP transport, behind its own
// guard, with the fixtures that the official conformance suite looks for beside
// Tickler's tools. It takes api's environment variables and commands, so that it
// can stand in for api in a stack. docs/conformance.md
package main

import (
	"os"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"github.com/gin-gonic/gin"

	"tickler/api/command"
	"tickler/api/guard"
	"tickler/api/operation"
	"tickler/api/tools"
	"tickler/internal/access"
	"tickler/internal/app"
	"tickler/internal/config"
	"tickler/internal/feed"
	"tickler/internal/history"
	"tickler/internal/label"
	"tickler/internal/lifecycle"
	"tickler/internal/person"
	"tickler/internal/repository"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

func main() {
	os.Exit(command.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, serve))
}

func serve() error {
	settings, err := config.API()
	if err != nil {
		return err
	}
	ctx, stop := lifecycle.Interrupted()
	defer stop()
	a, err := app.Open(ctx, "api", repository.RoleAPI, settings, os.Stdout)
	if err != nil {
		return err
	}
	defer a.Close()
	events := feed.New(a.Store, a.Log, a.Registry)
	a.Bell.OnCommit(events.Wake)
	tasks, labels := task.NewService(a.Store, time.Now), label.NewService(a.Store, time.Now)
	people := person.NewService(a.Store, time.Now, person.ChannelRules{})
	operations := operation.New(tasks, labels, people, history.NewService(a.Store, time.Now), time.Now, a.Log)
	trust := access.Trust{Audiences: guard.Audiences(settings.Guard.PublicURL)}
	checker := access.NewChecker(a.Store, access.NewIssuers(ctx, trust, time.Now, a.Log), time.Now, a.Log)
	g := guard.New(guard.Config{PublicURL: settings.Guard.PublicURL}, trust, checker, a.Store.Settings, time.Now, a.Log)

	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(guard.Headers)
	telemetry.Probes(router, a.Registry, a.Checks()...)
	router.Group("/mcp", g.WithToken(0)...).Any("", g.MCP(operations.Needed()), gin.WrapH(withMissingCapability(tools.NewHandler(tools.Config{
		Operations: operations, Labels: labels, Events: events, Reminders: a.Store.RecentReminders,
		Version: "conformance", Log: a.Log, Registry: a.Registry, Extend: addFixtures,
	}))))
	return a.Run(ctx, []lifecycle.Server{{Name: "calls", Address: settings.Listen, Handler: router}},
		events.Run, checker.Run)
}
