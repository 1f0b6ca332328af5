package repository_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestEffectHappensOnceHoweverManyDeliveriesRunAtATime(t *testing.T) {
	b := setup(t)
	events := make([]uuid.UUID, 50)
	for i := range events {
		events[i] = uuid.New()
	}
	var effects atomic.Int64
	var deliveries sync.WaitGroup
	for n := range 8 {
		deliveries.Go(func() {
			mine := slices.Clone(events)
			if n%2 == 0 {
				slices.Reverse(mine)
			}
			require.NoError(t, b.notifier.Once(b.ctx, "notifier", mine, func(fresh map[uuid.UUID]bool) error {
				effects.Add(int64(len(fresh)))
				return nil
			}))
		})
	}
	deliveries.Wait()
	require.EqualValues(t, len(events), effects.Load())
}

func TestEffectThatFailsIsTriedAgain(t *testing.T) {
	b := setup(t)
	events := []uuid.UUID{uuid.New(), uuid.New()}
	boom := errors.New("boom")
	require.ErrorIs(t, b.notifier.Once(b.ctx, "notifier", events, func(map[uuid.UUID]bool) error { return boom }), boom)
	require.NoError(t, b.notifier.Once(b.ctx, "notifier", append(events, events[0]), func(fresh map[uuid.UUID]bool) error {
		require.Len(t, fresh, 2)
		return nil
	}))
	require.NoError(t, b.notifier.Once(b.ctx, "recurrer", events, func(fresh map[uuid.UUID]bool) error {
		require.Len(t, fresh, 2, "each consumer has its own inbox")
		return nil
	}))
}
