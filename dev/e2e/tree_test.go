package e2e

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// tree adds a recurring task with two parts, the second of which waits for the first.
func (p *person) tree(t testing.TB) (root, first, second view) {
	t.Helper()
	root = p.add(t, fields{"title": "Clean", "recurrence_rule": "weekly", "due_date": in(day)})
	first = p.add(t, fields{"title": "Dust", "parent_id": root.ID})
	second = p.add(t, fields{"title": "Mop", "parent_id": root.ID, "blocked_by": []int64{first.ID}})
	return root, first, second
}

// parts lists the titles of the open parts of a task, and those that wait for another
// part of it.
func (s *system) parts(t testing.TB, taskID int64) (titles, waiting []string) {
	t.Helper()
	const parts = `SELECT coalesce(array_agg(title ORDER BY id), '{}') FROM tasks t WHERE parent_id = $1 AND deleted_at IS NULL AND NOT completed`
	return query[[]string](t, s, parts, taskID),
		query[[]string](t, s, parts+` AND EXISTS (SELECT FROM tasks b WHERE b.id = ANY (t.blocked_by) AND b.parent_id = $1)`, taskID)
}

func TestWhoListensIsToldWhenWorkCanBegin(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	_, first, second := p.tree(t)
	blocked := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskBlocked, second.ID)[0]
	require.NoError(t, blocked.check())
	p.call(t, "complete_task", fields{"task_id": first.ID})
	unblocked := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskUnblocked, second.ID)[0]
	require.NoError(t, unblocked.check())
	require.Equal(t, blocked.key, unblocked.key, "they are in order")
}

func TestRepeatedCompletedEventMakesNoSecondTree(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	root, _, _ := p.tree(t)
	p.call(t, "complete_task", fields{"task_id": root.ID, "parts": "complete"})
	next := s.successor(t, p, root.ID)
	completed := s.observer.wait(t, 1, event.TopicTaskRecurrence, event.TaskCompleted, root.ID)[0]
	var both sync.WaitGroup
	for range 3 {
		both.Go(func() { s.observer.republish(t, completed) })
	}
	both.Wait()
	s.drained(t, p)
	require.Equal(t, []int64{next.ID}, s.successors(t, root.ID))
	titles, waiting := s.parts(t, next.ID)
	require.Equal(t, []string{"Dust", "Mop"}, titles)
	require.Equal(t, []string{"Mop"}, waiting)
}
