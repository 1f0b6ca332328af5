// Package app opens what api, notifier and recurrer share, so that the main of
// each holds only what it does differently.
package app

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"tickler/internal/config"
	"tickler/internal/lifecycle"
	"tickler/internal/outbox"
	"tickler/internal/repository"
	"tickler/internal/sidecar"
	"tickler/internal/telemetry"
)

// App is an open app: its instruments, its way to Postgres, and its way to Dapr.
type App struct {
	Settings config.Config
	Log      *slog.Logger
	Registry *prometheus.Registry
	Sidecar  *sidecar.Client
	Relay    *outbox.Relay // publishes what Store commits, while Run runs
	Store    *repository.Repository

	closers []func()
}

// Open opens the app of a name, whose sessions in Postgres have a role, and logs
// to a writer. It waits up to a minute for Postgres and its schema; the sidecar
// need not be there. Close what it returns.
func Open(ctx context.Context, name string, role repository.Role, settings config.Config, logs io.Writer) (opened *App, err error) {
	a := &App{Settings: settings, Log: telemetry.NewLogger(logs, name, settings.LogLevel), Registry: telemetry.NewRegistry()}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	stopTracing, err := telemetry.StartTracing(ctx, name)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, stopTracing)
	pool, err := repository.Open(ctx, settings.DatabaseURL, role, a.Log)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, pool.Close)
	if a.Sidecar, err = sidecar.NewClient(settings.Sidecar); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.Sidecar.Close)
	// The relay reads the events of all users, which the app's own role may not.
	relayPool, err := repository.Connect(ctx, settings.DatabaseURL, repository.RoleRelay)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, relayPool.Close)
	a.Relay = outbox.NewRelay(relayPool, a.Sidecar, a.Log, a.Registry)
	a.Store = repository.New(pool, name, a.Relay.Wake)
	return a, nil
}

// Close closes what Open opened, in reverse order.
func (a *App) Close() {
	for _, closeOne := range slices.Backward(a.closers) {
		closeOne()
	}
}

// Checks tell whether the app is ready.
func (a *App) Checks() []telemetry.Check {
	return []telemetry.Check{{Name: "postgres", Ask: a.Store.Ping}, {Name: "sidecar", Ask: a.Sidecar.Ready}}
}

// Callbacks makes the listener on which the sidecar calls the app.
func (a *App) Callbacks() *sidecar.Listener {
	return sidecar.NewListener(a.Settings.AppAPIToken, a.Sidecar, a.Store, a.Log, a.Registry)
}

// Run serves, relays events and does the background work until ctx ends or a
// server fails. Then it finishes what was begun, within Settings.Drain.
func (a *App) Run(ctx context.Context, servers []lifecycle.Server, background ...func(context.Context)) error {
	return lifecycle.Run(ctx, lifecycle.App{
		Log: a.Log, Drain: a.Settings.Drain, Servers: servers,
		Background: func(ctx context.Context) {
			var working sync.WaitGroup
			for _, work := range append(background, a.Relay.Run) {
				working.Go(func() { work(ctx) })
			}
			working.Wait()
		},
	})
}

// RunWorker is Run for an app whose only callers are its sidecar and probes.
func (a *App) RunWorker(ctx context.Context, callbacks *sidecar.Listener, background ...func(context.Context)) error {
	return a.Run(ctx, []lifecycle.Server{
		{Name: "callbacks", Address: a.Settings.Callbacks, Handler: callbacks.Handler()},
		{Name: "probes", Address: a.Settings.Listen, Handler: telemetry.NewProbes(a.Registry, a.Checks()...)},
	}, background...)
}
