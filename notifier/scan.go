package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/sync/errgroup"
)

const (
	claimBatch = 500
	// claimers is how many claim concurrently when very many reminders are due: one
	// writes its batch while another's commit waits for the disk.
	claimers = 2
	// tickTime bounds the claims of one tick; the next tick continues, here or on
	// another replica.
	tickTime = 5 * time.Second
)

// claim claims a batch of reminders that are due at now and not before from; see
// repository.ClaimReminders.
type claim func(ctx context.Context, now, from time.Time, limit int) (claimed int, last time.Time, err error)

// scanner claims the reminders that are due.
type scanner struct {
	claim claim
	now   func() time.Time
	log   *slog.Logger

	duration prometheus.Histogram
	claimed  prometheus.Counter
}

func newScanner(claim claim, now func() time.Time, log *slog.Logger, registry prometheus.Registerer) *scanner {
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
	began := s.now()
	defer func() { s.duration.Observe(s.now().Sub(began).Seconds()) }()
	first, last, err := s.batch(ctx, time.Time{})
	if err != nil {
		return err
	}
	total, counts := first, [claimers]int{}
	if first == claimBatch { // one claimer is enough for what is usually due
		group, ctx := errgroup.WithContext(ctx)
		for i := range claimers {
			group.Go(func() error {
				for from := last; s.now().Sub(began) < tickTime; {
					n, next, err := s.batch(ctx, from)
					counts[i] += n
					if err != nil || n < claimBatch {
						return err
					}
					from = next
				}
				return nil
			})
		}
		err = group.Wait()
	}
	for _, n := range counts {
		total += n
	}
	if err != nil {
		return fmt.Errorf("after %d reminders: %w", total, err)
	}
	if total > 0 {
		s.log.Info("reminders claimed", "count", total)
	}
	return nil
}

func (s *scanner) batch(ctx context.Context, from time.Time) (int, time.Time, error) {
	claimed, last, err := s.claim(ctx, s.now().UTC().Truncate(time.Microsecond), from, claimBatch)
	s.claimed.Add(float64(claimed))
	return claimed, last, err
}
