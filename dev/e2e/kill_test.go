package e2e

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

func TestNothingIsLostOrDoubledWhenAPartIsKilledAtWork(t *testing.T) {
	t.Parallel()
	const size = 60
	added := func(t *testing.T, w *work) { w.reaches(t, size/3) }
	followed := func(t *testing.T, w *work) {
		until(t, soon, "the first successors", func() bool {
			return query[int](t, w.system, `SELECT count(*) FROM tasks t JOIN users u ON u.id = t.user_id
				WHERE u.subject = $1 AND t.previous_task_id IS NOT NULL`, w.person.name) > 2
		})
	}
	reminded := func(t *testing.T, w *work) {
		until(t, soon, "the first reminders", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, id := range w.due {
				if len(w.system.observer.of(event.TopicTaskReminders, event.ReminderSent, id)) > 0 {
					return true
				}
			}
			return false
		})
	}
	cases := []struct {
		part string
		at   func(*testing.T, *work) // the moment at which it is busy
		// A reminder is noted as delivered right after its line is printed. No
		// transaction spans both: whoever is killed in between repeats that one.
		slack int
	}{
		{"api", added, 0},
		{"api-daprd", added, 0},
		{"recurrer", followed, 0},
		{"recurrer-daprd", followed, 0},
		{"notifier", reminded, 1},
		{"notifier-daprd", reminded, 0},
		{"broker", added, 0},
		{"postgres", added, 1},
	}
	s := start(t, nil)
	for _, c := range cases {
		t.Run(c.part, func(t *testing.T) {
			if c.part == "broker" {
				skipWhereUnconfirmedIsLost(t)
			}
			w := begin(t, s, size)
			c.at(t, w)
			before := s.PID(c.part)
			require.NoError(t, s.Kill(c.part))
			s.waitReady(t, c.part, before)
			w.ends(t, c.slack)
		})
	}
}

func TestReplicasShareTheWorkAndNothingIsDoubled(t *testing.T) {
	t.Parallel()
	s := start(t, replicas)
	w := begin(t, s, 120)
	w.ends(t, 0)
	both := map[string]int{}
	for _, part := range []string{"recurrer", "recurrer-2", "notifier", "notifier-2"} {
		require.NotZero(t, s.PID(part))
		both[part] = len(s.lines(part, `"level":"ERROR"`))
	}
	for part, errors := range both {
		require.Zero(t, errors, "errors in the log of %s", part)
	}
	p := s.person(t, "")
	require.Empty(t, p.call(t, "list_tasks", fields{}).Tasks, "the api serves as ever")

	// The topic has one partition, so one replica of recurrer consumes; when its
	// sidecar goes away the other takes over.
	for _, part := range []string{"recurrer-daprd", "notifier-daprd"} {
		w := begin(t, s, 20)
		before := s.PID(part)
		require.NoError(t, s.Kill(part))
		s.waitReady(t, part, before)
		w.ends(t, 0)
	}
}

// Dapr restarts a sidecar by SIGHUP, which hot reload sends itself when what cannot be
// changed in a sidecar that runs is changed in its folders.
func TestReloadedSidecarsServeOnAsTheSameProcesses(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.person(t, "")
	for _, part := range []string{"api-daprd", "recurrer-daprd", "notifier-daprd"} {
		pid := s.PID(part)
		require.NoError(t, syscall.Kill(pid, syscall.SIGHUP))
		until(t, later, part+" to begin again", func() bool { return len(s.lines(part, "level=warning", "mTLS is disabled")) > 1 })
		series := p.add(t, fields{"title": "after " + part, "recurrence_rule": "daily", "due_date": in(minute)})
		p.call(t, "complete_task", fields{"task_id": series.ID})
		until(t, later, "a successor", func() bool { return len(s.successors(t, series.ID)) > 0 })
		due := p.add(t, fields{"title": "due after " + part, "due_date": in(minute)})
		until(t, later, "the reminder", func() bool { return len(s.reminders(due.ID)) > 0 })
		require.Equal(t, pid, s.PID(part))
	}
}
