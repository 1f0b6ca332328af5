package e2e

import (
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hold locks a task's row, so that changes of the task wait until release is
// called.
func (s *system) hold(t testing.TB, taskID int64) (release func()) {
	t.Helper()
	tx, err := s.db.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `SELECT FROM tasks WHERE id = $1 FOR UPDATE`, taskID)
	require.NoError(t, err)
	release = func() { _ = tx.Rollback(t.Context()) }
	t.Cleanup(release)
	return release
}

// untilWaiting waits until a session waits for a lock.
func (s *system) untilWaiting(t testing.TB) {
	t.Helper()
	until(t, soon, "a call that waits for the row", func() bool {
		return query[int](t, s, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`) > 0
	})
}

func TestCallThatWasBegunIsFinishedBeforeTheApiEnds(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.person(t, "")
	held := p.add(t, fields{"title": "held"})
	release := s.hold(t, held.ID)
	type outcome struct {
		answer answer
		err    error
	}
	outcomes := make(chan outcome, 1)
	go func() {
		a, err := p.try(t.Context(), "complete_task", fields{"task_id": held.ID})
		outcomes <- outcome{a, err}
	}()
	s.untilWaiting(t)

	before := s.PID("api")
	require.NoError(t, syscall.Kill(before, syscall.SIGTERM))
	begun := time.Now()
	until(t, soon, "the api to take no new calls", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.APIURL(), "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	require.Equal(t, before, s.PID("api"), "it does not end while a call is under way")
	release()
	done := <-outcomes
	require.NoError(t, done.err)
	require.Nil(t, done.answer.Error)
	require.True(t, done.answer.Task.Completed)
	s.endedWell(t, "api", before, begun)
	s.observer.wait(t, 1, "task-events", "task.completed", held.ID)
}

func TestDeliveryThatWasBegunIsFinishedBeforeAConsumerEnds(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.person(t, "")
	held := p.add(t, fields{"title": "held", "recurrence_rule": "daily"})
	require.NoError(t, s.StopPart("recurrer"))
	p.call(t, "complete_task", fields{"task_id": held.ID})
	s.observer.wait(t, 1, "task-recurrence", "task.completed", held.ID)
	release := s.hold(t, held.ID)
	require.NoError(t, s.StartPart(t.Context(), "recurrer"))
	s.untilWaiting(t)

	before := s.PID("recurrer")
	require.NoError(t, syscall.Kill(before, syscall.SIGTERM))
	begun := time.Now()
	until(t, soon, "recurrer to begin its stop", func() bool { return len(s.lines("recurrer", "stopping")) == 2 })
	require.Equal(t, before, s.PID("recurrer"))
	require.Empty(t, s.successors(t, held.ID))
	release()
	s.endedWell(t, "recurrer", before, begun)
	s.successor(t, p, held.ID)
	log := s.Log("recurrer")
	created, stopped := strings.Index(log, `"next occurrence created"`), strings.LastIndex(log, `"stopped"`)
	require.Positive(t, created)
	require.Less(t, created, stopped, "by the process that was asked to end, not by the next one")
}

// endedWell waits for a process that was asked to stop, and checks that it exits
// with success within a pod's grace period.
func (s *system) endedWell(t testing.TB, part string, pid int, asked time.Time) {
	t.Helper()
	until(t, soon, part+" to end", func() bool { return s.PID(part) != pid })
	require.Less(t, time.Since(asked), 30*time.Second)
	until(t, soon, "the stack to say how "+part+" ended", func() bool {
		return strings.Contains(s.Log("tickler"), part+" died: exit status 0")
	})
	s.waitReady(t, part, pid)
}
