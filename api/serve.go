package main

import (
	"context"
	"os"
	"sync"
	"time"

	"tickler/api/operation"
	"tickler/internal/config"
	"tickler/internal/feed"
	"tickler/internal/lifecycle"
	"tickler/internal/outbox"
	"tickler/internal/repository"
	"tickler/internal/sidecar"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

const app = "api"

func serve() error {
	settings, err := config.API()
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

	pool, err := repository.Open(ctx, settings.DatabaseURL, log)
	if err != nil {
		return err
	}
	defer pool.Close()
	dapr, err := sidecar.NewClient(settings.Sidecar)
	if err != nil {
		return err
	}
	defer dapr.Close()

	relay := outbox.NewRelay(pool, dapr, log, registry)
	store := repository.New(pool, app, relay.Wake)
	events := feed.New(store, log, registry)
	relay.Woken = events.Wake
	service := task.NewService(store, time.Now)
	router := newRouter(routes{
		store: store, service: service, operations: operation.New(service, time.Now, log), events: events, log: log, registry: registry,
		checks: []telemetry.Check{{Name: "postgres", Ask: store.Ping}, {Name: "sidecar", Ask: dapr.Ready}},
	})
	return lifecycle.Run(ctx, lifecycle.App{
		Log: log, Drain: settings.Drain, Background: func(ctx context.Context) {
			var working sync.WaitGroup
			working.Go(func() { events.Run(ctx) })
			relay.Run(ctx)
			working.Wait()
		},
		Servers: []lifecycle.Server{{Name: "calls", Address: settings.Listen, Handler: router}},
	})
}
