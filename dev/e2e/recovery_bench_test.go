package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

// BenchmarkRecovery lets a hundred thousand events pile up while the broker is
// gone, and measures from the moment at which it accepts connections again until
// a Kafka client of its own has read them all. notifier and recurrer relay, as they are.
// It reports the events that were lost, or came behind a newer one of their task.
func BenchmarkRecovery(b *testing.B) {
	home := filepath.Join(staged.root, "recovery")
	running, err := stack.Start(b.Context(), stack.Config{Root: staged.root, Home: home, Daprd: staged.daprd})
	require.NoError(b, err)
	b.Cleanup(func() { running.Stop(); _ = stack.Clean(home) })
	s := &system{Stack: running, home: home}
	pool, err := pgxpool.New(b.Context(), s.DatabaseURL())
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	failures := func() (n float64) {
		for _, app := range []string{"notifier", "recurrer"} {
			n += s.metric(b, app, "tickler_outbox_publish_failures_total")
		}
		return n
	}
	for b.Loop() {
		o, err := observe(s.Broker())
		require.NoError(b, err)
		arrived := func() int {
			o.mu.Lock()
			defer o.mu.Unlock()
			return len(o.messages)
		}
		before := arrived()
		require.NoError(b, s.StopPart("broker"))
		pileUp(b, pool)
		failed := failures()
		until(b, later, "the relays to have noticed", func() bool { return failures() > failed+3 })

		require.NoError(b, s.StartPart(b.Context(), "broker"))
		began := time.Now()
		until(b, 2*later, "all events to have arrived", func() bool { return arrived()-before >= piledUp })
		took := time.Since(began)
		seen, twice, late := history(o)
		b.ReportMetric(took.Seconds(), "s-to-deliver-100k")
		b.ReportMetric(float64(piledUp-seen), "lost")
		b.ReportMetric(float64(twice), "twice")
		b.ReportMetric(float64(late), "late")
		b.ReportMetric(0, "ns/op")
	}
}
