package e2e

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/dev/broker"
)

// freeze stops a part where it stands, connections and all, until thaw.
func (s *system) freeze(t testing.TB, part string) (thaw func()) {
	t.Helper()
	pid := s.PID(part)
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	thaw = func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
	t.Cleanup(thaw)
	return thaw
}

// redelivery bounds waits for an event that the sidecar had fetched for a worker that was
// killed or stood still. On RabbitMQ Dapr's component keeps such events when it
// unsubscribes: the broker takes them back after a minute, for which it looks once a
// minute.
func redelivery() time.Duration {
	if kind, _ := testBroker(); kind == broker.RabbitMQ {
		return 3 * time.Minute
	}
	return soon
}

func TestFrozenRecurrerGoesOnWhereItStoodAndHoldsUpNoEvents(t *testing.T) {
	t.Parallel()
	// As long as its sidecar takes to call it unhealthy, and a little more.
	pauses := []time.Duration{3 * time.Second, 4 * time.Second, 5 * time.Second, 6 * time.Second}
	if redelivery() > soon {
		pauses = pauses[1:2]
	}
	s := start(t, nil)
	p := s.person(t, "")
	completed := func(t *testing.T) (ids []int64) {
		t.Helper()
		for n := range 16 {
			one := p.add(t, fields{"title": fmt.Sprintf("task %d", n), "recurrence_rule": "daily"})
			p.call(t, "complete_task", fields{"task_id": one.ID})
			ids = append(ids, one.ID)
		}
		return ids
	}
	succeeded := func(t *testing.T, ids []int64) {
		t.Helper()
		for _, id := range ids {
			until(t, redelivery(), "a successor", func() bool { return len(s.successors(t, id)) > 0 })
		}
		s.drained(t, p)
		for _, id := range ids {
			require.Len(t, s.successors(t, id), 1)
		}
	}
	for _, stood := range pauses {
		t.Run(stood.String(), func(t *testing.T) {
			thaw := s.freeze(t, "recurrer")
			ids := completed(t)
			time.Sleep(stood) // no condition tells when the sidecar gives it up
			thaw()
			succeeded(t, ids)
		})
	}
	t.Run("until the other relay has its shards", func(t *testing.T) {
		thaw := s.freeze(t, "recurrer")
		ids := completed(t)
		until(t, later, "its half of the events", func() bool { return query[int](t, s, `SELECT count(*) FROM outbox`) == 0 })
		thaw()
		succeeded(t, ids)
	})
}
