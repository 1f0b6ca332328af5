package main

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tickler/internal/delivery"
	"tickler/internal/person"
	"tickler/internal/repository"
	"tickler/internal/wake"
)

const (
	// served is how many channels are served concurrently, and troubled how many of
	// them may be channels whose last attempt failed, so that hanging targets do
	// not stop the others.
	served, troubled = 96, 32
	// perHost bounds the channels of one host that are served concurrently, since
	// they hang together. The others come back after a pause. Mail goes through one
	// server, and one at a time: whoever waits for it must not outwait the lease.
	perHost   = 24
	perMailer = 3
	hostPause = 2 * time.Second
	// side is how many messages are sent to one channel concurrently.
	side = 8
	// attemptTime bounds an attempt. turn is how long a busy channel is served
	// before others have their turn; lease must outlast both.
	attemptTime = 10 * time.Second
	turn        = 20 * time.Second
	lease       = time.Minute
)

// sendStore is where deliveries wait; see repository.
type sendStore interface {
	ServeChannels(ctx context.Context, now time.Time, limit int, lease time.Duration, troubled bool) ([]repository.ServedChannel, error)
	BeginDeliveries(ctx context.Context, c repository.ServedChannel, now time.Time, limit int) ([]repository.DueDelivery, error)
	EndDeliveries(ctx context.Context, c repository.ServedChannel, ended []repository.SentDelivery, problem string, rest, now time.Time) error
	AddConfirmation(ctx context.Context, channelID int64, hash []byte) error
	MailedSignInLink(ctx context.Context, userID int64, hash []byte) error
	LeaveChannel(ctx context.Context, c repository.ServedChannel, notBefore time.Time) error
	SwitchOff(ctx context.Context, c repository.ServedChannel, problem string, since, now time.Time) (bool, error)
}

// sender sends waiting deliveries. All its state is in Postgres, so any number of
// senders share the work.
type sender struct {
	store   sendStore
	open    func(sealed, place string) (string, error)
	kinds   map[person.ChannelKind]delivery.Sender
	retries []time.Duration // pauses after the first attempt, the second…
	now     func() time.Time
	log     *slog.Logger

	wakeUp wake.Signal
	mu     sync.Mutex
	hosts  map[string]int
	busy   [2]int // channels being served: healthy ones, troubled ones

	attempts *prometheus.CounterVec
	off      prometheus.Counter
}

func newSender(store sendStore, open func(string, string) (string, error), kinds map[person.ChannelKind]delivery.Sender, retries []time.Duration, now func() time.Time, log *slog.Logger, registry prometheus.Registerer) *sender {
	f := promauto.With(registry)
	s := &sender{
		store: store, open: open, kinds: kinds, retries: retries, now: now, log: log,
		wakeUp: wake.New(), hosts: map[string]int{},
		attempts: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tickler_channel_attempts_total", Help: "Messages to channels by kind and outcome: sent, retry, failed (given up), dropped (moot), unknown (cut off again and again).",
		}, []string{"channel", "outcome"}),
		off: f.NewCounter(prometheus.CounterOpts{Name: "tickler_channels_switched_off_total", Help: "Channels that were switched off because nothing reached them."}),
	}
	for kind := range kinds {
		for _, outcome := range []string{"sent", "retry", "failed", "dropped", "unknown"} {
			s.attempts.WithLabelValues(string(kind), outcome)
		}
	}
	return s
}

// wake makes the sender look for due deliveries at once.
func (s *sender) wake() { s.wakeUp.Send() }

// run sends until ctx ends, and returns when attempts under way have ended.
func (s *sender) run(ctx context.Context) {
	var serving sync.WaitGroup
	defer serving.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wakeUp:
		}
		for i, most := range []int{served, troubled} {
			free := most - s.serving(i, 0)
			if free <= 0 {
				continue // whoever ends wakes
			}
			channels, err := s.store.ServeChannels(ctx, s.clock(), free, lease, i == 1)
			if err != nil {
				if ctx.Err() == nil {
					s.log.Warn("channels could not be claimed, they will be at the next tick", "error", err)
				}
				continue
			}
			s.serving(i, len(channels))
			for _, c := range channels {
				serving.Go(func() {
					defer s.wake()
					defer s.serving(i, -1)
					s.serve(ctx, c)
				})
			}
		}
	}
}

func (s *sender) serving(i, more int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[i] += more
	return s.busy[i]
}

func (s *sender) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// serve sends what is due for one channel until nothing is left, an attempt fails
// or its turn is over. It stops between attempts when ctx ends, and still records
// their outcome.
func (s *sender) serve(ctx context.Context, c repository.ServedChannel) {
	keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease)
	defer cancel()
	var notBefore time.Time
	if host, most := hostOf(c); !s.enter(host, most) {
		notBefore = s.clock().Add(hostPause)
	} else {
		defer s.exit(host)
		for until := s.clock().Add(turn); ctx.Err() == nil && s.clock().Before(until) && s.sendNext(keep, &c); {
		}
	}
	if err := s.store.LeaveChannel(keep, c, notBefore); err != nil {
		s.log.Warn("a channel could not be given back, its lease will end", "channel", c.ID, "error", err)
	}
}

// hostOf returns a channel's host, and how many of its channels may be served
// concurrently.
func hostOf(c repository.ServedChannel) (host string, most int) {
	if u, err := url.Parse(c.Target); err == nil && u.Host != "" {
		return u.Host, perHost
	}
	return string(c.Kind), perMailer
}

func (s *sender) enter(host string, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts[host] >= most {
		return false
	}
	s.hosts[host]++
	return true
}

func (s *sender) exit(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts[host]--; s.hosts[host] == 0 {
		delete(s.hosts, host)
	}
}

// sendNext sends the next few messages and notes how they ended. It returns whether
// to go on.
func (s *sender) sendNext(ctx context.Context, c *repository.ServedChannel) bool {
	limit := side
	if c.Failures > 0 || c.Kind != person.Webhook && c.Kind != person.Ntfy {
		limit = 1 // a probe whether it works again; mail and chats take one after the other
	}
	due, err := s.store.BeginDeliveries(ctx, *c, s.clock(), limit)
	if err != nil {
		s.log.Warn("deliveries could not be begun", "channel", c.ID, "error", err)
		return false
	}
	var (
		attempts sync.WaitGroup
		mu       sync.Mutex
		ended    []repository.SentDelivery
		all      outcome
	)
	for _, d := range due {
		switch {
		case d.Unknown:
			s.count(c, "unknown")
			s.log.Warn("a delivery was cut off again, it is not sent once more", "channel", c.ID, "event", d.EventID)
			continue
		case d.Dropped:
			s.count(c, "dropped")
			continue
		case d.Excess:
			s.count(c, "failed")
			s.log.Info("a mail was not sent, since its user got as many as are allowed", "channel", c.ID, "user_id", c.UserID, "event", d.EventID)
			continue
		}
		attempts.Go(func() {
			one, failed := s.attempt(ctx, *c, d)
			mu.Lock()
			defer mu.Unlock()
			ended = append(ended, one)
			all.add(failed)
		})
	}
	attempts.Wait()
	if len(ended) == 0 {
		return len(due) > 0
	}
	problem, rest, off := s.judge(*c, all)
	noted := s.note(ctx, *c, ended, problem, rest)
	if off && noted {
		s.giveUp(ctx, *c, *all.worst)
	}
	if all.sent {
		c.Failures = 0
	}
	return noted && all.worst == nil
}

// note stores the outcome of attempts. It retries for as long as the lease lasts,
// since what is not stored is sent again.
func (s *sender) note(ctx context.Context, c repository.ServedChannel, ended []repository.SentDelivery, problem string, rest time.Time) bool {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := s.store.EndDeliveries(ctx, c, ended, problem, rest, s.clock())
		if err == nil {
			return true
		}
		s.log.Warn("how deliveries ended could not be noted", "channel", c.ID, "error", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}

func (s *sender) count(c *repository.ServedChannel, outcome string) {
	s.attempts.WithLabelValues(string(c.Kind), outcome).Inc()
}
