package repository_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// userTables are the tables with a column that names the user a row belongs to.
func (b *bundle) userTables(t *testing.T) []string {
	t.Helper()
	rows, err := b.pool.Query(b.ctx, `
		SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE a.attname = 'user_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
		ORDER BY 1`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return tables
}

// as runs fn in a transaction under a role, on behalf of a user; 0 for none.
func (b *bundle) as(t *testing.T, role repository.Role, userID int64, fn func(pgx.Tx)) {
	t.Helper()
	tx, err := b.pool.Begin(b.ctx)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(b.ctx) }()
	_, err = tx.Exec(b.ctx, `SET LOCAL ROLE `+string(role))
	require.NoError(t, err)
	if userID != 0 {
		_, err = tx.Exec(b.ctx, fmt.Sprintf(`SET LOCAL tickler.user_id = '%d'`, userID))
		require.NoError(t, err)
	}
	fn(tx)
}

func TestEveryTableWithAUserIsKeptApartByPostgres(t *testing.T) {
	b := setup(t)
	require.Contains(t, b.userTables(t), "tasks")
	for _, table := range append(b.userTables(t), "users") {
		var enabled, own bool
		require.NoError(t, b.pool.QueryRow(b.ctx, `
			SELECT c.relrowsecurity, EXISTS (
				SELECT FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname
				AND 'tickler_api' = ANY (p.roles) AND p.cmd = 'ALL' AND p.qual LIKE '%caller_id()%' AND coalesce(p.with_check, p.qual) = p.qual)
			FROM pg_class c WHERE c.relname = $1 AND c.relnamespace = 'public'::regnamespace`, table).Scan(&enabled, &own))
		require.True(t, enabled && own, `%[1]s has a user_id and no policy; its migration needs:
			ALTER TABLE %[1]s ENABLE ROW LEVEL SECURITY;
			CREATE POLICY own ON %[1]s TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
			and GRANTs to the roles that work with it`, table)
		// Any further policy for api would be ORed with that one.
		var policies int
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM pg_policies WHERE tablename = $1 AND roles && '{public,tickler_api}'`, table).Scan(&policies))
		require.Equal(t, 1, policies, table)
	}
}

func TestAppsWorkUnderRolesThatCannotBypassPolicies(t *testing.T) {
	b := setup(t)
	for _, role := range []repository.Role{repository.RoleAPI, repository.RoleNotifier, repository.RoleRecurrer, repository.RoleRelay} {
		var free int
		require.NoError(t, b.pool.QueryRow(b.ctx, `
			SELECT count(*) FROM pg_roles r WHERE r.rolname = $1 AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolinherit
				OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid))`, string(role)).Scan(&free))
		require.Zero(t, free, role)
	}
	pool, err := repository.Connect(b.ctx, b.pool.Config().ConnString(), repository.RoleAPI)
	require.NoError(t, err)
	defer pool.Close()
	var user string
	require.NoError(t, pool.QueryRow(b.ctx, `SELECT current_user`).Scan(&user))
	require.Equal(t, "tickler_api", user)
	for _, wrong := range []string{`ALTER TABLE tasks DISABLE ROW LEVEL SECURITY`, `DROP POLICY own ON tasks`, `CREATE TABLE mine (id int)`, `SELECT * FROM outbox`, `SELECT hash FROM inbox`, `UPDATE tokens SET scopes = '{admin}'`, `INSERT INTO users (issuer, subject) VALUES ('x', 'y')`} {
		_, err := pool.Exec(b.ctx, wrong)
		require.ErrorContains(t, err, "42", wrong) // insufficient privilege, or not the owner
	}
}

// A session that no policy applies to is refused, however it lost its role.
func TestSessionWithoutItsRoleIsRefused(t *testing.T) {
	b := setup(t)
	config := b.pool.Config()
	lost, err := pgx.ConnectConfig(b.ctx, config.ConnConfig) // as behind a pooler that drops the parameter
	require.NoError(t, err)
	defer func() { _ = lost.Close(b.ctx) }()
	require.ErrorContains(t, repository.CheckRole(b.ctx, lost, repository.RoleAPI), "and not as tickler_api")

	name := "free_" + strings.ToLower(rand.Text()[:8])
	_, err = b.pool.Exec(b.ctx, `CREATE ROLE `+name+` BYPASSRLS`)
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = b.pool.Exec(b.ctx, `DROP ROLE `+name) })
	pool, err := repository.Connect(b.ctx, b.pool.Config().ConnString(), repository.Role(name))
	require.NoError(t, err)
	defer pool.Close()
	require.ErrorContains(t, pool.Ping(b.ctx), "bypass row-level security")
}

// A query that forgets its user condition gets only its own user's rows.
func TestAForgottenWhereShowsNobodyElsesRows(t *testing.T) {
	b := setup(t)
	for _, user := range []person.Settings{b.ann, b.bob} {
		b.add(t, user, task.Fields{Title: input.Some("Water the plants"), Tags: input.Some([]string{"home"}), DueDate: input.Some("2027-01-01T10:00")})
		_, err := b.pool.Exec(b.ctx, `INSERT INTO categories (user_id, name, name_key) VALUES ($1, 'Garden', 'garden')`, user.UserID)
		require.NoError(t, err)
		_, err = b.pool.Exec(b.ctx, `
			INSERT INTO comments (user_id, task_id, author_kind, author, content, created_at, updated_at)
			SELECT $1, id, 'agent', 'laptop', 'said', now(), now() FROM tasks WHERE user_id = $1`, user.UserID)
		require.NoError(t, err)
		_, err = b.pool.Exec(b.ctx, `INSERT INTO channels (user_id, kind, target) VALUES ($1, 'webhook', 'https://example.com')`, user.UserID)
		require.NoError(t, err)
		_, err = b.pool.Exec(b.ctx, `INSERT INTO tokens (user_id, prefix, hash) VALUES ($1, 'tkl_', $2)`, user.UserID, []byte(user.TimeZone))
		require.NoError(t, err)
	}
	for _, table := range b.userTables(t) {
		var all, anns int
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*), count(*) FILTER (WHERE user_id = $1) FROM `+table, b.ann.UserID).Scan(&all, &anns))
		b.as(t, repository.RoleAPI, b.ann.UserID, func(tx pgx.Tx) {
			var seen int
			require.NoError(t, tx.QueryRow(b.ctx, `SELECT count(*) FROM `+table).Scan(&seen))
			require.Equal(t, anns, seen, table)
		})
		b.as(t, repository.RoleAPI, 0, func(tx pgx.Tx) {
			var seen int
			require.NoError(t, tx.QueryRow(b.ctx, `SELECT count(*) FROM `+table).Scan(&seen))
			require.Zero(t, seen, "%s, when nobody said for whom", table)
		})
	}
	b.as(t, repository.RoleAPI, b.ann.UserID, func(tx pgx.Tx) {
		tag, err := tx.Exec(b.ctx, `UPDATE tasks SET title = 'mine'`)
		require.NoError(t, err)
		require.EqualValues(t, 1, tag.RowsAffected())
		tag, err = tx.Exec(b.ctx, `UPDATE users SET time_zone = 'UTC'`)
		require.NoError(t, err)
		require.EqualValues(t, 1, tag.RowsAffected())
	})
	for _, forged := range []string{
		`INSERT INTO categories (user_id, name, name_key) VALUES ($1, 'Planted', 'planted')`,
		`UPDATE tasks SET user_id = $1`,
		`INSERT INTO tokens (user_id, prefix, hash) VALUES ($1, 'x', 'x')`,
		`INSERT INTO comments (user_id, task_id, author_kind, author, content, created_at, updated_at) SELECT $1, id, 'agent', 'x', 'x', now(), now() FROM tasks`,
	} {
		b.as(t, repository.RoleAPI, b.ann.UserID, func(tx pgx.Tx) {
			_, err := tx.Exec(b.ctx, forged, b.bob.UserID)
			require.ErrorContains(t, err, "row-level security", forged)
		})
	}
}

// The user of a statement ends with it: the next statement on the same session has
// none.
func TestTheCallerDoesNotStayInTheSession(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("Water the plants")})
	config := pgtest.As(t, b.pool, string(repository.RoleAPI)).Config()
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(b.ctx, config)
	require.NoError(t, err)
	defer pool.Close()
	store := repository.New(pool, "api", func() {})
	nobody := func() {
		var left *string
		var tasks int
		require.NoError(t, pool.QueryRow(b.ctx, `SELECT nullif(current_setting('tickler.user_id', true), ''), (SELECT count(*) FROM tasks)`).Scan(&left, &tasks))
		require.Nil(t, left)
		require.Zero(t, tasks)
	}
	for range 3 { // the first prepares the statements
		_, err = store.Settings(b.ctx, b.ann.UserID)
		require.NoError(t, err)
		nobody()
		_, err = store.Task(b.ctx, b.ann.UserID, 1<<40)
		require.ErrorIs(t, err, fault.ErrNotFound)
		nobody()
		_, err = store.List(b.ctx, b.ann.UserID, task.Filter{}, task.Paging{Limit: 5, Sort: task.ByCreatedAt})
		require.NoError(t, err)
		nobody()
		require.ErrorIs(t, store.Tx(b.ctx, b.ann.UserID, func(task.Tx) error { return fault.ErrNotFound }), fault.ErrNotFound)
		nobody()
		cancelled, cancel := context.WithCancel(b.ctx)
		cancel()
		_, err = store.Settings(cancelled, b.ann.UserID)
		require.Error(t, err)
		nobody()
	}
}

// Each role has the rights its app needs on a table, and no others.
func TestWorkersMayDoTheirOwnWorkOnly(t *testing.T) {
	b := setup(t)
	for _, c := range []struct {
		role     repository.Role
		may, not []string
	}{
		{repository.RoleRelay, []string{`SELECT count(*) FROM outbox`, `DELETE FROM outbox`}, []string{`SELECT FROM tasks`, `SELECT before FROM journal`, `SELECT FROM tokens`, `SELECT FROM users`, `UPDATE outbox SET topic = ''`, `DELETE FROM journal`}},
		{repository.RoleRecurrer, []string{`SELECT FROM tasks`, `SELECT FROM users`, `SELECT recorded_events('{}', '{}', '{}')`}, []string{`DELETE FROM tasks`, `SELECT after FROM journal`, `DELETE FROM journal`, `UPDATE tasks SET title = 'x'`, `SELECT FROM comments`, `SELECT FROM tokens`, `SELECT FROM channels`, `SELECT FROM inbox`, `SELECT FROM outbox`, `INSERT INTO categories (user_id, name, name_key) VALUES (1, 'x', 'x')`, `SELECT check_token('x')`}},
		{repository.RoleNotifier, []string{`SELECT FROM tasks`, `SELECT FROM channels`, `DELETE FROM inbox`, `SELECT recorded_events('{}', '{}', '{}')`}, []string{`SELECT after FROM journal`, `UPDATE journal SET actor = 'x'`, `UPDATE tasks SET title = 'x'`, `INSERT INTO tasks (user_id, title, time_zone, created_at, updated_at) VALUES (1, 'x', 'UTC', now(), now())`, `SELECT FROM tokens`, `UPDATE users SET time_zone = 'UTC'`, `SELECT FROM categories`, `SELECT FROM comments`, `SELECT FROM outbox`, `SELECT check_token('x')`}},
		{repository.RoleAPI, []string{`SELECT FROM tasks`}, []string{`UPDATE comments SET author = 'x'`, `SELECT recorded_events('{}', '{}', '{}')`, `SELECT FROM outbox`, `UPDATE journal SET actor = 'x'`, `DELETE FROM journal`, `SELECT FROM inbox`, `SELECT FROM dead_letters`, `DELETE FROM users`, `DELETE FROM tokens`}},
	} {
		for _, sql := range c.may {
			b.as(t, c.role, 0, func(tx pgx.Tx) {
				_, err := tx.Exec(b.ctx, sql)
				require.NoError(t, err, "%s: %s", c.role, sql)
			})
		}
		for _, sql := range c.not {
			b.as(t, c.role, b.ann.UserID, func(tx pgx.Tx) {
				_, err := tx.Exec(b.ctx, sql)
				require.ErrorContains(t, err, "42501", "%s: %s", c.role, sql)
			})
		}
	}
	// notifier can remove only what was deleted long ago.
	kept := b.add(t, b.ann, task.Fields{Title: input.Some("Water the plants")})
	b.as(t, repository.RoleNotifier, 0, func(tx pgx.Tx) {
		tag, err := tx.Exec(b.ctx, `DELETE FROM tasks`)
		require.NoError(t, err)
		require.Zero(t, tag.RowsAffected(), "task %d", kept.ID)
	})
}

func TestOrdinaryUserOfTheDatabaseCanMigrateAndWork(t *testing.T) {
	b := setup(t)
	name := "owner_" + strings.ToLower(t.Name()[:8])
	for _, sql := range []string{`DROP OWNED BY ` + name, `DROP ROLE ` + name} {
		_, _ = b.pool.Exec(b.ctx, sql) // of an earlier run
	}
	_, err := b.pool.Exec(b.ctx, `CREATE ROLE `+name+` NOSUPERUSER CREATEROLE`)
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = b.pool.Exec(b.ctx, `DROP OWNED BY `+name+`; DROP ROLE `+name) })
	b.migrate(t, 0)
	_, err = b.pool.Exec(b.ctx, `GRANT ALL ON SCHEMA public TO `+name+`; DROP TABLE goose_db_version`)
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, `DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO `+name+`', current_database()); END $$`)
	require.NoError(t, err)
	owner := pgtest.As(t, b.pool, name)
	require.NoError(t, pgtest.Migrate(b.ctx, owner))
	var member bool
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT pg_has_role($1, 'tickler_api', 'MEMBER')`, name).Scan(&member))
	require.True(t, member)
}
