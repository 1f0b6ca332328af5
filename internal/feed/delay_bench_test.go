package feed_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/internal/feed"
	"tickler/internal/input"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// BenchmarkStreamDelay measures how long after its addition a task's event is read
// from a stream: on a quiet server; while a transaction that writes nothing of ours is
// open for a minute; and while another user's change is.
func BenchmarkStreamDelay(b *testing.B) {
	ctx := context.Background()
	pool := pgtest.Open(b)
	var f *feed.Feed
	store := repository.New(pool, "api", func() { f.Wake() })
	f = feed.New(store, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { f.Run(running); close(ended) }()
	b.Cleanup(func() { stop(); <-ended })
	service := task.NewService(store, time.Now)
	id, err := store.EnsureUser(ctx, repository.LocalIssuer, "ann", "UTC")
	require.NoError(b, err)
	ann, err := store.Settings(ctx, id)
	require.NoError(b, err)
	s, err := f.Subscribe(ctx, id, nil)
	require.NoError(b, err)
	defer s.Close()
	open := func(b *testing.B, statements ...string) {
		tx, err := pool.Begin(ctx)
		require.NoError(b, err)
		b.Cleanup(func() { _ = tx.Rollback(ctx) })
		for _, sql := range statements {
			args := []any{}
			if sql != `SELECT pg_current_xact_id()` {
				args = append(args, repository.WritingLocks, repository.WritingKey(id+1))
			}
			_, err = tx.Exec(ctx, sql, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...)
			require.NoError(b, err)
		}
	}
	for _, one := range []struct {
		name  string
		lasts time.Duration
		open  []string
	}{
		{"quiet", 10 * time.Second, nil},
		{"idle transaction elsewhere for a minute", time.Minute, []string{`SELECT pg_current_xact_id()`}},
		{"change of another user for ten seconds", 10 * time.Second, []string{`SELECT pg_advisory_xact_lock_shared($1, $2)`, `SELECT pg_current_xact_id()`}},
	} {
		b.Run(one.name, func(b *testing.B) {
			if one.open != nil {
				open(b, one.open...)
			}
			var took []float64
			for b.Loop() {
				for began := time.Now(); time.Since(began) < one.lasts; time.Sleep(50 * time.Millisecond) {
					_, err := service.Add(ctx, ann, task.AddInput{Fields: task.Fields{Title: input.Some("x")}})
					require.NoError(b, err)
					committed := time.Now()
					_, err = s.Next(ctx)
					require.NoError(b, err)
					took = append(took, float64(time.Since(committed).Microseconds())/1000)
				}
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2], "p50-ms")
			b.ReportMetric(took[len(took)*99/100], "p99-ms")
			b.ReportMetric(took[len(took)-1], "max-ms")
			b.ReportMetric(float64(len(took)), "events")
			b.ReportMetric(0, "ns/op")
		})
	}
}
