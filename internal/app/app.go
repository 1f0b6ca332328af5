// Package app opens what api, notifier and recurrer share, so that the main of
// each holds only what it does differently: App is for api, which needs Postgres
// alone, Worker for the other two, which have a sidecar and publish.
package app

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"tickler/internal/config"
	"tickler/internal/lifecycle"
	"tickler/internal/outbox"
	"tickler/internal/repository"
	"tickler/internal/telemetry"
)

// App is an open app: its instruments and its way to Postgres.
type App struct {
	Settings config.Config
	Log      *slog.Logger
	Registry *prometheus.Registry
	// Bell rings for what Store commits, while Run runs.
	Bell  *outbox.Bell
	Store *repository.Repository

	background []func(context.Context)
	closers    []func()
}

// Open opens the app of a name, whose sessions in Postgres have a role, and logs
// to a writer. It waits up to a minute for Postgres and its schema. The app needs
// nothing else, and publishes nothing: workers do. Close what it returns.
func Open(ctx context.Context, name string, role repository.Role, settings config.Config, logs io.Writer) (*App, error) {
	a, pool, err := open(ctx, name, role, settings, logs)
	if err != nil {
		return nil, err
	}
	a.serveStore(pool, name, outbox.NewBell(pool, a.Log))
	a.background = append(a.background, a.Bell.Run)
	return a, nil
}

func open(ctx context.Context, name string, role repository.Role, settings config.Config, logs io.Writer) (*App, *pgxpool.Pool, error) {
	a := &App{Settings: settings, Log: telemetry.NewLogger(logs, name, settings.LogLevel), Registry: telemetry.NewRegistry()}
	stopTracing, err := telemetry.StartTracing(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	a.closers = append(a.closers, stopTracing)
	pool, err := repository.Open(ctx, settings.DatabaseURL, role, a.Log)
	if err != nil {
		a.Close()
		return nil, nil, err
	}
	a.closers = append(a.closers, pool.Close)
	return a, pool, nil
}

func (a *App) serveStore(pool *pgxpool.Pool, name string, bell *outbox.Bell) {
	a.Bell = bell
	a.Store = repository.New(pool, name, bell.Ring)
}

// Close closes what Open opened, in reverse order.
func (a *App) Close() {
	for _, closeOne := range slices.Backward(a.closers) {
		closeOne()
	}
}

// Checks tell whether the app is ready.
func (a *App) Checks() []telemetry.Check {
	return []telemetry.Check{{Name: "postgres", Ask: a.Store.Ping}}
}

// Run serves and does the background work until ctx ends or a server fails. Then it
// finishes what was begun, within Settings.Drain.
func (a *App) Run(ctx context.Context, servers []lifecycle.Server, background ...func(context.Context)) error {
	return lifecycle.Run(ctx, lifecycle.App{
		Log: a.Log, Drain: a.Settings.Drain, Servers: servers,
		Background: func(ctx context.Context) {
			var working sync.WaitGroup
			for _, work := range append(background, a.background...) {
				working.Go(func() { work(ctx) })
			}
			working.Wait()
		},
	})
}
