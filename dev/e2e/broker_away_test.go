package e2e

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
	"tickler/internal/event"
)

func replicas(c *stack.Config) { c.Replicas = map[string]int{"notifier": 2, "recurrer": 2} }

func TestToolsWorkWithoutTheBrokerAndEveryEventArrivesLater(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.person(t, "")
	known := p.add(t, fields{"title": "known"})
	s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, known.ID)
	require.NoError(t, s.StopPart("broker"))

	const tasks = 20
	slowest := time.Duration(0)
	call := func(tool string, arguments fields) answer {
		begun := time.Now()
		a := p.call(t, tool, arguments)
		slowest = max(slowest, time.Since(begun))
		return a
	}
	var ids []int64
	for range tasks {
		id := call("add_task", fields{"title": "meanwhile", "due_date": in(minute), "recurrence_rule": "daily"}).Task.ID
		call("update_task", fields{"task_id": id, "priority": "low"})
		call("update_task", fields{"task_id": id, "priority": "urgent"})
		call("complete_task", fields{"task_id": id})
		call("reopen_task", fields{"task_id": id})
		call("complete_task", fields{"task_id": id})
		ids = append(ids, id)
	}
	require.Len(t, call("list_tasks", fields{"status": "completed"}).Tasks, tasks)
	require.Len(t, call("search_tasks", fields{"query": "meanwhile"}).Tasks, tasks)
	// Publishing takes 10 s until it gives up: no call may have waited for it.
	require.Less(t, slowest, 2*time.Second)
	late := p.add(t, fields{"title": "due meanwhile", "due_date": in(minute)})
	until(t, soon, "the scan to claim a reminder", func() bool { return p.get(t, late.ID).RemindAt == "" })
	for _, app := range []string{"api", "notifier", "recurrer"} {
		require.Equal(t, 200, send(t, "GET", s.Env()["TICKLER_"+upper(app)+"_URL"]+"/healthz", "").status)
	}

	require.NoError(t, s.StartPart(t.Context(), "broker"))
	for _, id := range ids {
		until(t, later, "all six events of a task", func() bool { return len(versions(s, id)) == 6 })
		require.True(t, slices.IsSorted(versions(s, id)), "versions arrive in order, repeated ones aside: %v", arrivals(s, id))
		s.successor(t, p, id)
	}
	until(t, later, "the reminder", func() bool { return len(s.reminders(late.ID)) > 0 })
	s.scanned(t, p)
	require.Len(t, s.reminders(late.ID), 1)
	until(t, soon, "the outbox to be empty", func() bool { return query[int](t, s, `SELECT count(*) FROM outbox`) == 0 })
}

// Everything is killed while the broker is away, and is started again: api serves at
// once, with nothing but Postgres; the others come to life when the broker is back.
func TestWhatStartsWithoutTheBrokerServesOrWaitsForIt(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.person(t, "")
	series := p.add(t, fields{"title": "again", "due_date": in(day), "recurrence_rule": "daily"})
	s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, series.ID)
	require.NoError(t, s.StopPart("broker"))
	require.NoError(t, s.StopPart("api-daprd")) // for good: api does without
	parts := []string{"api", "notifier", "notifier-daprd", "recurrer", "recurrer-daprd"}
	before := map[string]int{}
	for _, part := range parts {
		before[part] = s.PID(part)
		require.NoError(t, s.Kill(part))
	}
	s.waitReady(t, "api", before["api"])
	require.JSONEq(t, `{"postgres":"ok"}`, body(t, s.Env()["TICKLER_API_URL"]+"/readyz"))
	p.call(t, "complete_task", fields{"task_id": series.ID})
	due := p.add(t, fields{"title": "due meanwhile", "due_date": in(minute)})
	// Ticks come from the sidecars, which run: the reminder is claimed, and waits.
	s.waitReady(t, "notifier-daprd", before["notifier-daprd"])
	until(t, later, "the scan to claim a reminder", func() bool { return p.get(t, due.ID).RemindAt == "" })
	for _, worker := range []string{"notifier", "recurrer"} {
		r := send(t, http.MethodGet, s.Env()["TICKLER_"+upper(worker)+"_URL"]+"/readyz", "")
		require.Equal(t, http.StatusServiceUnavailable, r.status, worker)
		require.Equal(t, http.StatusOK, send(t, http.MethodGet, s.Env()["TICKLER_"+upper(worker)+"_URL"]+"/healthz", "").status, worker)
	}
	require.Positive(t, query[int](t, s, `SELECT count(*) FROM outbox`), "nothing is lost, nothing is published")

	require.NoError(t, s.StartPart(t.Context(), "broker"))
	back := time.Now()
	for _, worker := range []string{"notifier", "recurrer"} {
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		require.NoError(t, s.WaitReady(ctx, worker))
		cancel()
	}
	t.Logf("the workers came to life after %s", time.Since(back).Round(time.Millisecond))
	s.successor(t, p, series.ID)
	until(t, soon, "the reminder", func() bool { return len(s.reminders(due.ID)) > 0 })
	s.scanned(t, p)
	require.Len(t, s.reminders(due.ID), 1)
	until(t, soon, "the outbox to be empty", func() bool { return query[int](t, s, `SELECT count(*) FROM outbox`) == 0 })
	for _, part := range parts {
		require.Len(t, s.lines("tickler", part+" died:"), 1, "%s died when it was killed, and did not give up", part)
	}
}

// arrivals are the versions of a task as they came to the topic, with those that
// came more than once.
func arrivals(s *system, taskID int64) (list []int) {
	for _, m := range s.observer.find(func(m message) bool { return m.topic == event.TopicTaskEvents && m.TaskID == taskID }) {
		list = append(list, m.TaskVersion)
	}
	return list
}

// versions of a task in the order in which they were first announced.
func versions(s *system, taskID int64) (list []int) {
	for _, version := range arrivals(s, taskID) {
		if !slices.Contains(list, version) {
			list = append(list, version)
		}
	}
	return list
}
