package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
	"tickler/internal/outbox"
)

// BenchmarkSoak commits two thousand events a second for three minutes and
// reports how large the outbox table grew, with its indexes, in each of them: a
// table that bloats grows from minute to minute.
func BenchmarkSoak(b *testing.B) {
	const perSecond, minutes = 2000, 3
	home := filepath.Join(staged.root, "soak")
	s, err := stack.Start(b.Context(), stack.Config{Root: staged.root, Home: home, Daprd: staged.daprd})
	require.NoError(b, err)
	b.Cleanup(func() { s.Stop(); _ = stack.Clean(home) })
	for _, app := range []string{"api", "notifier", "recurrer"} {
		require.NoError(b, s.StopPart(app))
	}
	client := clientOfNotifier(b, s)
	b.Cleanup(client.Close)
	pool, err := pgxpool.New(b.Context(), s.DatabaseURL())
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	ctx, cancel := context.WithCancel(b.Context())
	relay := outbox.NewRelay(pool, client, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	done := make(chan struct{})
	go func() { relay.Run(ctx); close(done) }()
	b.Cleanup(func() { cancel(); <-done })

	const perTick = 10 // ticks a second
	for b.Loop() {
		tick := time.NewTicker(time.Second / perTick)
		for minute := range minutes {
			var largest, waiting int64
			for n := range perTick * 60 {
				<-tick.C
				insert(b, pool, perSecond/perTick)
				if n%perTick == 0 {
					var size, rows int64
					require.NoError(b, pool.QueryRow(b.Context(), `SELECT pg_total_relation_size('outbox'), (SELECT count(*) FROM outbox)`).Scan(&size, &rows))
					largest, waiting = max(largest, size), max(waiting, rows)
				}
			}
			b.ReportMetric(float64(largest)/1e6, fmt.Sprintf("MB-in-minute-%d", minute+1))
			b.ReportMetric(float64(waiting), fmt.Sprintf("waiting-in-minute-%d", minute+1))
		}
		tick.Stop()
		b.ReportMetric(perSecond*60*minutes, "events")
	}
}
