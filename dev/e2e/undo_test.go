package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// recurring adds a weekly task and completes it.
func (s *system) recurring(t testing.TB, p *person) (done, next view) {
	t.Helper()
	done = p.add(t, fields{"title": "weekly", "due_date": in(day), "recurrence_rule": "weekly", "tags": []string{"t"}})
	return done, s.finish(t, p, done.ID)
}

func TestReopeningTakesAnUntouchedSuccessorBack(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	done, next := s.recurring(t, p)
	open := p.call(t, "reopen_task", fields{"task_id": done.ID})
	require.False(t, open.Task.Completed)
	require.Contains(t, open.Note, fmt.Sprintf("task %d) was taken back", next.ID))
	require.Equal(t, "NOT_FOUND", p.refused(t, "get_task", fields{"task_id": next.ID}).Code)
	require.Equal(t, []string{"weekly"}, titles(p.call(t, "list_tasks", fields{}).Tasks))
	s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskDeleted, next.ID)

	again := s.finish(t, p, done.ID)
	require.Equal(t, next.DueDate, again.DueDate)
	s.drained(t, p)
	require.Len(t, s.successors(t, done.ID), 1)
}

func TestReopeningKeepsATouchedSuccessor(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	for tool, arguments := range map[string]fields{
		"update_task":     {"title": "mine"},
		"complete_task":   {},
		"skip_occurrence": {},
	} {
		t.Run(tool, func(t *testing.T) {
			done, next := s.recurring(t, p)
			arguments["task_id"] = next.ID
			p.call(t, tool, arguments)
			touched := p.get(t, next.ID)
			open := p.call(t, "reopen_task", fields{"task_id": done.ID})
			require.Contains(t, open.Note, fmt.Sprintf("task %d) was kept", next.ID))
			require.Equal(t, touched, p.get(t, next.ID))

			p.call(t, "complete_task", fields{"task_id": done.ID})
			s.drained(t, p)
			require.Equal(t, []int64{next.ID}, s.successors(t, done.ID), "completing again makes no second one")
			require.Equal(t, touched, p.get(t, next.ID))
		})
	}
}

func TestCompletedEventThatComesAfterReopeningMakesNoSuccessor(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	done, _ := s.recurring(t, p)
	completed := s.observer.wait(t, 1, event.TopicTaskRecurrence, event.TaskCompleted, done.ID)[0]
	p.call(t, "reopen_task", fields{"task_id": done.ID})
	s.observer.republish(t, completed)
	s.drained(t, p)
	require.Empty(t, s.successors(t, done.ID))
}

func TestDeletingTheOpenOccurrenceEndsTheSeriesUntilItIsRestored(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	done, next := s.recurring(t, p)
	gone := p.call(t, "delete_task", fields{"task_id": next.ID})
	require.Contains(t, gone.Note, "ends its series")
	require.Contains(t, gone.Note, fmt.Sprintf("reopen_task with task_id %d", next.ID))
	s.drained(t, p)
	require.Empty(t, s.successors(t, next.ID))
	require.Equal(t, []string{"last", "weekly"}, titles(p.call(t, "list_tasks", fields{"status": "completed"}).Tasks))

	p.call(t, "reopen_task", fields{"task_id": next.ID})
	restored := p.get(t, next.ID)
	require.Equal(t, next.DueDate, restored.DueDate)
	require.Equal(t, next.Tags, restored.Tags)
	require.Equal(t, next.RemindAt, restored.RemindAt)
	third := s.finish(t, p, next.ID)
	require.Equal(t, 3, third.Occurrence)

	deleted := p.call(t, "delete_task", fields{"task_id": done.ID})
	require.NotContains(t, deleted.Note, "series", "a completed occurrence can go, the series goes on")
	require.Equal(t, third, p.get(t, third.ID))
}

func TestSkippingACompletedOccurrenceIsRefused(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	done, next := s.recurring(t, p)
	refused := p.refused(t, "skip_occurrence", fields{"task_id": done.ID})
	require.Equal(t, "CONFLICT", refused.Code)
	skipped := p.call(t, "skip_occurrence", fields{"task_id": next.ID, "response_format": "detailed"}).Task
	require.Equal(t, next.ID, skipped.ID)
	require.Equal(t, instant(t, next.DueDate).Add(7*day), instant(t, skipped.DueDate))
	require.Equal(t, 3, skipped.Occurrence)
	require.Equal(t, instant(t, skipped.DueDate).Add(-60*minute), instant(t, skipped.RemindAt), "the reminder moves along")
	s.drained(t, p)
	require.Empty(t, s.successors(t, next.ID))
}
