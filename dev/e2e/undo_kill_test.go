package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// undoing is what undo answers.
type undoing struct {
	Undone   int    `json:"undone"`
	Note     string `json:"note"`
	InTheWay []any  `json:"in_the_way"`
}

func (p *person) undo(t testing.TB, callID string) (u undoing) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(p.call(t, "undo", fields{"call_id": callID}).text), &u))
	return u
}

// latest returns the id of the person's latest call.
func (p *person) latest(t testing.TB) string {
	t.Helper()
	var h struct {
		Changes []struct {
			CallID string `json:"call_id"`
			By     string `json:"by"`
		} `json:"changes"`
	}
	require.NoError(t, json.Unmarshal([]byte(p.call(t, "get_history", fields{"limit": 1, "by": "agent"}).text), &h))
	require.Len(t, h.Changes, 1)
	return h.Changes[0].CallID
}

// api is killed while it takes a call back: before it has anything, and with the first
// of its changes written.
func TestAnUndoThatIsKilledIsDoneWhollyOrNotAtAll(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for at, hold := range map[string]func(t *testing.T, id int64) func(){
		"before it begins": func(t *testing.T, id int64) func() { return s.hold(t, id) },
		"while it writes": func(t *testing.T, _ int64) func() {
			return s.holdStatements(t, "journal", "INSERT", "FOR EACH STATEMENT")
		},
	} {
		t.Run(at, func(t *testing.T) {
			p := s.person(t, "")
			const tasks = 30
			ids, edits := []int64{}, []fields{}
			for n := range tasks {
				task := fields{"title": fmt.Sprint("task ", n), "due_date": in(day)}
				if n%3 == 0 {
					task["recurrence_rule"] = "weekly"
				}
				ids = append(ids, p.add(t, task).ID)
				edits = append(edits, fields{"task_id": ids[n], "title": fmt.Sprint("changed ", n), "action": map[bool]string{true: "complete", false: "delete"}[n%3 == 0]})
			}
			p.call(t, "update_tasks", fields{"tasks": edits})
			call := p.latest(t)
			for n := 0; n < tasks; n += 3 {
				s.successor(t, p, ids[n])
			}
			release := hold(t, ids[tasks-1])
			answered := make(chan error, 1)
			go func() {
				_, err := p.try(t.Context(), "undo", fields{"call_id": call})
				answered <- err
			}()
			s.untilWaiting(t)
			before := s.PID("api")
			require.NoError(t, s.Kill("api"))
			require.Error(t, <-answered)
			release()
			s.exec(t, `DROP TRIGGER IF EXISTS wait_for_test ON journal`)
			s.waitReady(t, "api", before)
			until(t, soon, "what was killed to be over", func() bool {
				return query[int](t, s, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename IS NOT NULL AND state LIKE 'idle in transaction%'`) == 0
			})

			p.session = connect(t, s.MCPURL(), p.token)
			done := query[int](t, s, `SELECT count(*) FROM tasks WHERE id = ANY($1) AND title LIKE 'task %' AND deleted_at IS NULL AND NOT completed`, ids)
			require.Contains(t, []int{0, tasks}, done, "a part of it")
			t.Logf("%d of %d tasks were as before when api came back", done, tasks)
			again := p.undo(t, call) // the client repeats it
			require.Empty(t, again.InTheWay)
			require.Equal(t, done == 0, again.Undone > 0, again.Note)
			for n, id := range ids {
				task := p.get(t, id)
				require.Equal(t, fmt.Sprint("task ", n), task.Title)
				require.False(t, task.Completed)
			}
			s.drained(t, p)
			for n := 0; n < tasks; n += 3 {
				require.Empty(t, s.successors(t, ids[n]), "no occurrence follows what is open")
			}
			require.Equal(t, 1, query[int](t, s, `SELECT max(n) FROM (
				SELECT count(*) AS n FROM journal WHERE undoes IN (SELECT id FROM journal WHERE call_id = $1::uuid) GROUP BY undoes) counted`, call), "each is taken back once")
			s.observer.wait(t, 3, event.TopicTaskEvents, event.TaskUpdated, ids[1])
		})
	}
}
