package command

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/pgtest"
)

func TestParkedEventsAreListedAndReleased(t *testing.T) {
	pool := pgtest.Open(t)
	t.Setenv("DATABASE_URL", pool.Config().ConnString())
	var id int64
	require.NoError(t, pool.QueryRow(context.Background(), `
		WITH entry AS (
			INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, event_id, event_type, version, source)
			SELECT 1, now(), gen_random_uuid(), 'agent', 'test', 'mcp', 'task', task, split_part(type, '.', 2), gen_random_uuid(), type, 1, 'tickler/api'
			FROM (VALUES (17, 'task.created'), (17, 'task.updated'), (18, 'task.created')) change (task, type)
			RETURNING id, object_id, event_type
		), queued AS (
			INSERT INTO outbox (shard, topic, id, task_id, parked_at, error)
			SELECT object_id % 16, 'task-events', id, object_id,
			       CASE WHEN parked THEN now() END, CASE WHEN parked THEN E'message too large\nfor the broker' END
			FROM (SELECT *, object_id = 17 AND event_type = 'task.created' AS parked FROM entry) row
		)
		SELECT min(id) FROM entry`).Scan(&id))
	command := func(args ...string) string {
		var out strings.Builder
		require.NoError(t, outboxCommand(args, &out))
		return out.String()
	}
	lines := strings.Split(strings.TrimSpace(command("list")), "\n")
	require.Len(t, lines, 2, "a head and the one that is parked, on one line")
	require.Equal(t, []string{"ID", "PARKED", "TYPE", "TOPIC", "TASK", "WAITING", "ERROR"}, strings.Fields(lines[0]))
	fields := strings.Fields(lines[1])
	require.Equal(t, []string{strconv.FormatInt(id, 10), "task.created", "task-events", "17", "1", `"message`}, append(fields[:1], fields[2:7]...))

	err := outboxCommand([]string{"release", strconv.FormatInt(id+1, 10)}, &strings.Builder{})
	require.ErrorContains(t, err, "api outbox list", "that one is not parked")
	require.Equal(t, "1 released\n", command("release", strconv.FormatInt(id, 10)))
	require.Equal(t, "0 released\n", command("release", "all"))
	require.Len(t, strings.Split(strings.TrimSpace(command("list")), "\n"), 1)
	for _, wrong := range [][]string{{}, {"release"}, {"release", "x"}, {"release", "0"}, {"list", "all"}} {
		require.ErrorIs(t, outboxCommand(wrong, &strings.Builder{}), errUsage, "%q", wrong)
	}
}
