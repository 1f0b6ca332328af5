package e2e

import (
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
	"tickler/internal/event"
)

// BenchmarkBrokerKilled lets a relay publish what piled up while the broker is
// killed again and again. It reports how many events the broker then lacks, holds
// more than once, or holds behind a newer one of their task.
func BenchmarkBrokerKilled(b *testing.B) {
	const kills = 3 // five within a minute would end the stack
	for b.Loop() {
		s, client := withRelaysStopped(b, "killed", func(*stack.Config) {})
		pool, err := pgxpool.New(b.Context(), s.DatabaseURL())
		require.NoError(b, err)
		o, err := observe(s.Broker())
		require.NoError(b, err)
		pileUp(b, pool)
		done := make(chan time.Duration, 1)
		go func() { done <- drain(b, pool, client) }()
		for range kills {
			time.Sleep(1500 * time.Millisecond)
			before := s.PID("broker")
			require.NoError(b, s.Kill("broker"))
			until(b, later, "the broker to be back", func() bool { return s.PID("broker") != 0 && s.PID("broker") != before })
			require.NoError(b, s.WaitReady(b.Context(), "broker"))
		}
		took := <-done
		pool.Close()
		seen, duplicates, late := history(o)
		b.ReportMetric(float64(piledUp-seen), "lost")
		b.ReportMetric(float64(duplicates), "twice")
		b.ReportMetric(float64(late), "late")
		b.ReportMetric(took.Seconds(), "s-to-publish")
		b.ReportMetric(0, "ns/op")
	}
}

// history waits for all that an observer reads of task-events.
func history(o *observer) (seen, duplicates, late int) {
	defer o.close()
	all := func() []message {
		return o.find(func(m message) bool { return m.topic == event.TopicTaskEvents })
	}
	for count := -1; count < len(all()); {
		count = len(all())
		time.Sleep(3 * time.Second)
	}
	ids, newest := map[string]bool{}, map[string]int{}
	for _, m := range all() {
		switch {
		case ids[m.ID]:
			duplicates++
		case m.TaskVersion < newest[m.key]:
			late++
		}
		ids[m.ID] = true
		newest[m.key] = max(newest[m.key], m.TaskVersion)
	}
	return len(ids), duplicates, late
}

func atoi(b *testing.B, text string) int {
	n, err := strconv.Atoi(text)
	require.NoError(b, err)
	return n
}
