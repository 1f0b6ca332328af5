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
		INSERT INTO outbox (shard, event_id, event_type, topic, task_id, source, data, created_at, parked_at, error)
		VALUES (1, gen_random_uuid(), 'task.created', 'task-events', 17, 'tickler/api', '{}', now(), now(), E'message too large\nfor the broker'),
		       (1, gen_random_uuid(), 'task.updated', 'task-events', 17, 'tickler/api', '{}', now(), NULL, NULL),
		       (2, gen_random_uuid(), 'task.created', 'task-events', 18, 'tickler/api', '{}', now(), NULL, NULL)
		RETURNING id`).Scan(&id))
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

	require.Equal(t, "0 released\n", command("release", strconv.FormatInt(id+1, 10)), "that one is not parked")
	require.Equal(t, "1 released\n", command("release", strconv.FormatInt(id, 10)))
	require.Equal(t, "0 released\n", command("release", "all"))
	require.Len(t, strings.Split(strings.TrimSpace(command("list")), "\n"), 1)
	for _, wrong := range [][]string{{}, {"release"}, {"release", "x"}, {"release", "0"}, {"list", "all"}} {
		require.ErrorIs(t, outboxCommand(wrong, &strings.Builder{}), errUsage, "%q", wrong)
	}
}
