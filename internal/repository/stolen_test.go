package repository_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/repository"
	"tickler/internal/task"
)

var allRoles = []repository.Role{repository.RoleAPI, repository.RoleNotifier, repository.RoleRecurrer, repository.RoleRelay}

// stolen is the session of an attacker who has the login of a role and runs any SQL.
// Unlike after SET ROLE, there is no other role to go back to.
func (b *bundle) stolen(t *testing.T, role repository.Role) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(b.ctx, b.pool.Config().ConnConfig)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	_, err = conn.Exec(b.ctx, `SET SESSION AUTHORIZATION `+string(role))
	require.NoError(t, err)
	return conn
}

// someData gives both users a row in most tables.
func (b *bundle) someData(t *testing.T) {
	t.Helper()
	for _, user := range []person.Settings{b.ann, b.bob} {
		b.add(t, user, task.Fields{Title: input.Some("Secret of user"), Description: input.Some("and its text"), Tags: input.Some([]string{"home"}), DueDate: input.Some("2027-01-01T10:00")})
		_, err := b.pool.Exec(b.ctx, `
			WITH channel AS (INSERT INTO channels (user_id, kind, target, secret) VALUES ($1, 'webhook', 'https://example.com', 'sealed') RETURNING id),
			token AS (INSERT INTO tokens (user_id, prefix, hash) VALUES ($1, 'tkl_', sha256(convert_to($2, 'UTF8'))))
			INSERT INTO deliveries (user_id, channel_id, target, event_id, kind, content, next_attempt_at, created_at)
			SELECT $1, id, 'https://example.com', gen_random_uuid(), 'test', '{}', now(), now() FROM channel`, user.UserID, user.TimeZone)
		require.NoError(t, err)
	}
}

func TestStolenLoginMakesNothingAndBecomesNobodyElse(t *testing.T) {
	b := setup(t)
	var owner string
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT current_user`).Scan(&owner))
	for _, role := range allRoles {
		thief := b.stolen(t, role)
		tries := []string{
			`CREATE TEMP TABLE journal (position bigint)`, `CREATE TEMP VIEW tasks AS SELECT 1`,
			`CREATE FUNCTION pg_temp.trap() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
			`SELECT lo_create(0)`, `SELECT lo_creat(-1)`, `SELECT lo_from_bytea(0, 'x')`, `SELECT pg_logical_emit_message(false, 'x', 'y')`,
			`CREATE TABLE mine (id int)`, `CREATE SCHEMA mine`, `CREATE EXTENSION hstore`,
			`CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'`,
			`CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)`,
			`CREATE TRIGGER mine AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
			`CREATE ROLE mine`, `ALTER ROLE ` + string(role) + ` BYPASSRLS`, `ALTER ROLE ` + string(role) + ` SUPERUSER`,
			`ALTER TABLE tasks DISABLE ROW LEVEL SECURITY`, `DROP POLICY own ON tasks`, `DROP INDEX idx_journal_user`,
			`ALTER FUNCTION check_token OWNER TO ` + string(role),
			`SET ROLE ` + pgx.Identifier{owner}.Sanitize(), `SET session_replication_role = replica`,
			`COPY (SELECT 1) TO PROGRAM 'true'`, `SELECT pg_read_file('PG_VERSION')`, `SELECT rolpassword FROM pg_authid`,
			`UPDATE goose_db_version SET version_id = 1`,
		}
		for _, other := range allRoles {
			publishes := role == repository.RoleNotifier || role == repository.RoleRecurrer
			if other != role && (other != repository.RoleRelay || !publishes) {
				tries = append(tries, `SET ROLE `+string(other))
			}
		}
		if role == repository.RoleAPI {
			requireNoRelay(t, b)
		}
		for _, sql := range tries {
			_, err := thief.Exec(b.ctx, sql)
			require.ErrorContains(t, err, "42501", "%s: %s", role, sql)
		}
	}
}

// requireNoRelay waits until api's role is no member of the relay's. Memberships
// belong to the whole server, and another test's migrations may be half done.
func requireNoRelay(t *testing.T, b *bundle) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var member bool
		require.NoError(c, b.pool.QueryRow(b.ctx, `SELECT pg_has_role('tickler_api', 'tickler_relay', 'MEMBER')`).Scan(&member))
		require.False(c, member)
	}, time.Minute, 50*time.Millisecond)
}

func TestStolenLoginChangesNothingThatIsRecorded(t *testing.T) {
	b := setup(t)
	b.someData(t)
	_, err := b.pool.Exec(b.ctx, `UPDATE journal SET at = now()`) // by the server's clock, not the test's
	require.NoError(t, err)
	count := func() (n int) {
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM journal`).Scan(&n))
		return n
	}
	before := count()
	require.Positive(t, before)
	for _, role := range allRoles {
		thief := b.stolen(t, role)
		for _, forged := range []string{`SELECT 1`, `SET tickler.admin = 'on'`, fmt.Sprintf(`SET tickler.user_id = '%d'`, b.ann.UserID), `SET tickler.anything = 'x'`} {
			_, err := thief.Exec(b.ctx, forged)
			require.NoError(t, err)
			for _, sql := range []string{
				`DELETE FROM journal`, `DELETE FROM journal WHERE id > 0`, `UPDATE journal SET actor = 'nobody'`, `TRUNCATE journal`,
				`INSERT INTO journal (id, user_id) VALUES (1, 1)`, `INSERT INTO journal (position, user_id) VALUES (1, 1)`,
			} {
				_, _ = thief.Exec(b.ctx, sql)
				require.Equal(t, before, count(), "%s: %s", role, sql)
			}
		}
	}
	var changed int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM journal WHERE actor IN ('nobody', 'x')`).Scan(&changed))
	require.Zero(t, changed)
}

// An attacker whom an administrator left the right to create temporary objects names
// one like ours: functions that run with their owner's rights must not look anything
// up there.
func TestTemporaryObjectsTrickNoFunctionIntoTheOwnersRights(t *testing.T) {
	b := setup(t)
	b.someData(t)
	_, err := b.pool.Exec(b.ctx, `DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$`)
	require.NoError(t, err)
	for _, role := range allRoles {
		thief := b.stolen(t, role)
		_, err := thief.Exec(b.ctx, fmt.Sprintf(`
			SET tickler.user_id = '%d';
			CREATE TEMP TABLE caught (who text);
			GRANT ALL ON caught TO PUBLIC;
			CREATE FUNCTION pg_temp.trap() RETURNS boolean LANGUAGE plpgsql AS $$
			BEGIN
				INSERT INTO pg_temp.caught VALUES (current_user);
				RETURN true;
			END $$`, b.ann.UserID))
		require.NoError(t, err)
		rows, err := thief.Query(b.ctx, `
			SELECT format('CREATE TEMP VIEW %I AS SELECT %s', c.relname,
				string_agg(format('CASE WHEN pg_temp.trap() THEN NULL::%s END AS %I', format_type(a.atttypid, a.atttypmod), a.attname), ', ' ORDER BY a.attnum))
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY c.oid, c.relname`)
		require.NoError(t, err)
		views, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.Greater(t, len(views), 10)
		for _, view := range views {
			_, err := thief.Exec(b.ctx, view)
			require.NoError(t, err, view)
		}
		// The trap works: an ordinary query falls into it.
		_, err = thief.Exec(b.ctx, `SELECT id FROM tasks; SELECT position FROM journal`)
		require.NoError(t, err)
		// Every function, with arguments that make its statements do some work.
		rows, err = thief.Query(b.ctx, `
			SELECT format('SELECT * FROM public.%I(%s)', p.proname, coalesce((
				SELECT string_agg(CASE format_type(type, NULL)
					WHEN 'bigint' THEN $1::text WHEN 'integer' THEN '5' WHEN 'text' THEN quote_literal('local')
					WHEN 'interval' THEN quote_literal('1 hour') WHEN 'bytea' THEN quote_literal('\x00') WHEN 'tsquery' THEN quote_literal('secret')
					WHEN 'bigint[]' THEN quote_literal('{1,2,3,4}') WHEN 'integer[]' THEN quote_literal('{1}')
					WHEN 'text[]' THEN quote_literal('{secret}') WHEN 'tsquery[]' THEN quote_literal('{secret}')
					ELSE 'NULL' END || '::' || format_type(type, NULL), ', ' ORDER BY place)
				FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS argument (type, place)), ''))
			FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype <> 'trigger'::regtype
			  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = p.oid AND e.deptype = 'e')`, fmt.Sprint(b.ann.UserID))
		require.NoError(t, err)
		calls, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.Greater(t, len(calls), 8)
		worked := 0
		for _, call := range calls {
			if _, err := thief.Exec(b.ctx, call); err == nil {
				worked++
			} else {
				require.Regexp(t, "42501|23514", err.Error(), "%s: %s", role, call) // not allowed, or refused by a rule of a table
			}
		}
		if role == repository.RoleAPI {
			require.Greater(t, worked, 8, "the api calls them")
		}
		var others []string
		rows, err = thief.Query(b.ctx, `SELECT DISTINCT who FROM pg_temp.caught WHERE who <> current_user`)
		require.NoError(t, err)
		others, err = pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.Empty(t, others, "%s ran code as", role)
		var fell int
		require.NoError(t, thief.QueryRow(b.ctx, `SELECT count(*) FROM pg_temp.caught`).Scan(&fell))
		require.Positive(t, fell)
	}
}

// The limit of row-level security: api's login names the user it works for, so
// anybody who has it can name any user. The other logins do not give access to all
// that.
func TestStolenLoginOfTheAPIWorksForWhomItSays(t *testing.T) {
	b := setup(t)
	b.someData(t)
	secrets := func(thief *pgx.Conn, column string) (n int, err error) {
		if _, err := thief.Exec(b.ctx, fmt.Sprintf(`SET tickler.user_id = '%d'`, b.bob.UserID)); err != nil {
			return 0, err
		}
		return n, thief.QueryRow(b.ctx, `SELECT count(`+column+`) FROM tasks`).Scan(&n)
	}
	n, err := secrets(b.stolen(t, repository.RoleAPI), "description")
	require.NoError(t, err)
	require.Equal(t, 1, n, "one user's at a time: the one whom it names")
	n, err = secrets(b.stolen(t, repository.RoleRecurrer), "description")
	require.NoError(t, err)
	require.Equal(t, 1, n, "recurrer reads them too, to add the next occurrence")
	_, err = secrets(b.stolen(t, repository.RoleNotifier), "description")
	require.ErrorContains(t, err, "42501", "a reminder has no description")
	_, err = secrets(b.stolen(t, repository.RoleRelay), "title")
	require.ErrorContains(t, err, "42501")
}

// What each login cannot do, whatever it claims: with every setting there is, each
// statement is refused or changes no row.
func TestStolenLoginHasTheRightsOfItsWorkOnly(t *testing.T) {
	b := setup(t)
	b.someData(t)
	_, err := b.pool.Exec(b.ctx, `INSERT INTO inbox (consumer, event_id) VALUES ('notifier', gen_random_uuid()); UPDATE journal SET at = now()`)
	require.NoError(t, err)
	identity := []string{
		`SELECT * FROM check_token('\x00')`, `SELECT find_user('local', 'bob')`, `SELECT provision_user('x', 'y', 'UTC', '{}', 540)`,
		`SELECT note_token_use('{1}', '{now}')`, `SELECT find_calendar('\x00')`, `SELECT find_confirmation('\x00')`, `SELECT confirm_channel('\x00')`,
		`SELECT * FROM check_web_session('\x00')`, `SELECT take_sign_in_link('\x00')`, `SELECT * FROM find_passkey('\x00')`, `SELECT take_sign_in_step('\x00', 'form')`, `SELECT * FROM list_users(0, 10)`,
		`SELECT user_id FROM web_sessions`, `SELECT user_id FROM sign_in_links`, `SELECT handle FROM passkeys`, `SELECT state FROM sign_in_steps`, `INSERT INTO web_sessions (user_id, hash, browser, address, method, expires_at) VALUES (1, '', '', '', '', now())`, `SELECT hash FROM channel_confirmations`, `SELECT * FROM journal_news('{1,2}', '{0,0}', '{0,0}')`, `SELECT * FROM journal_of_all(NULL, NULL, 10)`,
		`SELECT user_id FROM tokens`, `SELECT hash FROM calendar_feeds`, `SELECT actor FROM journal`, `DELETE FROM users`,
		`SELECT subject FROM users`, `UPDATE users SET time_zone = 'UTC'`, `INSERT INTO tokens (user_id, prefix, hash) VALUES (1, '', '')`,
		`UPDATE tasks SET title = 'x'`, `SELECT before FROM journal`, `UPDATE journal SET after = '{}'`, `SELECT document FROM dead_letters`,
		`INSERT INTO journal (position, user_id) VALUES (1, 1)`,
	}
	for role, tries := range map[repository.Role][]string{
		repository.RoleAPI: {
			`SELECT hash FROM web_sessions`, `UPDATE web_sessions SET expires_at = 'infinity'`, `SELECT hash FROM sign_in_links`, `INSERT INTO sign_in_links (hash, user_id, expires_at) VALUES ('x', 1, 'infinity')`, `SELECT FROM sign_in_steps`, `UPDATE passkeys SET user_id = 1`,
			`SELECT hash FROM tokens`, `UPDATE tokens SET scopes = '{admin}'`, `DELETE FROM tokens`, `DELETE FROM users`, `UPDATE users SET subject = 'x'`,
			`SELECT FROM outbox`, `DELETE FROM outbox`, `SELECT FROM inbox`, `SELECT FROM dead_letters`, `DELETE FROM journal`, `DELETE FROM deliveries`,
			`SELECT FROM channel_confirmations`, `INSERT INTO channel_confirmations (hash, channel_id) VALUES ('x', 1)`,
			`UPDATE journal_floor SET position = 1`, `UPDATE journal SET after = '{}'`,
		},
		repository.RoleNotifier: append([]string{
			`UPDATE channels SET target = 'https://example.org'`, `UPDATE channels SET secret = ''`, `UPDATE channels SET kind = 'ntfy'`, `UPDATE channels SET user_id = 1`, `UPDATE channels SET signs_in = true`, `INSERT INTO sign_in_links (hash, user_id, expires_at) VALUES ('x', 1, 'infinity')`, `UPDATE channels SET confirmed = true`,
			`UPDATE channel_confirmations SET channel_id = 1`, `INSERT INTO channel_confirmations (hash, channel_id, expires_at) VALUES ('x', 1, 'infinity')`,
			`DELETE FROM channels`, `INSERT INTO channels (user_id, kind, target) VALUES (1, 'webhook', 'https://example.org')`,
			`UPDATE deliveries SET content = '{}'`, `UPDATE deliveries SET channel_id = 1`, `UPDATE deliveries SET user_id = 1`,
			`INSERT INTO reminders (task_id, user_id, remind_at) VALUES (1, 1, now())`, `UPDATE reminders SET user_id = 1`, `UPDATE reminders SET task_id = 1`,
			`SELECT description FROM tasks`, `SELECT idempotency_key FROM tasks`, `SELECT issuer FROM users`, `SELECT * FROM users`, `SELECT FROM categories`, `SELECT FROM tags`,
			`SELECT name FROM tags`, `SELECT tag_id FROM task_tags`, `SELECT topic FROM outbox`,
			`INSERT INTO tasks (user_id, title, time_zone, created_at, updated_at) VALUES (1, 'x', 'UTC', now(), now())`,
		}, identity...),
		repository.RoleRecurrer: append([]string{
			`SELECT said FROM tasks`, `SELECT search_vector FROM tasks`, `SELECT * FROM tasks`, `SELECT content FROM comments`,
			`INSERT INTO tasks (user_id, title, time_zone, created_at, updated_at, said) VALUES (1, 'x', 'UTC', now(), now(), '{x}')`,
			`DELETE FROM tasks`, `SELECT quiet_hours FROM users`, `SELECT target FROM channels`, `SELECT target FROM deliveries`, `DELETE FROM reminders`,
			`UPDATE reminders SET remind_at = now()`, `SELECT event_id FROM inbox`, `SELECT topic FROM outbox`, `INSERT INTO categories (user_id, name) VALUES (1, 'x')`,
		}, identity...),
		repository.RoleRelay: append([]string{
			`SELECT id FROM journal`, `SELECT after FROM journal`, `SELECT traceparent FROM journal`, `INSERT INTO outbox (shard, topic, id, task_id) VALUES (1, 'x', 1, 1)`,
			`SELECT title FROM tasks`, `SELECT target FROM channels`, `UPDATE outbox SET id = 1`, `UPDATE outbox SET topic = 'x'`, `DELETE FROM dead_letters`,
			`SELECT time_zone FROM users`, `SELECT event_id FROM inbox`, `SELECT target FROM deliveries`, `SELECT remind_at FROM reminders`,
		}, identity[:len(identity)-2]...),
	} {
		thief := b.stolen(t, role)
		_, err := thief.Exec(b.ctx, fmt.Sprintf(`SET tickler.user_id = '%d'; SET tickler.admin = 'on'`, b.ann.UserID))
		require.NoError(t, err)
		for _, sql := range tries {
			_, err := thief.Exec(b.ctx, sql)
			require.ErrorContains(t, err, "42501", "%s: %s", role, sql)
		}
	}
	thief := b.stolen(t, repository.RoleNotifier)
	for _, sql := range []string{`DELETE FROM tasks`, `DELETE FROM deliveries`, `DELETE FROM journal`} { // too young
		tag, err := thief.Exec(b.ctx, sql)
		require.NoError(t, err, sql)
		require.Zero(t, tag.RowsAffected(), sql)
	}
	_, err = thief.Exec(b.ctx, `UPDATE tasks SET version = version + 1`)
	require.ErrorContains(t, err, "row-level security", "the right to lock a row changes none")
	// Undo acts on what the journal says, so what a worker can write there matters.
	forgeAt := func(thief *pgx.Conn, at, kind, object, action, eventType, before, undoes string) error {
		_, err := thief.Exec(b.ctx, fmt.Sprintf(`
			INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, event_id, event_type, version, source, before, undoes)
			VALUES (%d, %s, gen_random_uuid(), '%s', 'x', 'bus', '%s', 1, '%s', gen_random_uuid(), '%s', 1, '', %s, %s)`, b.ann.UserID, at, kind, object, action, eventType, before, undoes))
		return err
	}
	forge := func(thief *pgx.Conn, kind, object, action, eventType, before, undoes string) error {
		return forgeAt(thief, "now()", kind, object, action, eventType, before, undoes)
	}
	recurrer := b.stolen(t, repository.RoleRecurrer)
	_, err = recurrer.Exec(b.ctx, fmt.Sprintf(`SET tickler.user_id = '%d'`, b.ann.UserID))
	require.NoError(t, err)
	for what, err := range map[string]error{
		"a deletion by notifier":                 forge(thief, "system", "task", "deleted", "task.deleted", "NULL", "NULL"),
		"a change that is told as a reminder":    forge(thief, "system", "task", "updated", "reminder.sent", `'{"title":"x"}'`, "NULL"),
		"a reminder with something to put back":  forge(thief, "system", "task", "reminded", "reminder.sent", `'{"title":"x"}'`, "NULL"),
		"a reminder by a person":                 forge(thief, "person", "task", "reminded", "reminder.sent", "NULL", "NULL"),
		"a reminder that takes back a change":    forge(thief, "system", "task", "reminded", "reminder.sent", "NULL", "1"),
		"settings by notifier":                   forge(thief, "system", "settings", "updated", "reminder.sent", `'{"time_zone":"UTC"}'`, "NULL"),
		"an occurrence by a person, by recurrer": forge(recurrer, "person", "task", "created", "task.created", "NULL", "NULL"),
		"settings by recurrer":                   forge(recurrer, "system", "settings", "updated", "task.updated", `'{"time_zone":"UTC"}'`, "NULL"),
		"a comment by recurrer":                  forge(recurrer, "system", "task", "commented", "task.commented", "NULL", "NULL"),
		"a comment that is told as new":          forge(recurrer, "system", "task", "commented", "task.created", "NULL", "NULL"),
		"a new task that is told as a comment":   forge(recurrer, "system", "task", "created", "task.commented", "NULL", "NULL"),
		"a deletion by recurrer":                 forge(recurrer, "system", "task", "deleted", "task.deleted", "NULL", "NULL"),
		"an occurrence with something to undo":   forge(recurrer, "system", "task", "created", "task.created", `'{"title":"x"}'`, "NULL"),
		"an occurrence of the future":            forgeAt(recurrer, "'2099-01-01'", "system", "task", "created", "task.created", "NULL", "NULL"),
		"an occurrence of yesterday":             forgeAt(recurrer, "now() - interval '1 day'", "system", "task", "created", "task.created", "NULL", "NULL"),
		"a reminder of the future":               forgeAt(thief, "'2099-01-01'", "system", "task", "reminded", "reminder.sent", "NULL", "NULL"),
		"an occurrence that takes back a change": forge(recurrer, "system", "task", "created", "task.created", "NULL", "1"),
	} {
		require.ErrorContains(t, err, "row-level security", what)
	}
	require.NoError(t, forge(recurrer, "system", "task", "created", "task.created", "NULL", "NULL"), "its work")
	require.NoError(t, forge(thief, "system", "task", "reminded", "reminder.sent", "NULL", "NULL"), "its work")
}

// The journal holds what was written and said in ninety days. The relay reads what
// waits to be published, so nobody who can become it may make old events wait.
func TestStolenLoginOfAWorkerReadsNothingThatWasPublished(t *testing.T) {
	b := setup(t)
	b.someData(t)
	_, err := b.pool.Exec(b.ctx, `DELETE FROM outbox`) // all of it was published
	require.NoError(t, err)
	const everything = `SELECT count(*) FROM waiting_events(
		ARRAY(SELECT n % 16 FROM generate_series(1, 100) n)::smallint[], array_fill('task-events'::text, '{100}'), ARRAY(SELECT generate_series(1, 100))::bigint[])`
	waiting := func(thief *pgx.Conn) (n int) {
		_, err := thief.Exec(b.ctx, `SET ROLE tickler_relay`)
		require.NoError(t, err)
		require.NoError(t, thief.QueryRow(b.ctx, everything).Scan(&n))
		_, err = thief.Exec(b.ctx, `SELECT count(after) FROM journal`)
		require.ErrorContains(t, err, "42501")
		_, err = thief.Exec(b.ctx, `INSERT INTO outbox (shard, topic, id, task_id) VALUES (1, 'task-events', 1, 1)`)
		require.ErrorContains(t, err, "42501")
		_, err = thief.Exec(b.ctx, `SELECT queue_again(16, 'task-events', $1, 1, gen_random_uuid())`, b.ann.UserID)
		require.NoError(t, err, "whoever does not know the id queues nothing")
		_, err = thief.Exec(b.ctx, `RESET ROLE`)
		require.NoError(t, err)
		return n
	}
	for _, role := range []repository.Role{repository.RoleNotifier, repository.RoleRecurrer} {
		thief := b.stolen(t, role)
		_, err := thief.Exec(b.ctx, fmt.Sprintf(`SET tickler.user_id = '%d'`, b.bob.UserID))
		require.NoError(t, err)
		for _, user := range []person.Settings{b.ann, b.bob} {
			var id int64
			require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT min(id) FROM journal WHERE user_id = $1`, user.UserID).Scan(&id))
			_, err = thief.Exec(b.ctx, `INSERT INTO outbox (shard, topic, id, task_id) VALUES (1, 'task-events', $1, 1)`, id)
			require.ErrorContains(t, err, "row-level security", "%s queues what was recorded before", role)
		}
		require.Zero(t, waiting(thief), role)
	}
	b.add(t, b.ann, task.Fields{Title: input.Some("waits")})
	_, err = b.pool.Exec(b.ctx, `UPDATE outbox SET shard = id % 16`)
	require.NoError(t, err)
	require.Equal(t, 1, waiting(b.stolen(t, repository.RoleNotifier)), "what waits is read")
}
