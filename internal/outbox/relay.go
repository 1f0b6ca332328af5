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
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"tickler/internal/event"
)

// Publisher hands envelopes to a topic, keeping the order within a key. An
// error means that any of them may not have arrived.
type Publisher interface {
	Publish(ctx context.Context, topic string, envelopes []event.Envelope) error
	// Ready tells whether anything can be published from here: an error means
	// that the way to the broker is cut in this replica, not that the broker is.
	Ready(ctx context.Context) error
}

const (
	pollInterval     = 100 * time.Millisecond // how late a commit elsewhere is noticed at the most
	gatherInterval   = 5 * time.Millisecond   // between rounds: commits of a busy moment go together
	balanceInterval  = time.Second            // how often shards are shared anew, at the least
	measureInterval  = 5 * time.Second        // how often the depth is counted
	publishTimeout   = 10 * time.Second
	statementTimeout = 10 * time.Second
	notifyTimeout    = time.Second
	readyInterval    = 500 * time.Millisecond
	readyPatience    = 3 * time.Second // how long shards are kept that cannot be published from here
	firstBackoff     = 100 * time.Millisecond
	longestBackoff   = 2 * time.Second
)

// Relay publishes the outbox's rows. Any number of relays, in any number of
// processes, share the shards among them.
type Relay struct {
	// Patience with refused events may be changed before Run.
	Patience Patience
	// Woken may be set before Run: it is called whenever something was committed,
	// here or elsewhere, and must not block.
	Woken func()

	balanceInterval time.Duration

	pool      *pgxpool.Pool
	publisher Publisher
	log       *slog.Logger
	metrics   *metrics

	wake     chan struct{}           // something was committed, here or elsewhere
	wakePeer chan struct{}           // something was committed here that another relay may own
	id       string                  // tells own notifications from those of others
	owned    atomic.Pointer[[]int16] // shards, for measure

	rebalance atomic.Bool // another relay gave shards back
}

// NewRelay makes a relay; it does nothing until Run.
func NewRelay(pool *pgxpool.Pool, publisher Publisher, log *slog.Logger, registry prometheus.Registerer) *Relay {
	return &Relay{
		Patience: defaultPatience, Woken: func() {}, balanceInterval: balanceInterval,
		pool: pool, publisher: publisher, log: log, metrics: newMetrics(registry), id: uuid.NewString(),
		wake: make(chan struct{}, 1), wakePeer: make(chan struct{}, 1),
	}
}

// Wake tells the relay that rows were committed. It never blocks.
func (r *Relay) Wake() {
	signal(r.wake)
	signal(r.wakePeer)
	r.Woken()
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
	var others sync.WaitGroup
	others.Go(func() { r.listen(ctx) })
	others.Go(func() { r.tellPeers(ctx) })
	others.Go(func() { r.measure(ctx) })
	r.keep(ctx, "relay", r.relay)
	others.Wait()
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
		r.log.Warn("the outbox gave up its database session, opening another", "part", name, "error", err)
		sleep(ctx, wait)
	}
}

// errNotReady ends a session so that others take its shards.
var errNotReady = errors.New("nothing can be published from here: others take over the shards until the sidecar is back")

// sessionSettings: a delete that is lost in a crash of Postgres only publishes
// again, so it need not wait for the disk. Postgres must notice within seconds
// that the host of a relay is gone, to free its shards for others. And it must not
// plan for the table as it was: empty one moment, it can hold a million rows the
// next, of which each statement here wants a few, by the index. That plan is made
// once: planning anew takes several times as long as reading what few rows there are.
var sessionSettings = []string{
	`SET synchronous_commit = off`, `SET tcp_keepalives_idle = 5`, `SET tcp_keepalives_interval = 2`,
	`SET tcp_keepalives_count = 3`, `SET tcp_user_timeout = 10000`,
	`SET enable_seqscan = off`, `SET enable_bitmapscan = off`, `SET enable_sort = off`,
	`SET enable_hashjoin = off`, `SET enable_mergejoin = off`, `SET plan_cache_mode = force_generic_plan`,
}

// relay shares out the shards and publishes those it owns, until the session fails.
func (r *Relay) relay(ctx context.Context, session *pgx.Conn) error {
	defer r.disown()
	// Whoever cannot publish must not hold shards that others could.
	for r.publisher.Ready(ctx) != nil {
		if sleep(ctx, readyInterval); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	s := &shards{session: session, owned: map[int16]bool{}}
	if err := s.join(ctx); err != nil {
		return err
	}
	defer func() {
		if s.leave(context.WithoutCancel(ctx)) == nil {
			r.notify(context.WithoutCancel(ctx), r.id+freed)
		}
	}()
	for _, setting := range sessionSettings {
		if _, err := session.Exec(ctx, setting); err != nil && session.IsClosed() {
			return err
		} // else this server's system does not know the setting: it goes without
	}
	p := newPace(r.Patience)
	var rows, published []row // to publish next; published and still to be deleted
	var owned []int16
	var nextBalance, nextRead time.Time
	ready := time.Now()
	for ctx.Err() == nil {
		now := time.Now()
		if now.After(nextBalance) || r.rebalance.Swap(false) {
			if err := deleteRows(context.WithoutCancel(ctx), session, published); err != nil { // before a shard of them is another's
				return err
			}
			published = nil
			lost, err := s.balance(ctx)
			if err != nil {
				return err
			}
			if lost { // another relay's by now, with what was read of them
				p.forget()
				rows = nil
				r.notify(ctx, r.id+freed)
			}
			list := s.list() // shared with measure, so never changed again
			owned = list
			r.owned.Store(&list)
			r.metrics.owned.Set(float64(len(owned)))
			if p.parked, err = readParked(ctx, session, owned); err != nil {
				return err
			}
			nextBalance = now.Add(r.balanceInterval)
		}
		if len(rows) == 0 {
			// A commit that comes alone is published at once; those that follow it
			// share a round.
			sleep(ctx, time.Until(nextRead))
			var err error
			if rows, err = deleteAndRead(ctx, session, published, owned, p.selection(), nil); err != nil {
				return err
			}
			published = nil
		}
		if len(rows) == 0 {
			r.wait(ctx)
			continue
		}
		// What is being published when ctx ends is still finished and deleted.
		next, done, err := r.round(context.WithoutCancel(ctx), session, owned, rows, published, p)
		if err != nil {
			return err
		}
		published = done
		rows = next
		nextRead = time.Now().Add(gatherInterval)
		if p.steady() || r.publisher.Ready(ctx) == nil {
			ready = time.Now()
		} else if time.Since(ready) > readyPatience {
			return errNotReady
		}
	}
	return errors.Join(ctx.Err(), deleteRows(context.WithoutCancel(ctx), session, published))
}

// round publishes the rows that were read. It returns those for the next round,
// nil where they must be read afresh, and those that are published and still to be
// deleted, which before is to begin with. Where more has piled up than is read at
// a time, the database deletes those and reads the next while the broker works.
// It returns an error only when the session has failed.
func (r *Relay) round(ctx context.Context, session *pgx.Conn, shards []int16, rows, before []row, p *pace) (next, done []row, err error) {
	ahead, selection := p.steady() && len(rows) >= perShard, p.selection() // when not steady, the outcome decides what may be read
	outcome := make(chan result, 1)
	go func() { outcome <- r.publishAll(ctx, rows, p) }()
	if ahead {
		next, err = deleteAndRead(ctx, session, before, shards, selection, rows)
		before = nil
	}
	all := <-outcome
	r.metrics.published.Add(float64(len(all.published)))
	if err != nil {
		return nil, nil, err
	}
	done = append(before, all.published...)
	if all.failed == nil {
		return next, done, nil
	}
	if err := deleteRows(ctx, session, done); err != nil {
		return nil, nil, err
	}
	r.log.Warn("publishing failed; the events stay in the outbox and are tried again", "error", all.failed)
	for _, suspect := range p.convicted() {
		if err := parkRow(ctx, session, suspect.row, suspect.err); err != nil {
			return nil, nil, err
		}
		r.metrics.parked.Inc()
		r.log.Error("the broker refuses an event; it is parked, and the task's later events wait behind it",
			"outbox_id", suspect.row.id, "task_id", suspect.row.taskID, "event", suspect.row.envelope.ID, "error", suspect.err)
	}
	return nil, nil, nil
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
