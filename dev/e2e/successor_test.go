package e2e

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// successor waits for the task that follows a completed one.
func (s *system) successor(t testing.TB, p *person, taskID int64) view {
	t.Helper()
	until(t, soon, "a successor", func() bool { return len(s.successors(t, taskID)) > 0 })
	ids := s.successors(t, taskID)
	require.Len(t, ids, 1)
	return p.get(t, ids[0])
}

// successors are the ids of all tasks that follow a task, deleted ones too.
func (s *system) successors(t testing.TB, taskID int64) []int64 {
	t.Helper()
	return query[[]int64](t, s, `SELECT coalesce(array_agg(id), '{}') FROM tasks WHERE previous_task_id = $1`, taskID)
}

// drained waits until recurrer has handled everything that was published before.
// Deliveries come one by one, so they are done when a task that is completed now
// has its successor.
func (s *system) drained(t testing.TB, p *person) {
	t.Helper()
	last := p.add(t, fields{"title": "last", "recurrence_rule": "daily"})
	p.call(t, "complete_task", fields{"task_id": last.ID})
	s.successor(t, p, last.ID)
}

func TestCompletedRecurringTaskGetsOneSuccessor(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	s.exec(t, `INSERT INTO categories (user_id, name, name_key) SELECT id, 'Household', 'household' FROM users WHERE subject = $1`, p.name)
	first := p.add(t, fields{
		"title": "Water the plants", "description": "Twice", "priority": "high", "category": "household",
		"tags": []string{"home", "green"}, "due_date": in(day / 2), "recurrence_rule": "weekly", "reminder_offsets": []int{30, 10},
	})
	done := p.call(t, "complete_task", fields{"task_id": first.ID})
	require.True(t, done.Task.Completed)

	next := s.successor(t, p, first.ID)
	require.Equal(t, done.NextDue, next.DueDate, "complete_task says when")
	require.Equal(t, instant(t, first.DueDate).Add(7*day), instant(t, next.DueDate))
	require.Equal(t, first.ID, next.PreviousTaskID)
	require.False(t, next.Completed)
	for what, pair := range map[string][2]any{
		"title": {first.Title, next.Title}, "description": {first.Description, next.Description},
		"priority": {first.Priority, next.Priority}, "category": {"Household", next.Category},
		"tags": {first.Tags, next.Tags}, "tag_ids": {first.TagIDs, next.TagIDs},
		"rule": {first.RecurrenceRule, next.RecurrenceRule}, "occurrence": {2, next.Occurrence},
	} {
		require.Equal(t, pair[0], pair[1], what)
	}
	require.Equal(t, instant(t, next.DueDate).Add(-30*minute), instant(t, next.RemindAt))

	completed := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCompleted, first.ID)[0]
	again := s.observer.wait(t, 1, event.TopicTaskRecurrence, event.TaskCompleted, first.ID)[0]
	require.Equal(t, completed.Envelope.ID, again.Envelope.ID, "one event on both topics")
	data, err := event.Decode[event.Completed](again.Envelope, event.TaskCompleted)
	require.NoError(t, err)
	require.Equal(t, "FREQ=WEEKLY", data.RecurrenceRule)

	announced := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, next.ID)[0]
	created, err := event.Decode[event.Created](announced.Envelope, event.TaskCreated)
	require.NoError(t, err)
	require.Equal(t, "tickler/recurrer", announced.Source)
	require.Equal(t, first.ID, *created.PreviousTaskID)
	require.Equal(t, first.TagIDs, created.TagIDs)
	require.Equal(t, traceID(completed.TraceParent), traceID(announced.TraceParent), "the trace goes on through recurrer")
}

func TestCompletingAgainMakesNoSecondSuccessor(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	first := p.add(t, fields{"title": "Stretch", "recurrence_rule": "daily", "due_date": in(minute)})
	p.call(t, "complete_task", fields{"task_id": first.ID})
	next := s.successor(t, p, first.ID)

	again := p.call(t, "complete_task", fields{"task_id": first.ID})
	require.Contains(t, again.Note, "already")
	require.Equal(t, next.DueDate, again.NextDue)
	s.drained(t, p)
	require.Equal(t, []int64{next.ID}, s.successors(t, first.ID))
	require.Len(t, s.observer.of(event.TopicTaskRecurrence, event.TaskCompleted, first.ID), 1)
}

func TestRepeatedCompletedEventMakesNoSecondSuccessor(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	first := p.add(t, fields{"title": "Stretch", "recurrence_rule": "daily", "due_date": in(minute)})
	p.call(t, "complete_task", fields{"task_id": first.ID})
	next := s.successor(t, p, first.ID)
	completed := s.observer.wait(t, 1, event.TopicTaskRecurrence, event.TaskCompleted, first.ID)[0]

	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { s.observer.republish(t, completed) })
	}
	both.Wait()
	s.drained(t, p)
	require.Equal(t, []int64{next.ID}, s.successors(t, first.ID))
	require.Len(t, s.observer.of(event.TopicTaskEvents, event.TaskCreated, next.ID), 1)
}

func TestTaskWithoutRuleGetsNoSuccessor(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	once := p.add(t, fields{"title": "Once", "due_date": in(minute)})
	require.Empty(t, p.call(t, "complete_task", fields{"task_id": once.ID}).NextDue)
	s.drained(t, p)
	require.Empty(t, s.successors(t, once.ID))
}

func TestSimultaneousCompletionsCountOnce(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	first := p.add(t, fields{"title": "Race", "recurrence_rule": "daily", "due_date": in(minute)})
	var racing sync.WaitGroup
	errs := make(chan error, 8)
	for range cap(errs) {
		racing.Go(func() {
			_, err := p.try(t.Context(), "complete_task", fields{"task_id": first.ID})
			errs <- err
		})
	}
	racing.Wait()
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	s.successor(t, p, first.ID)
	s.drained(t, p)
	require.Len(t, s.successors(t, first.ID), 1)
	require.Len(t, s.observer.of(event.TopicTaskRecurrence, event.TaskCompleted, first.ID), 1)
}
