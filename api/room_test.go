package main

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

func TestUserHasAtMostTheTasksThatTheOperatorAllows(t *testing.T) {
	t.Parallel()
	one := (&house{owner: pgtest.Open(t), userTasks: 5}).serve(t, repository.RoleAPI, nil)
	two := one.replica(t)
	ann, bob := one.resident(t, "ann"), one.resident(t, "bob")
	full := func(a answer) {
		t.Helper()
		require.Equal(t, http.StatusUnprocessableEntity, a.status, a.text)
		require.Equal(t, "LIMIT_EXCEEDED", a.body(t)["code"])
		require.Contains(t, a.body(t)["detail"], "5 tasks", "the limit is named")
	}
	add := func(h *house, title string) answer {
		return h.send(t, ann.token, http.MethodPost, "/v1/tasks", fields{"title": title})
	}

	// Many at the same time, on both replicas, add five and not one more.
	var added atomic.Int32
	var adding sync.WaitGroup
	for n := range 24 {
		adding.Go(func() {
			if add([]*house{one, two}[n%2], fmt.Sprint("task ", n)).status == http.StatusCreated {
				added.Add(1)
			}
		})
	}
	adding.Wait()
	require.EqualValues(t, 5, added.Load())
	full(add(one, "one more"))
	full(add(two, "one more"))
	bob.call(t, "add_task", fields{"title": "bob's"})

	bulk := ann.call(t, "add_tasks", fields{"tasks": []fields{{"title": "a"}, {"title": "b"}}})
	require.EqualValues(t, 2, bulk["failed"])
	require.Equal(t, "LIMIT_EXCEEDED", bulk["results"].([]any)[0].(fields)["error"].(fields)["code"])
	imported := one.send(t, ann.token, http.MethodPost, "/v1/import", fields{"format": "tickler", "version": 1, "tasks": []fields{
		{"id": 7, "title": "imported", "created_at": "2026-01-01T00:00:00Z", "priority": "low", "time_zone": "UTC"},
	}})
	require.EqualValues(t, 1, imported.body(t)["skipped"], imported.text)
	require.Contains(t, imported.text, "5 tasks")

	// Deleting makes room, once: restoring needs it again.
	id := int64(ann.call(t, "list_tasks", fields{})["tasks"].([]any)[0].(fields)["id"].(float64))
	ann.call(t, "delete_task", fields{"task_id": id})
	require.Equal(t, http.StatusCreated, add(one, "in its place").status)
	full(one.send(t, ann.token, http.MethodPost, fmt.Sprintf("/v1/tasks/%d/reopen", id), fields{}))
}

// The occurrence that follows a completed one may exceed the limit; where even
// that has no room, the completion is refused, so that none is ever lost.
func TestNextOccurrenceIsNotLostAtTheLimit(t *testing.T) {
	t.Parallel()
	h := (&house{owner: pgtest.Open(t), userTasks: 2}).serve(t, repository.RoleAPI, nil)
	ann := h.resident(t, "ann")
	recurrer := repository.New(pgtest.As(t, h.owner, string(repository.RoleRecurrer)), "recurrer", func() {})
	follow := task.NewService(recurrer, time.Now)
	ann.call(t, "add_task", fields{"title": "another"})
	id := int64(ann.call(t, "add_task", fields{"title": "daily", "recurrence_rule": "daily", "due_date": "2031-01-01"})["task"].(fields)["id"].(float64))
	complete := func() answer {
		return h.send(t, ann.token, http.MethodPost, fmt.Sprintf("/v1/tasks/%d/complete", id), fields{})
	}
	for range 2 {
		require.Equal(t, http.StatusOK, complete().status)
		next, err := follow.CreateSuccessor(t.Context(), ann.user.UserID, id)
		require.NoError(t, err)
		require.NotNil(t, next)
		id = next.ID
	}
	refused := complete()
	require.Equal(t, http.StatusUnprocessableEntity, refused.status, refused.text)
	require.Equal(t, "LIMIT_EXCEEDED", refused.body(t)["code"])
	require.Contains(t, refused.text, "4 tasks")
}
