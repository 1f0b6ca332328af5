package app_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/app"
	"tickler/internal/config"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/sidecar"
)

func TestAppOpensWithoutItsSidecarAndIsNotReady(t *testing.T) {
	t.Parallel()
	settings := config.Config{DatabaseURL: pgtest.Open(t).Config().ConnString(), Sidecar: sidecar.Config{GRPCPort: "1", HTTPPort: "1"}}
	a, err := app.Open(t.Context(), "api", repository.RoleAPI, settings, io.Discard)
	require.NoError(t, err)
	ready := map[string]bool{}
	for _, check := range a.Checks() {
		ready[check.Name] = check.Ask(t.Context()) == nil
	}
	require.Equal(t, map[string]bool{"postgres": true, "sidecar": false}, ready)
	a.Close()
	require.Error(t, a.Store.Ping(t.Context()), "Close closes the pool")
}

func TestAppThatCannotBeOpenedSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := app.Open(t.Context(), "notifier", repository.RoleNotifier, config.Config{DatabaseURL: "mysql://"}, io.Discard)
	require.ErrorContains(t, err, "DATABASE_URL is not a Postgres URL")
}
