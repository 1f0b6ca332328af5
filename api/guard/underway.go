package guard

import (
	"fmt"
	"sync"

	"tickler/internal/fault"
)

// callsUnderWay counts the calls in progress of each user in this process, across
// tokens and paths.
type callsUnderWay struct {
	limit int // 0: no limit

	mu sync.Mutex
	of map[int64]int
}

func newCallsUnderWay(limit int) *callsUnderWay {
	return &callsUnderWay{limit: limit, of: map[int64]int{}}
}

// begin counts a call until end is called; calling end again does nothing. ok is
// false if the limit is reached.
func (c *callsUnderWay) begin(userID int64) (end func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit > 0 && c.of[userID] >= c.limit {
		return nil, false
	}
	c.of[userID]++
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.of[userID]--; c.of[userID] == 0 {
			delete(c.of, userID)
		}
	}), true
}

// Begin counts a call of a user who was found by other means than a token, such
// as the secret of a feed, together with all their others. end must be called
// when it has been answered. The error is RATE_LIMITED.
func (g *Guard) Begin(userID int64) (end func(), err error) {
	end, ok := g.calls.begin(userID)
	if !ok {
		return nil, g.tooManyAtOnce()
	}
	return end, nil
}

func (g *Guard) tooManyAtOnce() *fault.Error {
	return &fault.Error{
		Code: fault.RateLimited, Message: fmt.Sprintf("%d of your calls are under way already, the most allowed at the same time; try again in 1 s", g.calls.limit),
		Hint: "wait for an answer before you make the next call; add_tasks and update_tasks do several things in one",
	}
}
