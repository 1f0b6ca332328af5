package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

func TestConsumerKilledBeforeItsCommitHandlesTheEventOnceMore(t *testing.T) {
	t.Parallel()
	s := start(t, forgiving)
	p := s.person(t, "")
	// killed kills a consumer in the middle of its transaction, and lets both
	// what is left of that and the next delivery go on at the same moment.
	killed := func(t *testing.T, part, statement string, release func()) {
		t.Helper()
		var first []int32
		until(t, soon, "a delivery that waits", func() bool { first = s.blocked(t, statement); return len(first) == 1 })
		before := s.PID(part)
		require.NoError(t, s.Kill(part))
		s.waitReady(t, part, before)
		// It may come more than once: a sidecar that gave up on the app meanwhile
		// reads the event anew, while a delivery from before still waits.
		var waiting []int32
		until(t, later, "the next delivery to wait too", func() bool { waiting = s.blocked(t, statement); return len(waiting) > 1 })
		require.Contains(t, waiting, first[0], "what is left of the first still waits")
		release()
	}

	t.Run("recurrer", func(t *testing.T) {
		held := p.add(t, fields{"title": "held", "recurrence_rule": "daily"})
		require.NoError(t, s.StopPart("recurrer"))
		p.call(t, "complete_task", fields{"task_id": held.ID})
		s.observer.wait(t, 1, event.TopicTaskRecurrence, event.TaskCompleted, held.ID)
		release := s.hold(t, held.ID)
		require.NoError(t, s.StartPart(t.Context(), "recurrer"))
		killed(t, "recurrer", lockOfTask, func() {
			require.Empty(t, s.successors(t, held.ID))
			release()
		})
		next := s.successor(t, p, held.ID)
		s.drained(t, p)
		require.Equal(t, []int64{next.ID}, s.successors(t, held.ID))
		require.Len(t, s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, next.ID), 1)
		require.True(t, s.followed("recurrer", held.ID))
	})

	t.Run("recurrer, between a task and its parts", func(t *testing.T) {
		root, _, _ := p.tree(t)
		require.NoError(t, s.StopPart("recurrer"))
		p.call(t, "complete_task", fields{"task_id": root.ID, "parts": "complete"})
		s.observer.wait(t, 1, event.TopicTaskRecurrence, event.TaskCompleted, root.ID)
		release := s.holdStatements(t, "tasks", "INSERT", "FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL)")
		require.NoError(t, s.StartPart(t.Context(), "recurrer"))
		until(t, soon, "the insertion of a part to wait", func() bool { return len(s.blocked(t, `%INSERT INTO tasks%`)) == 1 })
		before := s.PID("recurrer")
		require.NoError(t, s.Kill("recurrer"))
		s.waitReady(t, "recurrer", before)
		require.Empty(t, s.successors(t, root.ID), "the task does not come without its parts")
		release()
		until(t, redelivery(), "the event to come again", func() bool { return len(s.successors(t, root.ID)) > 0 })
		next := s.successor(t, p, root.ID)
		s.drained(t, p)
		require.Equal(t, []int64{next.ID}, s.successors(t, root.ID))
		titles, waiting := s.parts(t, next.ID)
		require.Equal(t, []string{"Dust", "Mop"}, titles)
		require.Equal(t, []string{"Mop"}, waiting)
	})

	t.Run("notifier", func(t *testing.T) {
		release := s.block(t, `LOCK TABLE inbox IN SHARE MODE`)
		due := p.add(t, fields{"title": "held", "due_date": in(minute)})
		killed(t, "notifier", `%INSERT INTO inbox%`, func() {
			require.Empty(t, s.reminders(due.ID))
			release()
		})
		until(t, soon, "the reminder", func() bool { return len(s.reminders(due.ID)) > 0 })
		s.scanned(t, p)
		require.Len(t, s.reminders(due.ID), 1)
		require.Len(t, s.copies(event.TopicTaskReminders, event.ReminderSent, []int64{due.ID}), 1)
	})
}
