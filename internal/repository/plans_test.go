package repository_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// seedMany fills the table enough for the planner to prefer an index.
func (b *bundle) seedMany(t *testing.T) {
	t.Helper()
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO users (issuer, subject, time_zone, reminder_offsets, all_day_time) SELECT 'local', 'many' || n, 'UTC', '{60}', 540 FROM generate_series(1, 50) n;
		INSERT INTO tasks (user_id, title, time_zone, due_date, created_at, updated_at)
		SELECT u.id, 'Task ' || n, 'UTC', now() + n * interval '1 hour', now() + n * interval '1 second', now()
		FROM users u, generate_series(1, 400) n;
		INSERT INTO reminders (task_id, user_id, remind_at)
		SELECT id, user_id, due_date FROM tasks WHERE due_date > now();
		ANALYZE tasks, reminders;`)
	require.NoError(t, err)
}

func (b *bundle) plan(t *testing.T, sql string, args ...any) string {
	t.Helper()
	rows, err := b.pool.Query(b.ctx, "EXPLAIN "+sql, args...)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}

func TestEventLogIsReadByItsIndexes(t *testing.T) {
	b := setup(t)
	b.seedMany(t)
	cases := []struct{ name, sql, index string }{
		{"successor", `SELECT id FROM tasks t WHERE t.user_id = 7 AND t.previous_task_id = 9`, "tasks_previous_task_id_key"},
		{"stream of a user", `SELECT after FROM journal WHERE user_id = 7 AND (position, id) > (5, 1) AND event_type IS NOT NULL AND position < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY position, id LIMIT 100`, "idx_journal_user"},
		{"news for many users", `SELECT u FROM unnest('{1,2,3,4,5}'::bigint[]) u WHERE EXISTS (SELECT FROM journal j WHERE j.user_id = u AND j.position >= 400 AND j.position < 500)`, "idx_journal_user"},
		{"recorded event", `SELECT after FROM journal j WHERE j.user_id = 7 AND j.object_id = 33 AND j.event_id = '6f9619ff-8b86-4011-b42d-00c04fc964ff'`, "idx_journal_object"},
		{"history of a task", `SELECT after FROM journal WHERE user_id = 7 AND object_id = 33 ORDER BY id DESC LIMIT 50`, "idx_journal_object"},
		{"history of a user", `SELECT after FROM journal WHERE user_id = 7 ORDER BY position DESC, id DESC LIMIT 50`, "idx_journal_user"},
		{"token", `SELECT id FROM tokens WHERE hash = '\x00'`, "tokens_hash_key"},
	}
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO tokens (user_id, prefix, hash) SELECT (SELECT min(id) FROM users), '', sha256(n::text::bytea) FROM generate_series(1, 2000) n;
		INSERT INTO journal (position, user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, event_id, event_type, version, source)
		SELECT n, n % 50, now(), gen_random_uuid(), 'agent', 'test', 'mcp', 'task', n, 'deleted', gen_random_uuid(), 'task.deleted', 1, 'test' FROM generate_series(1, 50000) n;
		ANALYZE tokens, journal;`)
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, `VACUUM tasks`) // as Postgres does by itself: counts are then answered by the index
	require.NoError(t, err)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Contains(t, b.plan(t, c.sql), c.index) })
	}
}

func TestEveryForeignKeyHasAnIndexThatServesIt(t *testing.T) {
	b := setup(t)
	rows, err := b.pool.Query(b.ctx, `
		SELECT c.conrelid::regclass || ' ' || c.conname FROM pg_constraint c
		WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
			SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
			AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)`)
	require.NoError(t, err)
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, missing)
}

func TestAnotherUsersTaskDoesNotExist(t *testing.T) {
	b := setup(t)
	added, err := b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("secret"), DueDate: input.Some("2026-03-05"), RecurrenceRule: input.Some("daily"), Tags: input.Some([]string{"private"})}, IdempotencyKey: "k"})
	require.NoError(t, err)
	theirs := added.Task
	_, err = b.service.Get(b.ctx, b.bob, theirs.ID)
	requireCode(t, err, fault.NotFound, "task_id")
	_, err = b.service.Update(b.ctx, b.bob, task.UpdateInput{TaskID: theirs.ID, Fields: task.Fields{Title: input.Some("mine")}})
	requireCode(t, err, fault.NotFound, "task_id")
	_, err = b.service.Complete(b.ctx, b.bob, task.CompleteInput{TaskID: theirs.ID})
	requireCode(t, err, fault.NotFound, "task_id")
	_, err = b.service.Delete(b.ctx, b.bob, theirs.ID)
	requireCode(t, err, fault.NotFound, "task_id")
	_, err = b.service.Reopen(b.ctx, b.bob, theirs.ID)
	requireCode(t, err, fault.NotFound, "task_id")
	_, err = b.service.SkipOccurrence(b.ctx, b.bob, theirs.ID)
	requireCode(t, err, fault.NotFound, "task_id")
	found, err := b.service.Search(b.ctx, b.bob, task.SearchInput{Query: "secret"})
	require.NoError(t, err)
	require.Zero(t, found.Total)
	_, err = b.service.List(b.ctx, b.bob, task.ListInput{Selection: task.Selection{Tags: []string{"private"}}})
	requireCode(t, err, fault.NotFound, "tags")
	_, err = b.service.Add(b.ctx, b.bob, task.AddInput{Fields: task.Fields{Title: input.Some("x"), TagIDs: input.Some(theirs.TagIDs())}})
	requireCode(t, err, fault.NotFound, "tag_ids")
	mine, err := b.service.Add(b.ctx, b.bob, task.AddInput{Fields: task.Fields{Title: input.Some("x")}, IdempotencyKey: "k"})
	require.NoError(t, err)
	require.True(t, mine.Created, "a key is its user's own")
}

func TestIdempotencyKeyAddsOnce(t *testing.T) {
	b := setup(t)
	in := task.AddInput{Fields: task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-05")}, IdempotencyKey: "k1"}
	first, err := b.service.Add(b.ctx, b.ann, in)
	require.NoError(t, err)
	again, err := b.service.Add(b.ctx, b.ann, in)
	require.NoError(t, err)
	require.True(t, first.Created)
	require.False(t, again.Created)
	require.Equal(t, first.Task.ID, again.Task.ID)
	in.Title = input.Some("y")
	_, err = b.service.Add(b.ctx, b.ann, in)
	requireCode(t, err, fault.Conflict, "idempotency_key")
	require.Len(t, b.outbox(t), 1)
}

func TestScanReadsTheRemindersThatAreDueAndNothingElse(t *testing.T) {
	b := setup(t)
	b.seedMany(t)
	plan := b.plan(t, repository.ClaimRemindersSQL, b.store.ClaimRemindersArguments(b.ctx, b.now, time.Time{}, 500)...)
	require.Contains(t, plan, "Index Scan using idx_reminders_due")
	require.NotContains(t, plan, "Seq Scan", plan)
	require.Contains(t, plan, "Index Scan using tasks_pkey")
}

func TestCalendarFeedReadsItsUsersTasksByIndex(t *testing.T) {
	b := setup(t)
	b.seedMany(t)
	for _, sql := range repository.FeedSQL {
		plan := b.plan(t, sql, 7, b.now, 2000, nil, nil)
		require.Contains(t, plan, "Index Cond: (user_id = '7'::bigint)")
		require.NotContains(t, plan, "Seq Scan on tasks")
	}
}
