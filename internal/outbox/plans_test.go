package outbox_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/outbox"
)

func TestRelayReadsByTheIndexHoweverMuchHasPiledUpSinceItsStatementWasPlanned(t *testing.T) {
	b := setup(t)
	session, err := b.pool.Acquire(b.ctx)
	require.NoError(t, err)
	defer session.Release()
	for _, setting := range outbox.SessionSettings {
		_, err := session.Exec(b.ctx, setting)
		require.NoError(t, err)
	}
	_, err = session.Exec(b.ctx, `SET plan_cache_mode = force_generic_plan`)
	require.NoError(t, err)
	plan := func(sql string, args ...any) string {
		rows, err := session.Query(b.ctx, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "+sql, args...)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return strings.Join(lines, "\n")
	}
	read := func(topics []string) string {
		return plan(outbox.ReadOldestSQL, []int16{0, 1, 2, 3, 4, 5, 6, 7}, topics, 64, []int64{}, []string{}, []int64{})
	}
	// What the function reads of the journal is planned within it.
	var body string
	require.NoError(t, session.QueryRow(b.ctx, `SELECT prosrc FROM pg_proc WHERE proname = 'waiting_events'`).Scan(&body))
	_, body, _ = strings.Cut(body, "RETURN QUERY")
	body, _, _ = strings.Cut(body, ";")
	body = strings.Replace(body, "of_shards, of_topics, of_ids", "$1::smallint[], $2::text[], $3::bigint[]", 1)
	look := func() string {
		return plan(body, []int16{1, 2}, []string{event.TopicTaskEvents, event.TopicTaskEvents}, []int64{1, 2})
	}
	remove := func() string {
		return plan(outbox.DeletePublishedSQL, []int16{1, 2}, []string{event.TopicTaskEvents, event.TopicTaskEvents}, []int64{2, 3})
	}
	require.Equal(t, 2, strings.Count(read(event.PublishedTopics()), "NOT (hashed SubPlan"), "not a list to be searched for each row")
	for _, rows := range []int{0, 20_000} { // and nobody has analysed the table
		_, err = session.Exec(b.ctx, `
			WITH entry AS (
				INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, event_id, event_type, version, source)
				SELECT 1, now(), gen_random_uuid(), 'agent', 'test', 'mcp', 'task', n, 'deleted', gen_random_uuid(), 'task.deleted', 1, 'tickler/api' FROM generate_series(1, $1) n
				RETURNING id, object_id
			)
			INSERT INTO outbox (shard, topic, id, task_id) SELECT object_id % 16, 'task-events', id, object_id FROM entry`, rows)
		require.NoError(t, err)
		for _, text := range []string{read(event.PublishedTopics()), read([]string{event.TopicTaskRecurrence}), look(), remove()} {
			require.Contains(t, text, "Index Scan using outbox_pkey", text)
			require.NotContains(t, text, "Seq Scan", text)
			require.NotContains(t, text, "Sort", text)
			require.NotContains(t, text, "Memoize", "no entry is read twice")
			require.NotContains(t, text, "Removed by Filter", text)
		}
	}
}
