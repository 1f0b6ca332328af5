package main

import (
	"context"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"tickler/api/guard"
	"tickler/api/operation"
	"tickler/internal/access"
	"tickler/internal/config"
	"tickler/internal/feed"
	"tickler/internal/lifecycle"
	"tickler/internal/outbox"
	"tickler/internal/repository"
	"tickler/internal/sidecar"
	"tickler/internal/task"
	"tickler/internal/telemetry"
	"tickler/internal/transfer"
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

	pool, err := repository.Open(ctx, settings.DatabaseURL, repository.RoleAPI, log)
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
	events := feed.New(store, log, registry)
	relay.Woken = events.Wake
	service := task.NewService(store, time.Now).WithChannels(task.ChannelRules{
		Seal: settings.SecretKeys.Seal, Plain: len(settings.AllowedTargets) > 0,
	})
	trust := access.Trust{
		Issuers: settings.Guard.Issuers, Algorithms: settings.Guard.Algorithms,
		Audiences: append(guard.Audiences(settings.Guard.PublicURL), settings.Guard.Audiences...),
	}
	checker := access.NewChecker(store, access.NewIssuers(ctx, trust, time.Now, log), time.Now, log)
	guard := guard.New(guard.Config{
		PublicURL: settings.Guard.PublicURL, Hosts: settings.Guard.Hosts, Origins: settings.Guard.Origins,
		UserRate: settings.Guard.UserRate, AddressRate: settings.Guard.AddressRate, FailureRate: settings.Guard.FailureRate,
	}, trust, checker, store.Settings, time.Now, log)
	router, err := newRouter(routes{
		guard: guard, proxies: settings.Guard.Proxies, publicHost: hostOf(settings.Guard.PublicURL),
		service:    service,
		operations: operation.New(service, time.Now, log).WithPublicURL(strings.TrimSuffix(settings.Guard.PublicURL, "/")),
		events:     events, transfer: transfer.NewService(service, time.Now), audit: store, reminders: store.RecentReminders,
		log: log, registry: registry,
		checks: []telemetry.Check{{Name: "postgres", Ask: store.Ping}, {Name: "sidecar", Ask: dapr.Ready}},
	})
	if err != nil {
		return err
	}
	certificate, err := lifecycle.TLS(settings.Guard.TLSCertificate, settings.Guard.TLSKey, log)
	if err != nil {
		return err
	}
	return lifecycle.Run(ctx, lifecycle.App{
		Log: log, Drain: settings.Drain,
		Background: func(ctx context.Context) {
			var working sync.WaitGroup
			working.Go(func() { events.Run(ctx) })
			working.Go(func() { checker.Run(ctx) })
			relay.Run(ctx)
			working.Wait()
		},
		Servers: []lifecycle.Server{{Name: "calls", Address: settings.Listen, Handler: router, TLS: certificate}},
	})
}

// hostOf is the name in a URL.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return "localhost"
}
