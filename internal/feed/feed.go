// Package feed streams a user's events to their clients. Any replica can serve any
// client: the feed reads the journal in order and without gaps, from any position
// that is still kept. See docs/decisions/0009-streams-read-the-journal.md.
package feed

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/wake"
)

// Store reads the journal; see repository.Repository.
type Store interface {
	LogEntries(ctx context.Context, userID int64, after event.Position, until int64, limit int) ([]event.Entry, error)
	LogEnd(ctx context.Context, after event.Position, settled int64) (end event.Position, whole bool, err error)
	LogNews(ctx context.Context, since, settled int64, users []int64) (found []int64, until int64, unsettled bool, err error)
	Settled(ctx context.Context) (horizon int64, err error)
}

const (
	// MaxSubscriptions is how many streams one user may have open on one replica.
	MaxSubscriptions = 10

	pageSize          = 100
	restInterval      = 20 * time.Millisecond // minimum pause between two looks at the journal, however busy it is
	unsettledInterval = 50 * time.Millisecond // retry delay while the newest entries are not settled
	pollInterval      = time.Second           // bounds the delay when the notification of another process's commit is lost
	lookTimeout       = 10 * time.Second
)

// Feed wakes its subscriptions when there is something to read. It looks at the journal
// once for all of them; each then reads its own part, so a slow client holds up
// nobody else.
type Feed struct {
	store Store
	log   *slog.Logger
	wake  wake.Signal
	gauge prometheus.Gauge

	settled atomic.Int64 // a horizon that Settled gave

	mu            sync.Mutex
	subscriptions map[int64]map[*Subscription]struct{} // by user
	unasked       map[*Subscription]struct{}           // new since the last look began
	since         int64                                // where the next look begins; 0 wakes everybody
}

// New makes a feed. No subscription is woken before Run is called.
func New(store Store, log *slog.Logger, registry prometheus.Registerer) *Feed {
	return &Feed{
		store: store, log: log, wake: wake.New(), subscriptions: map[int64]map[*Subscription]struct{}{}, unasked: map[*Subscription]struct{}{},
		gauge: promauto.With(registry).NewGauge(prometheus.GaugeOpts{
			Name: "tickler_feed_subscriptions", Help: "Clients that follow their events from this replica.",
		}),
	}
}

// Wake tells the feed that a transaction was committed, here or in another process.
// It never blocks.
func (f *Feed) Wake() { f.wake.Send() }

// Run looks for news until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	for interval := pollInterval; ctx.Err() == nil; {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		case <-time.After(interval):
		}
		interval = pollInterval
		if unsettled, err := f.look(ctx); err != nil {
			f.log.Warn("the journal cannot be read; subscriptions wait", "error", err)
		} else if unsettled {
			interval = unsettledInterval
		}
		select {
		case <-ctx.Done():
		case <-time.After(restInterval):
		}
	}
}

// look wakes the subscriptions that have something to read.
func (f *Feed) look(ctx context.Context) (unsettled bool, err error) {
	since, users := f.asked()
	if len(users) == 0 {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	if since == 0 {
		end, _, err := f.store.LogEnd(ctx, event.Position{}, f.settled.Load())
		if err == nil {
			f.tell(users, since, end.Transaction+1)
		}
		return false, err
	}
	found, until, unsettled, err := f.store.LogNews(ctx, since, f.settled.Load(), users)
	if err == nil && unsettled {
		// A transaction older than the news is still open. Most such transactions do
		// not write to the journal, and they can stay open for hours.
		var horizon int64
		if horizon, err = f.store.Settled(ctx); err == nil && horizon > until {
			f.settled.Store(horizon)
			found, until, unsettled, err = f.store.LogNews(ctx, since, horizon, users)
		}
	}
	if err != nil {
		return false, err
	}
	f.tell(found, since, until)
	return unsettled, nil
}

// asked lists the users a look is for, and where it begins.
func (f *Feed) asked() (since int64, users []int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.unasked)
	return f.since, slices.Collect(maps.Keys(f.subscriptions))
}

// tell wakes the subscriptions of users. It also wakes those that joined during the
// look: the look did not cover them, and they may have read before it.
func (f *Feed) tell(users []int64, since, until int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.since == since { // otherwise all subscriptions were replaced meanwhile, and the new ones start over
		f.since = until
	}
	for _, id := range users {
		for s := range f.subscriptions[id] {
			s.news.Send()
		}
	}
	for s := range f.unasked {
		s.news.Send()
	}
}

// Subscription is one client following a user's events.
type Subscription struct {
	// Whole is false when events after the requested position are no longer kept:
	// the client must reload the current state.
	Whole bool

	feed   *Feed
	userID int64
	after  event.Position
	news   wake.Signal
}

// Subscribe follows a user's events after a position, or from now on when after is
// nil. It returns RATE_LIMITED if the user already has MaxSubscriptions open. The
// caller must call Close.
func (f *Feed) Subscribe(ctx context.Context, userID int64, after *event.Position) (*Subscription, error) {
	s := &Subscription{Whole: true, feed: f, userID: userID, news: wake.New()}
	if err := f.register(s); err != nil {
		return nil, err
	}
	wanted := event.Position{}
	if after != nil {
		wanted = *after
	}
	end, whole, err := f.store.LogEnd(ctx, wanted, f.settled.Load())
	if err != nil {
		s.Close()
		return nil, err
	}
	s.after = end
	if after != nil {
		if s.Whole = whole; whole {
			s.after = *after
		}
	}
	return s, nil
}

func (f *Feed) register(s *Subscription) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	mine := f.subscriptions[s.userID]
	if len(mine) >= MaxSubscriptions {
		return &fault.Error{
			Code: fault.RateLimited, Message: "too many of your clients follow events already; close one, or let them share a stream",
		}
	}
	if len(f.subscriptions) == 0 {
		f.since = 0 // nobody was subscribed for a while: start over instead of reading everything since
	}
	if mine == nil {
		mine = map[*Subscription]struct{}{}
		f.subscriptions[s.userID] = mine
	}
	mine[s], f.unasked[s] = struct{}{}, struct{}{}
	f.gauge.Inc()
	return nil
}

// Position is the position after the last event that Next returned.
func (s *Subscription) Position() event.Position { return s.after }

// Next waits for events and returns them in order. It fails when ctx ends.
func (s *Subscription) Next(ctx context.Context) ([]event.Entry, error) {
	for {
		entries, err := s.feed.store.LogEntries(ctx, s.userID, s.after, s.feed.settled.Load(), pageSize)
		if err != nil {
			return nil, err
		}
		if len(entries) > 0 {
			s.after = entries[len(entries)-1].Position
			return entries, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.news:
		}
	}
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	mine := s.feed.subscriptions[s.userID]
	if _, open := mine[s]; !open {
		return
	}
	delete(mine, s)
	delete(s.feed.unasked, s)
	if len(mine) == 0 {
		delete(s.feed.subscriptions, s.userID)
	}
	s.feed.gauge.Dec()
}
