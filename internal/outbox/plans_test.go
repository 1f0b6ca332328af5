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
		return plan(outbox.ReadOldestSQL, []int16{0, 1, 2, 3, 4, 5, 6, 7}, topics, 64, []int64{}, []int64{})
	}
	remove := func() string {
		return plan(outbox.DeletePublishedSQL, []int16{1, 2}, []string{event.TopicTaskEvents, event.TopicTaskEvents}, []int64{2, 3})
	}
	require.Equal(t, 2, strings.Count(read(event.PublishedTopics()), "NOT (hashed SubPlan"), "not a list to be searched for each row")
	for _, rows := range []int{0, 20_000} { // and nobody has analysed the table
		_, err = session.Exec(b.ctx, `
			INSERT INTO outbox (shard, event_id, event_type, topic, task_id, source, data, created_at)
			SELECT n % 16, gen_random_uuid(), 'task.deleted', 'task-events', n, 'tickler/api', '{}', now() FROM generate_series(1, $1) n`, rows)
		require.NoError(t, err)
		for _, text := range []string{read(event.PublishedTopics()), read([]string{event.TopicTaskRecurrence}), remove()} {
			require.Contains(t, text, "Index Scan using outbox_pkey", text)
			require.NotContains(t, text, "Seq Scan", text)
			require.NotContains(t, text, "Sort", text)
			require.NotContains(t, text, "Removed by Filter", text)
		}
	}
}
