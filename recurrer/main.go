// Command recurrer hears that a recurring task was completed and creates its
// next occurrence.
package main

import (
	"fmt"
	"os"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"tickler/internal/config"
	"tickler/internal/event"
	"tickler/internal/lifecycle"
	"tickler/internal/outbox"
	"tickler/internal/repository"
	"tickler/internal/sidecar"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

const (
	app    = "recurrer"
	listen = "127.0.0.1:8082"
)

func main() {
	if len(os.Args) > 1 {
		config.HelpWorker(os.Stdout, listen)
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "recurrer:", err)
		os.Exit(1)
	}
}

func run() error {
	settings, err := config.Worker(listen)
	if err != nil {
		return err
	}
	log := telemetry.NewLogger(os.Stdout, app, settings.LogLevel)
	registry := telemetry.NewRegistry()
	ctx, stop := lifecycle.Interrupted()
	defer stop()
	stopTracing, err := telemetry.StartTracing(ctx, app)
	if err != nil {
		return err
	}
	defer stopTracing()

	pool, err := repository.Open(ctx, settings.DatabaseURL, repository.RoleRecurrer, log)
	if err != nil {
		return err
	}
	defer pool.Close()
	dapr, err := sidecar.NewClient(settings.Sidecar)
	if err != nil {
		return err
	}
	defer dapr.Close()

	outboxPool, err := repository.Connect(ctx, settings.DatabaseURL, repository.RoleRelay)
	if err != nil {
		return err
	}
	defer outboxPool.Close()
	relay := outbox.NewRelay(outboxPool, dapr, log, registry)
	store := repository.New(pool, app, relay.Wake)
	callbacks := sidecar.NewListener(settings.AppAPIToken, dapr, store.KeepDeadLetter, log, registry)
	callbacks.Subscription(event.TopicTaskRecurrence, newFollower(task.NewService(store, time.Now), log, registry).follow)

	probes := telemetry.NewProbes(registry, telemetry.Check{Name: "postgres", Ask: store.Ping}, telemetry.Check{Name: "sidecar", Ask: dapr.Ready})
	return lifecycle.Run(ctx, lifecycle.App{
		Log: log, Drain: settings.Drain, Background: relay.Run,
		Servers: []lifecycle.Server{
			{Name: "callbacks", Address: settings.Callbacks, Handler: callbacks.Handler()},
			{Name: "probes", Address: settings.Listen, Handler: probes},
		},
	})
}
