package repository_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/migrations"
)

func TestAnAppOpensAsManySessionsAsItsURLAllows(t *testing.T) {
	for url, want := range map[string]int32{
		"postgres://127.0.0.1/tickler":                      16,
		"postgres://127.0.0.1/tickler?pool_max_conns=3":     3,
		"host=127.0.0.1 dbname=tickler pool_max_conns = 30": 30,
	} {
		pool, err := repository.Connect(context.Background(), url, repository.RoleAPI) // it opens none yet
		require.NoError(t, err, url)
		require.Equal(t, want, pool.Config().MaxConns, url)
		pool.Close()
	}
}

func TestAnAppRefusesTheSchemaOfAnOlderBuildWithoutWaiting(t *testing.T) {
	t.Parallel()
	pgtest.Open(t) // makes the roles
	url := pgtest.URL(t)
	db, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = db.Close(context.Background()) }()
	_, err = db.Exec(t.Context(), `
		CREATE TABLE goose_db_version (version_id bigint, is_applied boolean);
		INSERT INTO goose_db_version SELECT n, true FROM generate_series(0, 13) n;
		GRANT SELECT ON goose_db_version TO tickler_api`)
	require.NoError(t, err)
	var said bytes.Buffer
	_, err = repository.Open(t.Context(), url, repository.RoleAPI, slog.New(slog.NewTextHandler(&said, nil)))
	require.ErrorIs(t, err, migrations.ErrOlderBuild)
	require.ErrorContains(t, err, "docs/operations.md")
	require.Empty(t, said.String())
}

// Whoever stops an app that still waits is not told that a minute has passed.
func TestOpenThatIsStoppedSaysSo(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err := repository.Open(ctx, "postgres://nobody@127.0.0.1:1/none", repository.RoleAPI, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "stopped before the database was ready")
}
