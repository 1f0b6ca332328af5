package oauth

import (
	"context"
	"sync"
)

// turns limits how many work at the same time for each key. It is safe for concurrent
// use.
type turns struct {
	most int
	mu   sync.Mutex
	of   map[string]*queue
}

// queue is those who work or wait for one key.
type queue struct {
	slots chan struct{}
	there int // who work or wait; the last one takes the queue away
}

func newTurns(most int) *turns { return &turns{most: most, of: map[string]*queue{}} }

// take waits for a turn. It returns false if the context ends before. Otherwise done
// must be called once.
func (t *turns) take(ctx context.Context, key string) (done func(), ok bool) {
	t.mu.Lock()
	q := t.of[key]
	if q == nil {
		q = &queue{slots: make(chan struct{}, t.most)}
		t.of[key] = q
	}
	q.there++
	t.mu.Unlock()
	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if q.there--; q.there == 0 {
			delete(t.of, key)
		}
	}
	select {
	case q.slots <- struct{}{}:
		return func() { <-q.slots; leave() }, true
	case <-ctx.Done():
		leave()
		return nil, false
	}
}
