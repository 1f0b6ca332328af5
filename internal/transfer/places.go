package transfer

import (
	"context"
	"sync"
	"time"

	"tickler/internal/fault"
)

const (
	// maxImports is how many imports run concurrently in this process: each holds
	// the tasks of its file.
	maxImports = 2
	// patience is how long another import waits for one of them to end.
	patience = 5 * time.Second
)

// places limits concurrent imports, to one for each user.
type places struct {
	free chan struct{}
	mu   sync.Mutex
	busy map[int64]bool // by user
}

func newPlaces() *places {
	return &places{free: make(chan struct{}, maxImports), busy: map[int64]bool{}}
}

// take waits for a place, or refuses with RATE_LIMITED. Call leave when done.
func (p *places) take(ctx context.Context, userID int64) (leave func(), err error) {
	if !p.enter(userID) {
		return nil, &fault.Error{Code: fault.RateLimited, Message: "an import of yours is still under way; they go one at a time", Hint: "wait for its answer, then send this file again"}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case p.free <- struct{}{}:
		return func() { <-p.free; p.exit(userID) }, nil
	case <-ctx.Done():
		p.exit(userID)
		return nil, &fault.Error{Code: fault.RateLimited, Message: "other imports are under way, and only a few go at a time; nothing was imported", Hint: "send the file again in some seconds"}
	}
}

func (p *places) enter(userID int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy[userID] {
		return false
	}
	p.busy[userID] = true
	return true
}

func (p *places) exit(userID int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, userID)
}
