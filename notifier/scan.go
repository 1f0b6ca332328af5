package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"
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
}

// tick claims batch after batch until nothing is due or the tick's time is up.
// Ticks may overlap, on one replica or on many.
func (s *scanner) tick(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*tickTime)
	defer cancel()
	began, total := s.now(), 0
	for s.now().Sub(began) < tickTime {
		claimed, err := s.claim(ctx, s.now().UTC().Truncate(time.Microsecond), claimBatch)
		if err != nil {
			return fmt.Errorf("after %d reminders: %w", total, err)
		}
		total += claimed
		if claimed < claimBatch {
			break
		}
	}
	if total > 0 {
		s.log.Info("reminders claimed", "count", total)
	}
	return nil
}
