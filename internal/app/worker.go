package app

import (
	"context"
	"io"

	"tickler/internal/config"
	"tickler/internal/lifecycle"
	"tickler/internal/outbox"
	"tickler/internal/repository"
	"tickler/internal/sidecar"
	"tickler/internal/telemetry"
)

// Worker is an app that hears the bus through its sidecar, and publishes what all
// apps commit.
type Worker struct {
	*App
	Sidecar *sidecar.Client
}

// OpenWorker is Open for a worker. The sidecar need not be there, nor the broker.
func OpenWorker(ctx context.Context, name string, role repository.Role, settings config.Config, logs io.Writer) (opened *Worker, err error) {
	a, pool, err := open(ctx, name, role, settings, logs)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	w := &Worker{App: a}
	if w.Sidecar, err = sidecar.NewClient(settings.Sidecar); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, w.Sidecar.Close)
	// The relay reads the events of all users, which the app's own role may not.
	relayPool, err := repository.Connect(ctx, settings.DatabaseURL, repository.RoleRelay)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, relayPool.Close)
	relay := outbox.NewRelay(relayPool, w.Sidecar, a.Log, a.Registry)
	a.serveStore(pool, name, relay.Bell)
	a.background = append(a.background, relay.Run, func(ctx context.Context) { w.Sidecar.Seek(ctx, a.Log) })
	return w, nil
}

// Checks tell whether the worker is ready: it hears and publishes through its sidecar.
func (w *Worker) Checks() []telemetry.Check {
	return append(w.App.Checks(), telemetry.Check{Name: "sidecar", Ask: w.Sidecar.Ready})
}

// Callbacks makes the listener on which the sidecar calls the worker.
func (w *Worker) Callbacks() *sidecar.Listener {
	return sidecar.NewListener(w.Settings.AppAPIToken, w.Sidecar, w.Store, w.Log, w.Registry)
}

// Run is App.Run with the servers of a worker, whose only callers are its sidecar and
// probes.
func (w *Worker) Run(ctx context.Context, callbacks *sidecar.Listener, background ...func(context.Context)) error {
	return w.App.Run(ctx, []lifecycle.Server{
		{Name: "callbacks", Address: w.Settings.Callbacks, Handler: callbacks.Handler()},
		{Name: "probes", Address: w.Settings.Listen, Handler: telemetry.NewProbes(w.Registry, w.Checks()...)},
	}, background...)
}
