package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/home"
)

func TestVariablesThatWouldMisleadAStackAreRefused(t *testing.T) {
	here, there := filepath.Join(t.TempDir(), "here"), filepath.Join(t.TempDir(), "there")
	t.Setenv("TICKLER_LISTEN", "")
	t.Setenv("DATABASE_URL", "postgres://localhost/x")
	t.Setenv(home.Variables, "")
	require.NoError(t, checkEnvironment(here), "a Postgres that somebody named")
	t.Setenv(home.Variables, here)
	require.NoError(t, checkEnvironment(here), "its own environment")
	t.Setenv(home.Variables, there)
	err := checkEnvironment(here)
	require.ErrorContains(t, err, there)
	require.ErrorContains(t, err, "unset DATABASE_URL")
	t.Setenv("DATABASE_URL", "")
	require.NoError(t, checkEnvironment(here))
	t.Setenv("TICKLER_LISTEN", "0.0.0.0:8080")
	require.ErrorContains(t, checkEnvironment(here), "TICKLER_API_PORT")
}
