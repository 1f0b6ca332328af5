package repository_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// owned puts a row of user $1 into each table that belongs to users, beside what
// adding a task with a tag and a reminder has put there.
var owned = map[string]string{
	"tokens":         `INSERT INTO tokens (user_id, prefix, hash) VALUES ($1, 'tkl_', sha256(int8send($1)))`,
	"comments":       `INSERT INTO comments (user_id, task_id, author_kind, author, content, created_at, updated_at) SELECT $1, min(id), 'person', '', 'x', now(), now() FROM tasks WHERE user_id = $1`,
	"channels":       `INSERT INTO channels (user_id, kind, target) VALUES ($1, 'ntfy', 'https://ntfy.example.com/x')`,
	"deliveries":     `INSERT INTO deliveries (user_id, target, event_id, kind, content, next_attempt_at, created_at) VALUES ($1, 'x', gen_random_uuid(), 'test', '{}', now(), now())`,
	"categories":     `INSERT INTO categories (user_id, name, name_key) VALUES ($1, 'Home', 'home')`,
	"calendar_feeds": `INSERT INTO calendar_feeds (user_id, hash) VALUES ($1, sha256(int8send($1)))`,
	"web_sessions":   `INSERT INTO web_sessions (user_id, hash, browser, address, method, expires_at) VALUES ($1, sha256(int8send($1)), '', '', 'link', now() + interval '1 day')`,
	"sign_in_links":  `INSERT INTO sign_in_links (user_id, hash) VALUES ($1, sha256(int8send($1)))`,
	"passkeys":       `INSERT INTO passkeys (user_id, credential_id, handle, credential, name) VALUES ($1, sha256(int8send($1)), '', '{}', '')`,
	"oauth_tokens":   `INSERT INTO oauth_tokens (user_id, token_id, kind, hash, scopes, expires_at) SELECT $1, min(id), 'access', sha256(int8send($1)), '{}', now() FROM tokens WHERE user_id = $1`,
	"oauth_codes":    `INSERT INTO oauth_codes (user_id, hash, client_id, client_name, redirect, challenge, resource, scopes, attempt) VALUES ($1, sha256(int8send($1)), '', '', '', '', '', '{}', '')`,
	"oauth_attempts": `INSERT INTO oauth_attempts (user_id, key, client, step) VALUES ($1, '', '', 'request')`,
}

// strangers are the tables without a user_id, each with why nothing of a person
// remains there when they are deleted.
var strangers = map[string]string{
	"channel_confirmations": "goes with its channel",
	"outbox":                "goes with the journal's entries",
	"dead_letters":          "goes with the tasks; what cannot be read names nobody",
	"inbox":                 "ids of events, which lead nowhere then",
	"sign_in_steps":         "minutes of somebody who is not signed in",
	"oauth_clients":         "programs, which belong to nobody",
	"journal_floor":         "one number",
	"incarnations":          "of the database",
	"users":                 "the person's row itself",
	"goose_db_version":      "of the schema",
}

func (b *bundle) texts(t *testing.T, sql string) []string {
	t.Helper()
	rows, err := b.pool.Query(b.ctx, sql)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return all
}

func TestDeletingAPersonLeavesNothingOfTheirsInAnyTable(t *testing.T) {
	b := setup(t)
	owner := repository.New(b.pool, "api", func() {})
	tables := b.texts(t, `
		SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id'
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`)
	all := b.texts(t, `SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`)
	known := slices.Concat(tables, slices.Collect(maps.Keys(strangers)))
	for _, table := range all {
		require.Contains(t, known, table, "a table without user_id: what of a person is there, and what deletes it?")
	}
	for _, user := range []int64{b.ann.UserID, b.bob.UserID} {
		who := b.ann
		if user == b.bob.UserID {
			who = b.bob
		}
		b.add(t, who, task.Fields{Title: input.Some("of theirs"), Tags: input.Some([]string{"x"}), DueDate: input.Some("2026-03-09")})
		for _, table := range slices.Backward(slices.Sorted(maps.Keys(owned))) { // tokens before oauth_tokens
			b.exec(t, owned[table], user)
		}
		b.exec(t, `INSERT INTO channel_confirmations (hash, channel_id) SELECT sha256(int8send($1)), id FROM channels WHERE user_id = $1`, user)
		b.exec(t, `INSERT INTO dead_letters (topic, task_id, reason, document) SELECT 'task-reminders', id, '', user_id::text FROM tasks WHERE user_id = $1`, user)
	}
	count := func(table string, user int64) (n int) {
		require.NoError(t, b.pool.QueryRow(b.ctx, fmt.Sprintf(`SELECT count(*) FROM %s WHERE user_id = $1`, table), user).Scan(&n))
		return n
	}
	kept := map[string]int{}
	for _, table := range tables {
		require.NotZero(t, count(table, b.ann.UserID), "this test must put something into %s", table)
		kept[table] = count(table, b.bob.UserID)
	}

	erased, err := owner.DeleteUser(b.ctx, b.ann.UserID)
	require.NoError(t, err)
	require.EqualValues(t, 1, erased.Tasks)
	require.EqualValues(t, 1, erased.DeadLetters)
	require.EqualValues(t, 1, erased.Unpublished)
	require.NotZero(t, erased.Entries)
	for _, table := range tables {
		require.Zero(t, count(table, b.ann.UserID), table)
		require.Equal(t, kept[table], count(table, b.bob.UserID), "bob's in %s", table)
	}
	for _, table := range []string{"users", "channel_confirmations", "dead_letters", "outbox"} {
		var n int
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM `+table).Scan(&n))
		require.Equal(t, 1, n, table)
	}
	_, err = owner.DeleteUser(b.ctx, b.ann.UserID)
	require.ErrorIs(t, err, fault.ErrNotFound)
	_, err = b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("by a call that had begun")}})
	require.Error(t, err)
	require.Zero(t, count("journal", b.ann.UserID))
}

func TestNoAppMayDeleteOrRenameAPerson(t *testing.T) {
	b := setup(t)
	_, err := b.store.DeleteUser(b.ctx, b.ann.UserID)
	require.ErrorContains(t, err, "permission denied")
	require.ErrorContains(t, b.store.RenameUser(b.ctx, b.ann.UserID, repository.LocalIssuer, "anna"), "permission denied")
	_, err = b.store.Settings(b.ctx, b.ann.UserID)
	require.NoError(t, err)
}

func TestWorkOnADeletedPersonsEventsEndsWithoutTrouble(t *testing.T) {
	b := setup(t)
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T07:00")})
	claimed, _, err := b.notifier.ClaimReminders(b.ctx, b.now, b.now.AddDate(-1, 0, 0), 10)
	require.NoError(t, err)
	require.Equal(t, 1, claimed)
	_, err = repository.New(b.pool, "api", func() {}).DeleteUser(b.ctx, b.ann.UserID)
	require.NoError(t, err)
	known, err := b.notifier.KnownUsers(b.ctx, []int64{b.ann.UserID, b.bob.UserID})
	require.NoError(t, err)
	require.Equal(t, map[int64]bool{b.bob.UserID: true}, known)
	reminder := event.Reminder{Base: event.Base{UserID: b.ann.UserID, TaskID: added.ID}}
	_, err = b.notifier.TakeReminders(b.ctx, []event.Reminder{reminder}, b.now, func(event.Reminder) {})
	require.NoError(t, err, "a worker that holds a claim goes on")
	next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, added.ID)
	require.NoError(t, err)
	require.Nil(t, next)
}

func TestRenamedPersonKeepsWhatIsTheirs(t *testing.T) {
	b := setup(t)
	owner := repository.New(b.pool, "api", func() {})
	require.ErrorIs(t, owner.RenameUser(b.ctx, b.ann.UserID, repository.LocalIssuer, "BOB"), repository.ErrTaken)
	require.ErrorIs(t, owner.RenameUser(b.ctx, 999, repository.LocalIssuer, "x"), fault.ErrNotFound)
	require.NoError(t, owner.RenameUser(b.ctx, b.ann.UserID, repository.LocalIssuer, "Anna"))
	id, err := b.store.FindUser(b.ctx, repository.LocalIssuer, "anna")
	require.NoError(t, err)
	require.Equal(t, b.ann.UserID, id)
	_, err = b.store.FindUser(b.ctx, repository.LocalIssuer, "ann")
	require.ErrorIs(t, err, fault.ErrNotFound)
	all, err := b.store.HistoryOfAll(b.ctx, b.ann.UserID, 0, 1)
	require.NoError(t, err)
	require.Equal(t, "anna", all[0].User)
}

func TestPersonOfAnIssuerIsRenamedAsItsTokensNameThem(t *testing.T) {
	b := setup(t)
	owner := repository.New(b.pool, "api", func() {})
	const issuer = "https://issuer.example.com"
	id, err := b.store.EnsureUser(b.ctx, issuer, "Sub-1", "")
	require.NoError(t, err)
	require.ErrorIs(t, owner.RenameUser(b.ctx, id, repository.LocalIssuer, "x"), fault.ErrNotFound)
	require.NoError(t, owner.RenameUser(b.ctx, id, issuer, "Sub-2"))
	found, err := b.store.FindUser(b.ctx, issuer, "Sub-2")
	require.NoError(t, err)
	require.Equal(t, id, found)
	for _, other := range []string{"Sub-1", "sub-2"} {
		_, err = b.store.FindUser(b.ctx, issuer, other)
		require.ErrorIs(t, err, fault.ErrNotFound, other)
	}
}
