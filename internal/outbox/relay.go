// Package outbox publishes what has been committed: it reads outbox rows in
// order, hands them to the broker, and deletes what was acknowledged.
//
// The rows of one task are in one shard and are published in the order of their
// ids, which is the order of the commits. One relay publishes a shard at a
// time: it holds the shard's advisory lock, on the session with which it also
// reads and deletes, so that a relay that loses its session has lost its shards.
// A row leaves the table only after the broker has it; a crash in between, or a
// bulk publish that failed in part, publishes again. Duplicates are legal,
// losses and reordering within a key are not.
package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tickler/internal/event"
)

// Publisher hands envelopes to a topic, keeping the order within a key. An
// error means that any of them may not have arrived.
type Publisher interface {
	Publish(ctx context.Context, topic string, envelopes []event.Envelope) error
}

const (
	batchSize        = 500                    // rows a round, which bounds the memory
	pollInterval     = 100 * time.Millisecond // how late a commit elsewhere is noticed at the most
	balanceInterval  = time.Second            // how often shards are shared anew
	publishTimeout   = 10 * time.Second
	statementTimeout = 10 * time.Second
	firstBackoff     = 100 * time.Millisecond
	longestBackoff   = 2 * time.Second
)

// Relay publishes the outbox's rows. Any number of relays, in any number of
// processes, share the shards among them.
type Relay struct {
	pool      *pgxpool.Pool
	publisher Publisher
	log       *slog.Logger
	metrics   metrics

	wake     chan struct{} // something was committed, here or elsewhere
	wakePeer chan struct{} // something was committed here that another relay may own
	id       string        // tells own notifications from those of others
}

type metrics struct {
	published prometheus.Counter
	failures  prometheus.Counter
	owned     prometheus.Gauge
}

// NewRelay makes a relay; it does nothing until Run.
func NewRelay(pool *pgxpool.Pool, publisher Publisher, log *slog.Logger, registry prometheus.Registerer) *Relay {
	factory := promauto.With(registry)
	return &Relay{
		pool: pool, publisher: publisher, log: log, id: uuid.NewString(),
		wake: make(chan struct{}, 1), wakePeer: make(chan struct{}, 1),
		metrics: metrics{
			published: factory.NewCounter(prometheus.CounterOpts{Name: "tickler_outbox_published_total", Help: "Outbox rows that the broker has acknowledged."}),
			failures:  factory.NewCounter(prometheus.CounterOpts{Name: "tickler_outbox_publish_failures_total", Help: "Bulk publishes that failed and were tried again."}),
			owned:     factory.NewGauge(prometheus.GaugeOpts{Name: "tickler_outbox_shards_owned", Help: "Shards that this process publishes."}),
		},
	}
}

// Wake tells the relay that rows were committed. It never blocks.
func (r *Relay) Wake() {
	signal(r.wake)
	signal(r.wakePeer)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is waiting already, and will see these rows too
	}
}

// Run publishes until ctx ends. A broker or a database that is away is waited
// for: Run returns only when ctx ends, after what it was publishing.
func (r *Relay) Run(ctx context.Context) {
	defer r.metrics.owned.Set(0)
	done := make(chan struct{}, 2)
	go func() { r.listen(ctx); done <- struct{}{} }()
	go func() { r.tellPeers(ctx); done <- struct{}{} }()
	r.keep(ctx, "relay", r.relay)
	<-done
	<-done
}

// keep runs work on a session of its own, and on a new one when that is lost.
func (r *Relay) keep(ctx context.Context, name string, work func(context.Context, *pgx.Conn) error) {
	for wait := firstBackoff; ctx.Err() == nil; wait = min(wait*2, longestBackoff) {
		conn, err := r.pool.Acquire(ctx)
		if err == nil {
			began := time.Now()
			// Hijacked, since what the session holds must end with it.
			session := conn.Hijack()
			err = work(ctx, session)
			_ = session.Close(context.WithoutCancel(ctx))
			if time.Since(began) > longestBackoff {
				wait = firstBackoff
			}
		}
		if ctx.Err() != nil {
			return
		}
		r.log.Warn("the outbox lost its database session, opening another", "part", name, "error", err)
		sleep(ctx, wait)
	}
}

// relay shares out the shards and publishes those it owns, until the session fails.
func (r *Relay) relay(ctx context.Context, session *pgx.Conn) error {
	s := &shards{session: session, owned: map[int16]bool{}}
	if err := s.join(ctx); err != nil {
		return err
	}
	var nextBalance time.Time
	backoff := firstBackoff
	for ctx.Err() == nil {
		if now := time.Now(); now.After(nextBalance) {
			if err := s.balance(ctx); err != nil {
				return err
			}
			r.metrics.owned.Set(float64(len(s.owned)))
			nextBalance = now.Add(balanceInterval)
		}
		rows, err := readRows(ctx, session, s.list())
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			backoff = firstBackoff
			r.wait(ctx)
			continue
		}
		// What is being published when ctx ends is still finished and deleted.
		published, publishErr := r.publish(context.WithoutCancel(ctx), rows)
		if err := deleteRows(context.WithoutCancel(ctx), session, published); err != nil {
			return err
		}
		r.metrics.published.Add(float64(len(published)))
		if publishErr != nil {
			r.metrics.failures.Inc()
			r.log.Warn("publishing failed; the events stay in the outbox and are tried again", "error", publishErr, "rows", len(rows)-len(published), "again_in", backoff.String())
			sleep(ctx, backoff)
			backoff = min(backoff*2, longestBackoff)
			continue
		}
		backoff = firstBackoff
	}
	return ctx.Err()
}

// publish hands rows to the broker topic by topic and returns the ids of those
// that it acknowledged. Order matters only within a topic.
func (r *Relay) publish(ctx context.Context, rows []row) (published []int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	envelopes, ids := map[string][]event.Envelope{}, map[string][]int64{}
	for _, row := range rows {
		envelopes[row.topic] = append(envelopes[row.topic], row.envelope)
		ids[row.topic] = append(ids[row.topic], row.id)
	}
	for topic := range envelopes {
		if e := r.publisher.Publish(ctx, topic, envelopes[topic]); e != nil {
			err = e
			continue
		}
		published = append(published, ids[topic]...)
	}
	return published, err
}

func (r *Relay) wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-time.After(pollInterval):
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
