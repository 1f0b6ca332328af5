// Package pgtest gives a test a database of its own on a real Postgres.
package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"tickler/migrations"
)

// Variable names the Postgres that tests may create databases on. `make test`
// starts one and sets it; without it, tests that need Postgres are skipped.
const Variable = "TICKLER_TEST_DATABASE_URL"

// Open returns a pool on a new, migrated database that is dropped with the test.
func Open(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, drop, err := Make(context.Background(), serverOf(t))
	require.NoError(t, err)
	t.Cleanup(drop)
	return pool
}

// Make is Open for an example, which has no test: server is the address that
// Variable holds. Call drop when done.
func Make(ctx context.Context, server string) (pool *pgxpool.Pool, drop func(), err error) {
	template, err := migrated(ctx, server)
	if err != nil {
		return nil, nil, err
	}
	name, dropDatabase, err := create(ctx, server, template)
	if err != nil {
		return nil, nil, err
	}
	config, err := pgxpool.ParseConfig(name)
	if err == nil {
		config.MaxConns = 20
		pool, err = pgxpool.NewWithConfig(ctx, config)
	}
	if err != nil {
		dropDatabase()
		return nil, nil, err
	}
	return pool, func() { pool.Close(); dropDatabase() }, nil
}

// migrated returns the name of a database to copy: migrating one takes twenty
// times as long as copying it. It is made once for each state of the migrations, by the
// first of several processes.
func migrated(ctx context.Context, server string) (name string, err error) {
	digest := sha256.New()
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return "", err
	}
	for _, file := range files {
		content, err := fs.ReadFile(migrations.FS, file)
		if err != nil {
			return "", err
		}
		digest.Write(content)
	}
	name = "migrated_" + hex.EncodeToString(digest.Sum(nil)[:8])
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext('tickler migrated'))`); err != nil { // let go of with the session
		return "", err
	}
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&there); err != nil || there {
		return name, err
	}
	making := name + "_making"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + making, "CREATE DATABASE " + making} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return "", err
		}
	}
	pool, err := pgxpool.New(ctx, address(server, making))
	if err != nil {
		return "", err
	}
	err = Migrate(ctx, pool)
	pool.Close() // a database that somebody is connected to cannot be copied
	if err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+making+" RENAME TO "+name)
	return name, err
}

// Migrate brings the schema up as the user of a pool.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// As returns a pool on the database of another one whose sessions have a role.
func As(t testing.TB, pool *pgxpool.Pool, role string) *pgxpool.Pool {
	t.Helper()
	config := pool.Config()
	config.ConnConfig.RuntimeParams["role"] = role
	as, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(as.Close)
	return as
}

// URL returns the address of a new, empty database that is dropped with the test.
func URL(t testing.TB) string {
	t.Helper()
	url, drop, err := create(context.Background(), serverOf(t), "template1")
	require.NoError(t, err)
	t.Cleanup(drop)
	return url
}

func serverOf(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Variable)
	if server == "" {
		t.Skipf("%s is not set; run: make test", Variable)
	}
	return server
}

// create copies a database and returns the copy's address; drop removes it.
func create(ctx context.Context, server, template string) (url string, drop func(), err error) {
	name := "test_" + strings.ToLower(rand.Text())
	admin := func(sql string) error {
		conn, err := pgx.Connect(ctx, server)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, sql)
		return err
	}
	if err := admin("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		return "", nil, err
	}
	drop = func() { _ = admin("DROP DATABASE " + name + " WITH (FORCE)") }
	if err := admin(fmt.Sprintf(withheld, name, template)); err != nil {
		drop()
		return "", nil, err
	}
	return address(server, name), drop, nil
}

// withheld takes from everybody what they may not do in the database that was
// copied: rights in a database are not copied with it.
const withheld = `
DO $$
DECLARE
	privilege text;
BEGIN
	FOR privilege IN
		SELECT d.privilege_type FROM pg_database t, aclexplode(acldefault('d', t.datdba)) d
		WHERE t.datname = '%[2]s' AND t.datacl IS NOT NULL AND d.grantee = 0 AND NOT EXISTS (
			SELECT FROM aclexplode(t.datacl) kept WHERE kept.grantee = 0 AND kept.privilege_type = d.privilege_type)
	LOOP
		EXECUTE 'REVOKE ' || privilege || ' ON DATABASE %[1]s FROM PUBLIC';
	END LOOP;
END
$$`

// address is that of another database of a server.
func address(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server // who connects with it is told what is wrong
	}
	u.Path = "/" + database
	return u.String()
}
