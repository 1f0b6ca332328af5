package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const (
	claimBatch = 500
	// tickTime is how long one tick claims: the next one goes on, here or on
	// another replica.
	tickTime = 5 * time.Second
)

// scanner claims the reminders that are due.
type scanner struct {
	claim func(ctx context.Context, now time.Time, limit int) (int, error)
	now   func() time.Time
	log   *slog.Logger

	duration prometheus.Histogram
	claimed  prometheus.Counter
}

func newScanner(claim func(context.Context, time.Time, int) (int, error), now func() time.Time, log *slog.Logger, registry prometheus.Registerer) *scanner {
	f := promauto.With(registry)
	return &scanner{
		claim: claim, now: now, log: log,
		duration: f.NewHistogram(prometheus.HistogramOpts{
			Name: "tickler_reminder_scan_seconds", Help: "How long a tick looked for due reminders and claimed them.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 11),
		}),
		claimed: f.NewCounter(prometheus.CounterOpts{Name: "tickler_reminders_claimed_total", Help: "Reminders that fell due and were claimed here."}),
	}
}

// tick claims batch after batch until nothing is due or the tick's time is up.
// Ticks may overlap, on one replica or on many.
func (s *scanner) tick(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*tickTime)
	defer cancel()
	began, total := s.now(), 0
	defer func() { s.duration.Observe(s.now().Sub(began).Seconds()) }()
	for s.now().Sub(began) < tickTime {
		claimed, err := s.claim(ctx, s.now().UTC().Truncate(time.Microsecond), claimBatch)
		if err != nil {
			return fmt.Errorf("after %d reminders: %w", total, err)
		}
		total += claimed
		s.claimed.Add(float64(claimed))
		if claimed < claimBatch {
			break
		}
	}
	if total > 0 {
		s.log.Info("reminders claimed", "count", total)
	}
	return nil
}
