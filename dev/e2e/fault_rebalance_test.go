package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
	"tickler/internal/event"
)

func TestRebalancesWithWorkInFlightLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *stack.Config) { c.Replicas = map[string]int{"recurrer": 2} })
	p := s.person(t, "")
	replicas := []string{"recurrer", "recurrer-2"}

	t.Run("a delivery is under way while its partition moves", func(t *testing.T) {
		needsPartitions(t)
		one := p.add(t, fields{"title": "one", "recurrence_rule": "daily"})
		p.call(t, "complete_task", fields{"task_id": one.ID})
		s.successor(t, p, one.ID)
		owner := replicas[slices.IndexFunc(replicas, func(part string) bool { return s.followed(part, one.ID) })]

		held := p.add(t, fields{"title": "held", "recurrence_rule": "daily"})
		release := s.holdSuccessors(t)
		p.call(t, "complete_task", fields{"task_id": held.ID})
		var first []int32
		until(t, soon, "a delivery that waits", func() bool { first = s.blocked(t, `%INSERT INTO tasks%`); return len(first) == 1 })
		before := s.PID(owner + "-daprd")
		require.NoError(t, s.Kill(owner+"-daprd"))
		until(t, later, "the same event to be delivered again", func() bool {
			return slices.ContainsFunc(s.blocked(t, `%`), func(pid int32) bool { return pid != first[0] })
		})
		require.Empty(t, s.successors(t, held.ID))
		release()
		next := s.successor(t, p, held.ID)
		s.waitReady(t, owner+"-daprd", before)
		s.drained(t, p)
		require.Equal(t, []int64{next.ID}, s.successors(t, held.ID))
		s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, next.ID)
	})

	var streams []*work
	for range 2 {
		for _, replica := range replicas { // leaves, and joins again
			w := begin(t, s, 40)
			streams = append(streams, w)
			w.reaches(t, 10)
			require.NoError(t, s.StopPart(replica+"-daprd"))
			require.NoError(t, s.StartPart(t.Context(), replica+"-daprd"))
		}
	}
	allEnd(t, streams) // which replica has the one partition, and when, is the broker's affair
}

// followed tells whether this replica of recurrer made the successor of a task.
func (s *system) followed(part string, taskID int64) bool {
	return len(s.lines(part, "next occurrence created", fmt.Sprintf(`"previous_task_id":%d,`, taskID))) > 0
}

// holdSuccessors keeps every replica from adding a successor.
func (s *system) holdSuccessors(t testing.TB) (release func()) {
	t.Helper()
	return s.holdStatements(t, "tasks", "INSERT", "FOR EACH ROW WHEN (NEW.previous_task_id IS NOT NULL)")
}
