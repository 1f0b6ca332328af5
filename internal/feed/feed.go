// Package feed streams a user's events to their clients. Any replica can serve any
// client: the feed reads the journal in order and without gaps, from any position
// that is still kept. See docs/decisions/0009-streams-read-the-journal.md.
package feed

import (
	"context"
	"log/slog"
	"slices"
	"sync"
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
	LogNews(ctx context.Context, about []event.Followed) ([]event.News, error)
	Settled(ctx context.Context, users []int64) (map[int64]int64, error)
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

	mu    sync.Mutex
	users map[int64]*followed // those with subscriptions
}

// followed is a user with subscriptions.
type followed struct {
	subscriptions map[*Subscription]struct{}
	since         int64 // where the next look begins; 0: the first look wakes the subscriptions
	settled       int64 // a horizon that the store's Settled gave
}

// New makes a feed. No subscription is woken before Run is called.
func New(store Store, log *slog.Logger, registry prometheus.Registerer) *Feed {
	return &Feed{
		store: store, log: log, wake: wake.New(), users: map[int64]*followed{},
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
	about := f.followed()
	if len(about) == 0 {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	news, err := f.store.LogNews(ctx, about)
	if err != nil {
		return false, err
	}
	waiting := f.tell(news)
	if len(waiting) == 0 {
		return false, nil
	}
	// A transaction older than their news is still open. Most such transactions write
	// nothing of theirs, and they can stay open for hours.
	horizons, err := f.store.Settled(ctx, waiting)
	if err != nil {
		return false, err
	}
	f.settle(horizons)
	about = slices.DeleteFunc(f.followed(), func(one event.Followed) bool { return horizons[one.UserID] == 0 })
	if news, err = f.store.LogNews(ctx, about); err != nil {
		return false, err
	}
	return len(f.tell(news)) > 0, nil
}

// followed lists the users a look is for, and where it begins for each.
func (f *Feed) followed() []event.Followed {
	f.mu.Lock()
	defer f.mu.Unlock()
	about := make([]event.Followed, 0, len(f.users))
	for id, user := range f.users {
		about = append(about, event.Followed{UserID: id, Since: user.since, Settled: user.settled})
	}
	return about
}

// tell wakes the subscriptions of users with news, and returns the users whose news
// cannot all be read yet. Users who began to follow after the look for news are not
// covered: their own first look is still to come.
func (f *Feed) tell(news []event.News) (waiting []int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range news {
		user := f.users[n.UserID]
		if user == nil {
			continue
		}
		user.since = n.Until
		if n.Unsettled {
			waiting = append(waiting, n.UserID)
		}
		if n.Found {
			for s := range user.subscriptions {
				s.news.Send()
			}
		}
	}
	return waiting
}

// settle notes horizons. They only ever rise.
func (f *Feed) settle(horizons map[int64]int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, horizon := range horizons {
		if user := f.users[id]; user != nil {
			user.settled = max(user.settled, horizon)
		}
	}
}

// settled returns the highest horizon known of a user, or 0.
func (f *Feed) settled(userID int64) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if user := f.users[userID]; user != nil {
		return user.settled
	}
	return 0
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
	horizons, err := f.store.Settled(ctx, []int64{userID}) // else "now" would be before the oldest transaction on the server
	if err != nil {
		s.Close()
		return nil, err
	}
	f.settle(horizons)
	end, whole, err := f.store.LogEnd(ctx, wanted, f.settled(userID))
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
	user := f.users[s.userID]
	if user == nil {
		user = &followed{subscriptions: map[*Subscription]struct{}{}}
		f.users[s.userID] = user
	}
	if len(user.subscriptions) >= MaxSubscriptions {
		return &fault.Error{
			Code: fault.RateLimited, Message: "too many of your clients follow events already; close one, or let them share a stream",
		}
	}
	user.subscriptions[s] = struct{}{}
	f.gauge.Inc()
	f.wake.Send() // a look that is under way may not cover it
	return nil
}

// Position is the position after the last event that Next returned.
func (s *Subscription) Position() event.Position { return s.after }

// Next waits for events and returns them in order. It fails when ctx ends.
func (s *Subscription) Next(ctx context.Context) ([]event.Entry, error) {
	for {
		entries, err := s.feed.store.LogEntries(ctx, s.userID, s.after, s.feed.settled(s.userID), pageSize)
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
	user := s.feed.users[s.userID]
	if user == nil {
		return
	}
	if _, open := user.subscriptions[s]; !open {
		return
	}
	delete(user.subscriptions, s)
	if len(user.subscriptions) == 0 {
		delete(s.feed.users, s.userID)
	}
	s.feed.gauge.Dec()
}
