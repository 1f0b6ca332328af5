package migrations_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tickler/internal/pgtest"
)

// found reads one column of text: what a rule does not hold for.
func found(t *testing.T, pool *pgxpool.Pool, sql string) []string {
	t.Helper()
	rows, err := pool.Query(context.Background(), sql)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return all
}

// A function that runs under its owner's rights is one way past row-level
// security, so each has to be known here, with those who may execute it.
func TestFunctionsThatLendTheirOwnersRightsAreFewAndKnown(t *testing.T) {
	pool := pgtest.Open(t)
	require.Equal(t, []string{
		"begin_sign_in_step: tickler_api",
		"check_held: tickler_api",
		"check_held_sessions: tickler_api",
		"check_token: tickler_api",
		"check_web_session: tickler_api",
		"confirm_channel: tickler_api",
		"find_calendar: tickler_api",
		"find_confirmation: tickler_api",
		"find_oauth_client: tickler_api",
		"find_oauth_code: tickler_api",
		"find_oauth_token: tickler_api",
		"find_passkey: tickler_api",
		"find_sign_in_link: tickler_api",
		"find_sign_in_step: tickler_api",
		"find_user: tickler_api",
		"is_recorded: tickler_notifier, tickler_recurrer",
		"journal_news: tickler_api",
		"journal_of_all: tickler_api",
		"keep_oauth_client: tickler_api",
		"known_users: tickler_notifier, tickler_recurrer",
		"list_users: tickler_api",
		"mail_sign_in_link: tickler_api",
		"note_timeline: tickler_api",
		"note_token_use: tickler_api",
		"note_web_session_use: tickler_api",
		"oldest_unpublished: tickler_notifier",
		"provision_user: tickler_api",
		"queue_again: tickler_relay",
		"recorded_events: tickler_notifier, tickler_recurrer, tickler_relay",
		"register_oauth_client: tickler_api",
		"search_matches: tickler_api",
		"search_titles: tickler_api",
		"take_sign_in_link: tickler_api",
		"take_sign_in_step: tickler_api",
		"token_expired: tickler_api",
		"waiting_events: tickler_relay",
	}, found(t, pool, `
		SELECT p.proname || ': ' || coalesce((
			SELECT string_agg(CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END, ', ' ORDER BY g.grantee::regrole::text)
			FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g WHERE g.grantee <> p.proowner), 'nobody')
		FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace ORDER BY 1`))
}

// Its names must not be looked up among the caller's temporary objects, which
// come first unless pg_temp is named last.
func TestFunctionsThatLendTheirOwnersRightsCannotBeGivenOtherNames(t *testing.T) {
	pool := pgtest.Open(t)
	require.Empty(t, found(t, pool, `
		SELECT p.oid::regprocedure::text FROM pg_proc p
		WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace AND p.prosqlbody IS NULL
		  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) setting WHERE setting ~ '^search_path=.*, *"?pg_temp"?$')`))
}

func TestEverybodyMayDoNothingHere(t *testing.T) {
	pool := pgtest.Open(t)
	require.Empty(t, found(t, pool, `
		SELECT 'execute ' || p.oid::regprocedure FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
		WHERE p.pronamespace = 'public'::regnamespace AND g.grantee = 0 AND `+ours("pg_proc", "p")+`
		UNION ALL
		SELECT lower(g.privilege_type) || ' in the database' FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) g
		WHERE d.datname = current_database() AND g.grantee = 0 AND g.privilege_type <> 'CONNECT'
		UNION ALL
		SELECT lower(g.privilege_type) || ' in the schema' FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) g
		WHERE n.nspname = 'public' AND g.grantee = 0 AND g.privilege_type <> 'USAGE'
		UNION ALL
		SELECT lower(g.privilege_type) || ' on ' || c.oid::regclass FROM pg_class c, aclexplode(c.relacl) g
		WHERE c.relnamespace = 'public'::regnamespace AND g.grantee = 0
		UNION ALL
		SELECT lower(g.privilege_type) || ' on ' || a.attname || ' of ' || a.attrelid::regclass FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) g
		WHERE c.relnamespace = 'public'::regnamespace AND g.grantee = 0
		UNION ALL
		SELECT 'policy ' || p.polname || ' on ' || p.polrelid::regclass FROM pg_policy p WHERE p.polroles = '{0}'`))
}

// A role that owned something, or could make something, could change the rules
// that hold it; one that could pass a right on could give it to another.
func TestRolesOwnNothingMakeNothingAndPassNothingOn(t *testing.T) {
	pool := pgtest.Open(t)
	require.Empty(t, found(t, pool, `
		WITH roles AS (SELECT oid, rolname FROM pg_roles WHERE rolname IN ('tickler_api', 'tickler_notifier', 'tickler_recurrer', 'tickler_relay'))
		SELECT rolname || ' owns ' || c.oid::regclass FROM roles r JOIN pg_class c ON c.relowner = r.oid
		UNION ALL
		SELECT rolname || ' owns ' || p.oid::regprocedure FROM roles r JOIN pg_proc p ON p.proowner = r.oid
		UNION ALL
		SELECT rolname || ' may ' || privilege FROM roles, unnest('{CREATE,TEMPORARY}'::text[]) privilege WHERE has_database_privilege(roles.oid, current_database(), privilege)
		UNION ALL
		SELECT rolname || ' may ' || p.oid::regprocedure FROM roles, pg_proc p
		WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^lo_(creat|create|from_bytea|import)$|^pg_logical_emit_message$' AND has_function_privilege(roles.oid, p.oid, 'EXECUTE')		UNION ALL
		SELECT rolname || ' may create in the schema' FROM roles WHERE has_schema_privilege(roles.oid, 'public', 'CREATE')
		UNION ALL
		SELECT rolname || ' passes on rights on ' || c.oid::regclass FROM roles r, pg_class c, aclexplode(c.relacl) g WHERE g.grantee = r.oid AND g.is_grantable
		UNION ALL
		SELECT rolname || ' may ' || privilege || ' ' || c.oid::regclass FROM roles r, pg_class c, unnest('{TRUNCATE,TRIGGER,REFERENCES}'::text[]) privilege
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND has_table_privilege(r.oid, c.oid, privilege)`))
}
