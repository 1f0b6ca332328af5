package migrations_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tickler/internal/pgtest"
	"tickler/migrations"
)

var write = flag.Bool("write", false, "write schema.sql anew; see make schema")

// schemaFile is what a reader looks at to see what the migrations come to.
const schemaFile = "schema.sql"

// TestSchemaFileIsWhatTheMigrationsComeTo keeps schema.sql true. How Postgres
// writes down expressions and functions differs between its major versions, and
// typos are forgiven by extensions that not every server has, so it compares
// where these are as they were for the file.
func TestSchemaFileIsWhatTheMigrationsComeTo(t *testing.T) {
	pool := pgtest.Open(t)
	var major, extensions int
	require.NoError(t, pool.QueryRow(t.Context(), `
		SELECT current_setting('server_version_num')::int / 10000, (SELECT count(*) FROM pg_extension WHERE extname IN ('pg_trgm', 'btree_gin'))`).Scan(&major, &extensions))
	schema, err := describe(t.Context(), pool)
	require.NoError(t, err)
	head := fmt.Sprintf("-- Written by `make schema`: what the migrations come to, as Postgres %d says it.\n", major)
	const note = "-- Change the migrations, not this file.\n\n"
	if *write {
		require.Equal(t, 2, extensions, "pg_trgm and btree_gin must be installed")
		require.NoError(t, os.WriteFile(schemaFile, []byte(head+note+schema), 0o644))
		return
	}
	written, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	if extensions < 2 || !strings.HasPrefix(string(written), head) {
		t.Skipf("%s was written by another Postgres than %d, or by one with other extensions", schemaFile, major)
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		schema, err := describe(t.Context(), pool)
		require.NoError(c, err)
		require.Equal(c, string(written), head+note+schema, "run: make schema")
	}, settled, 100*time.Millisecond)
}

// settled is how long other tests may take to migrate a database of the same server:
// roles, with their memberships, are those of the whole server.
const settled = 20 * time.Second

func TestMigrationsGoUpDownAndUpAgain(t *testing.T) {
	pool := pgtest.Open(t)
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	require.NoError(t, err)
	up, err := describe(t.Context(), pool)
	require.NoError(t, err)
	require.Contains(t, up, "CREATE TABLE tasks")
	sources := provider.ListSources()
	require.Equal(t, migrations.Version(), sources[len(sources)-1].Version)
	for range sources { // one at a time, as api migrate down does
		_, err := provider.Down(t.Context())
		require.NoError(t, err)
	}
	down, err := describe(t.Context(), pool)
	require.NoError(t, err)
	require.NotContains(t, down, "CREATE TABLE")
	require.NotContains(t, down, "CREATE FUNCTION")
	require.NotContains(t, down, "CREATE TYPE")
	require.NoError(t, pgtest.Migrate(t.Context(), pool))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		again, err := describe(t.Context(), pool)
		require.NoError(c, err)
		require.Equal(c, up, again)
	}, settled, 100*time.Millisecond)
}

func TestSchemaOfAnOlderBuildIsRefused(t *testing.T) {
	require.NoError(t, migrations.Check(0), "an empty database")
	require.NoError(t, migrations.Check(migrations.Version()))
	require.NoError(t, migrations.Check(migrations.Version()+1), "a newer one, while apps are replaced one by one")
	require.ErrorIs(t, migrations.Check(1), migrations.ErrOlderBuild)
	err := migrations.Check(13)
	require.ErrorIs(t, err, migrations.ErrOlderBuild)
	for _, step := range []string{"version 13", "export each user's tasks", "import them"} {
		require.ErrorContains(t, err, step)
	}
}

func TestSchemaFileIsNoMigration(t *testing.T) {
	_, err := migrations.FS.Open(schemaFile)
	require.ErrorIs(t, err, os.ErrNotExist)
}
