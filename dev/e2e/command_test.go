package e2e

import (
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestMissingSettingIsNamedWithItsVariable(t *testing.T) {
	t.Parallel()
	for app, variables := range map[string][]string{
		"api":      {"DATABASE_URL"},
		"notifier": {"DATABASE_URL", "APP_PORT", "APP_API_TOKEN"},
		"recurrer": {"DATABASE_URL", "APP_PORT", "APP_API_TOKEN"},
	} {
		said, err := command(t, app, nil).CombinedOutput()
		require.Error(t, err, app)
		for _, variable := range variables {
			require.Contains(t, string(said), variable+" is not set", app)
		}
		for _, wrong := range []string{"TICKLER_LISTEN=nonsense", "DAPR_GRPC_PORT=99999", "TICKLER_DRAIN=soon", "TICKLER_LOG_LEVEL=loud"} {
			env := []string{"DATABASE_URL=postgres://localhost/x", "APP_PORT=1", "APP_API_TOKEN=x", wrong}
			said, err := command(t, app, env).CombinedOutput()
			require.Error(t, err, "%s %s", app, wrong)
			name, _, _ := strings.Cut(wrong, "=")
			require.Contains(t, string(said), name+": must be", app)
		}
		said, err = command(t, app, nil, "--help").CombinedOutput()
		require.NoError(t, err)
		for _, variable := range variables {
			require.Contains(t, string(said), variable, "--help of %s", app)
		}
	}
}

func TestCommandsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for _, wrong := range [][]string{{"migrat"}, {"migrate"}, {"migrate", "sideways"}, {"migrate", "up", "down"}} {
		said, err := command(t, "api", []string{"DATABASE_URL=postgres://localhost/x"}, wrong...).CombinedOutput()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, "%v: %s", wrong, said)
		require.Equal(t, 2, exit.ExitCode(), "%v: %s", wrong, said)
		require.Contains(t, string(said), "api --help")
	}
}

func TestMigrationsGoUpAndDownAndLeaveNothing(t *testing.T) {
	t.Parallel()
	s := shared(t)
	s.exec(t, `CREATE DATABASE migrated`)
	config, err := pgx.ParseConfig(s.DatabaseURL())
	require.NoError(t, err)
	address, err := url.Parse(s.DatabaseURL())
	require.NoError(t, err)
	address.Path = "/migrated"
	migrate := func(direction string) string {
		output, err := command(t, "api", []string{"DATABASE_URL=" + address.String()}, "migrate", direction).CombinedOutput()
		require.NoError(t, err, "%s", output)
		return string(output)
	}
	config.Database = "migrated"
	db, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer db.Close(t.Context())
	// Everything that somebody made here: tables, indexes, sequences, functions,
	// types. Not extensions: one may have been there before, so down leaves it.
	objects := func() (names []string) {
		rows, err := db.Query(t.Context(), `
			WITH made AS (
				SELECT 'relation ' || relname AS name, c.oid, 'pg_class'::regclass AS catalog FROM pg_class c WHERE relnamespace = 'public'::regnamespace
				UNION ALL SELECT 'function ' || proname, oid, 'pg_proc'::regclass FROM pg_proc WHERE pronamespace = 'public'::regnamespace
				UNION ALL SELECT 'type ' || typname, oid, 'pg_type'::regclass FROM pg_type WHERE typnamespace = 'public'::regnamespace
				UNION ALL SELECT 'schema ' || nspname, oid, 'pg_namespace'::regclass FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
			)
			SELECT name FROM made
			WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = made.catalog AND d.objid = made.oid AND d.deptype = 'e')
			  AND name NOT LIKE 'type %gtrgm' -- the array type of an extension's type depends on that type alone
			ORDER BY 1`)
		require.NoError(t, err)
		names, err = pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		kept := names[:0]
		for _, name := range names {
			if !strings.Contains(name, "goose_db_version") { // goose's own record stays
				kept = append(kept, name)
			}
		}
		return kept
	}
	bare := objects()
	require.Contains(t, migrate("status"), "pending")
	migrate("up")
	full := objects()
	require.Contains(t, full, "relation tasks")
	require.Contains(t, migrate("up"), "nothing to do")
	require.NotContains(t, migrate("status"), "pending")
	for range strings.Count(migrate("status"), "applied") {
		migrate("down")
	}
	require.Equal(t, bare, objects(), "down leaves nothing behind")
	migrate("up")
	require.Equal(t, full, objects(), "and up does it all again")
}
