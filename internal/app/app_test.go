package app_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/app"
	"tickler/internal/config"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/sidecar"
	"tickler/internal/telemetry"
)

// settings of an app whose sidecar is away.
func settings(t *testing.T) config.Config {
	t.Helper()
	return config.Config{DatabaseURL: pgtest.Open(t).Config().ConnString(), Sidecar: sidecar.Config{GRPCPort: "1", HTTPPort: "1"}}
}

func ready(ctx context.Context, checks []telemetry.Check) map[string]bool {
	ready := map[string]bool{}
	for _, check := range checks {
		ready[check.Name] = check.Ask(ctx) == nil
	}
	return ready
}

func TestAppNeedsPostgresOnly(t *testing.T) {
	t.Parallel()
	a, err := app.Open(t.Context(), "api", repository.RoleAPI, settings(t), io.Discard)
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"postgres": true}, ready(t.Context(), a.Checks()))
	a.Close()
	require.Error(t, a.Store.Ping(t.Context()), "Close closes the pool")
}

func TestWorkerOpensWithoutItsSidecarAndIsNotReady(t *testing.T) {
	t.Parallel()
	w, err := app.OpenWorker(t.Context(), "recurrer", repository.RoleRecurrer, settings(t), io.Discard)
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"postgres": true, "sidecar": false}, ready(t.Context(), w.Checks()))
	w.Close()
	require.Error(t, w.Store.Ping(t.Context()), "Close closes the pool")
}

func TestAppThatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := app.OpenWorker(t.Context(), "notifier", repository.RoleNotifier, config.Config{DatabaseURL: "mysql://"}, io.Discard)
	require.ErrorContains(t, err, "DATABASE_URL is not a Postgres URL")
}
