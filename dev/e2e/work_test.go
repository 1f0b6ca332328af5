package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// work is a stream of calls by one person, of the kind that an agent makes: it
// repeats a call that failed, an addition under the same idempotency key. Half
// of the tasks recur and are completed, half are due and bring a reminder.
type work struct {
	system *system
	person *person
	size   int

	bound   time.Duration // of the stream, and of each wait for what it brings about
	added   atomic.Int64
	enough  atomic.Bool // nothing more is to be begun
	calls   sync.WaitGroup
	mu      sync.Mutex
	keys    map[string]int64 // task by idempotency key
	recur   []int64
	due     []int64
	trouble []error
	again   map[string]int // calls that were repeated, by reason
}

const workers = 4

// begin starts the stream.
func begin(t *testing.T, s *system, size int) *work {
	t.Helper()
	return beginWithin(t, s, size, later)
}

func beginWithin(t *testing.T, s *system, size int, bound time.Duration) *work {
	t.Helper()
	w := &work{system: s, person: s.person(t, ""), size: size, bound: bound, keys: map[string]int64{}}
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	t.Cleanup(cancel)
	for worker := range workers {
		w.calls.Go(func() {
			for n := worker; n < size && !w.enough.Load(); n += workers {
				if err := w.one(ctx, n); err != nil {
					w.mu.Lock()
					w.trouble = append(w.trouble, fmt.Errorf("task %d: %w", n, err))
					w.mu.Unlock()
					return
				}
				w.added.Add(1)
			}
		})
	}
	return w
}

func (w *work) one(ctx context.Context, n int) error {
	key := fmt.Sprintf("key-%d", n)
	task := fields{"title": fmt.Sprintf("work %d", n), "idempotency_key": key, "due_date": "2026-01-02T03:04:05Z"}
	recurs := n%2 == 0
	if recurs {
		task["recurrence_rule"], task["reminder_offsets"] = "daily", []int{}
	}
	added, err := w.insist(ctx, "add_task", task)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.keys[key] = added.Task.ID
	if recurs {
		w.recur = append(w.recur, added.Task.ID)
	} else {
		w.due = append(w.due, added.Task.ID)
	}
	w.mu.Unlock()
	if recurs {
		_, err = w.insist(ctx, "complete_task", fields{"task_id": added.Task.ID})
	}
	return err
}

// insist repeats a call until the tool answers.
func (w *work) insist(ctx context.Context, tool string, arguments fields) (answer, error) {
	for {
		a, err := w.once(ctx, tool, arguments)
		switch {
		case err == nil && a.Error == nil:
			return a, nil
		case err == nil && a.Error.Code != "UNAVAILABLE":
			return a, fmt.Errorf("%s: %v", tool, a.Error)
		}
		w.note(a, err)
		select {
		case <-ctx.Done():
			return a, fmt.Errorf("%s: %w: %v", tool, ctx.Err(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (w *work) note(a answer, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		err = errors.New(a.Error.Code)
	}
	if w.again == nil {
		w.again = map[string]int{}
	}
	w.again[err.Error()]++
}

// once calls on a connection of its own: a client whose server died starts anew.
func (w *work) once(ctx context.Context, tool string, arguments fields) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	client := mcp.NewClient(&mcp.Implementation{Name: "worker", Version: "1"}, nil)
	session, err := client.Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint: w.system.MCPURL(), HTTPClient: &http.Client{Transport: bearer{w.person.token}},
		DisableStandaloneSSE: true, MaxRetries: -1,
	}, nil)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = session.Close() }()
	return (&person{session: session}).try(ctx, tool, arguments)
}

// reaches waits until a number of tasks have been worked on.
func (w *work) reaches(t *testing.T, n int) {
	t.Helper()
	until(t, w.bound, fmt.Sprintf("%d tasks to be worked on", n), func() bool { return int(w.added.Load()) >= n })
}

// finish ends the stream before it has its size.
func (w *work) finish() {
	w.enough.Store(true)
	w.calls.Wait()
	w.size = int(w.added.Load())
}

// ends waits for the end of the stream, and then for all that it must bring
// about; slack is how many reminder lines may come twice.
func (w *work) ends(t *testing.T, slack int) {
	t.Helper()
	w.calls.Wait()
	require.Empty(t, w.trouble)
	require.Len(t, w.keys, w.size)
	s := w.system
	userID := query[int64](t, s, `SELECT id FROM users WHERE subject = $1`, w.person.name)

	until(t, w.bound, "every completed task to have its successor", func() bool {
		return query[int](t, s, `SELECT count(*) FROM tasks WHERE user_id = $1 AND previous_task_id IS NOT NULL`, userID) >= len(w.recur)
	})
	until(t, w.bound, "every due task to be reminded", func() bool {
		for _, id := range w.due {
			if len(s.observer.of(event.TopicTaskReminders, event.ReminderSent, id)) == 0 || len(s.reminders(id)) == 0 {
				return false
			}
		}
		return true
	})
	until(t, w.bound, "every event to be published", func() bool {
		return query[int](t, s, `SELECT count(*) FROM outbox`) == 0
	})
	s.drained(t, w.person)
	s.scanned(t, w.person)
	w.check(t, userID, slack)
}

// check compares what is in Postgres with what was asked and what was announced.
func (w *work) check(t *testing.T, userID int64, slack int) {
	t.Helper()
	s := w.system
	require.Equal(t, w.size, query[int](t, s,
		`SELECT count(*) FROM tasks WHERE user_id = $1 AND idempotency_key IS NOT NULL`, userID), "one task a key")
	for _, id := range w.recur {
		assert.Len(t, s.successors(t, id), 1, "successors of task %d", id)
	}
	rows, err := s.db.Query(t.Context(), `SELECT id, version FROM tasks WHERE user_id = $1`, userID)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var id int64
		var version int
		require.NoError(t, rows.Scan(&id, &version))
		events := map[int]map[string]bool{} // ids by version
		for _, m := range s.observer.find(func(m message) bool { return m.topic == event.TopicTaskEvents && m.TaskID == id }) {
			if events[m.TaskVersion] == nil {
				events[m.TaskVersion] = map[string]bool{}
			}
			events[m.TaskVersion][m.Envelope.ID] = true
		}
		assert.Len(t, events, version, "versions of task %d that were announced", id)
		for v, ids := range events {
			assert.Len(t, ids, 1, "events about version %d of task %d", v, id)
		}
	}
	require.NoError(t, rows.Err())
	twice := 0
	for _, id := range w.due {
		ids := map[string]bool{}
		for _, m := range s.observer.of(event.TopicTaskReminders, event.ReminderSent, id) {
			ids[m.Envelope.ID] = true
		}
		assert.Len(t, ids, 1, "reminders of task %d", id)
		twice += len(s.reminders(id)) - 1
	}
	assert.LessOrEqual(t, twice, slack, "reminder lines that came twice")
}
