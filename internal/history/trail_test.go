package history

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/journal"
)

// What the trail counts is what one finds by following each entry to what took it back.
func TestTrailKnowsWhatWasTakenBack(t *testing.T) {
	actions := []journal.Action{journal.Updated, journal.Completed, journal.Reopened, journal.Reminded}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		var steps []Step
		for id := int64(1); id <= 12; id++ {
			s := Step{ID: id, Action: actions[random.IntN(len(actions))]}
			if id > 1 && random.IntN(2) == 0 && !s.Action.Notice() {
				s.Undoes = 1 + random.Int64N(id-1)
			}
			steps = append(steps, s)
		}
		trail, all := newTrail(steps), steps
		for id := int64(12); id > 0; id-- { // as undo walks: the newest first
			for after := range int64(13) {
				require.Equal(t, undone(all, after), trail.wasUndone(after), "seed %d, entry %d", seed, after)
				require.Equal(t, len(standing(all, after)) > 0, trail.newest(after) != nil, "seed %d after %d", seed, after)
				if want := standing(all, after); after < id || trail.taken == 0 {
					require.Equal(t, want, trail.live(after, 0), "seed %d after %d", seed, after)
				}
			}
			if random.IntN(2) == 0 {
				trail.takeBack(id)
				all = append(all, Step{ID: math.MaxInt64, Undoes: id})
			}
		}
	}
}

// undone and standing are the definition.
func undone(steps []Step, id int64) bool {
	for _, s := range steps {
		if s.Undoes == id && id != 0 && !undone(steps, s.ID) {
			return true
		}
	}
	return false
}

func standing(steps []Step, after int64) (all []Step) {
	for i := len(steps) - 1; i >= 0; i-- {
		if s := steps[i]; s.ID > after && s.Undoes <= after && !s.Action.Notice() && !undone(steps, s.ID) {
			all = append(all, s)
		}
	}
	return all
}

func TestAnUndoThatTakesTooLongSaysToUndoLess(t *testing.T) {
	u := &undo{until: time.Now().Add(-time.Second)}
	err := u.one(t.Context(), journal.Entry{Object: journal.Token})
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, fault.LimitExceeded, e.Code)
	require.Contains(t, e.Message, "nothing was undone")
	require.Contains(t, e.Hint, "less at a time")
}

// BenchmarkTrail measures a task that was undone and redone over and over, of which all
// is taken back.
func BenchmarkTrail(b *testing.B) {
	for _, n := range []int{1_200, 10_000} {
		var steps []Step
		for id := range int64(n) {
			steps = append(steps, Step{ID: id + 1, Undoes: id, Action: journal.Updated})
		}
		b.Run(fmt.Sprintf("undone %d times", n), func(b *testing.B) {
			for b.Loop() {
				trail := newTrail(steps)
				for id := int64(n); id > 0; id-- {
					if !trail.wasUndone(id) && trail.newest(id) == nil {
						trail.takeBack(id)
					}
				}
			}
		})
	}
}
