// Package outbox publishes committed events: it reads outbox rows in order, hands
// them to the broker, and deletes those that were acknowledged.
//
// The rows of one task are in one shard and are published in the order of their
// ids, which is the order of the commits. Only one relay at a time publishes a
// shard: it holds the shard's advisory lock, on the session with which it also
// reads and deletes. A relay that loses its session thereby loses its shards. A row
// leaves the table only after the broker has it; a crash in between, or a bulk
// publish that failed in part, publishes again. Duplicates are legal, losses and
// reordering within a key are not.
package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"tickler/internal/event"
	"tickler/internal/wake"
)

// Publisher hands envelopes to a topic, keeping the order within a key. An
// error means that any of them may not have arrived.
type Publisher interface {
	Publish(ctx context.Context, topic string, envelopes []event.Envelope) error
	// Ready reports whether this replica can publish. An error means that its own
	// path to the broker is cut, not that the broker is down.
	Ready(ctx context.Context) error
}

const (
	pollInterval     = 100 * time.Millisecond // the longest delay until a commit elsewhere is noticed
	gatherInterval   = 5 * time.Millisecond   // between rounds, so that commits of a busy moment are published together
	balanceInterval  = time.Second            // how often shards are rebalanced, at the least
	measureInterval  = 5 * time.Second        // how often the rows are counted
	publishTimeout   = 10 * time.Second
	statementTimeout = 10 * time.Second
	readyInterval    = 500 * time.Millisecond
	readyPatience    = 3 * time.Second  // how long a relay that cannot publish keeps its shards
	idleTimeout      = 15 * time.Second // how long a relay that does nothing at all keeps them
	firstBackoff     = 100 * time.Millisecond
	longestBackoff   = 2 * time.Second
)

// Relay publishes outbox rows. Any number of relays, in any number of processes,
// share the shards.
type Relay struct {
	*Bell // wakes it; ring it for what this process commits
	// Patience with refused events may be changed before Run.
	Patience Patience

	balanceInterval, idleTimeout time.Duration

	pool      *pgxpool.Pool
	publisher Publisher
	log       *slog.Logger
	metrics   *metrics

	wake  wake.Signal             // something was committed, here or elsewhere
	owned atomic.Pointer[[]int16] // shards, for measure

	rebalance atomic.Bool // another relay gave shards back
}

// NewRelay makes a relay with a bell of its own; it does nothing until Run.
func NewRelay(pool *pgxpool.Pool, publisher Publisher, log *slog.Logger, registry prometheus.Registerer) *Relay {
	r := &Relay{
		Bell: NewBell(pool, log), Patience: defaultPatience, balanceInterval: balanceInterval, idleTimeout: idleTimeout,
		pool: pool, publisher: publisher, log: log, metrics: newMetrics(registry), wake: wake.New(),
	}
	r.OnCommit(r.wake.Send)
	r.onFreed = append(r.onFreed, func() {
		r.rebalance.Store(true)
		r.wake.Send()
	})
	return r
}

// Run publishes, and runs the bell, until ctx ends, and returns after what it was
// publishing. It waits for a broker or database that is unavailable.
func (r *Relay) Run(ctx context.Context) {
	var others sync.WaitGroup
	others.Go(func() { r.Bell.Run(ctx) })
	others.Go(func() { r.measure(ctx) })
	keepSession(ctx, r.pool, r.log, "relay", r.relay)
	others.Wait()
}

// errNotReady ends a session so that other relays take its shards.
var errNotReady = errors.New("nothing can be published from here: others take over the shards until the sidecar is back")

// sessionSettings do three things. A delete that is lost in a crash of Postgres
// only publishes again, so commits need not wait for the disk. Postgres must notice
// within seconds that a relay's host is gone, so that its shards become free. And
// plans must not depend on statistics: the table can be empty one moment and hold a
// million rows the next, and each statement wants a few of them, by the index. That
// plan is made once, because planning takes several times as long as reading a few
// rows.
var sessionSettings = []string{
	`SET synchronous_commit = off`, `SET tcp_keepalives_idle = 5`, `SET tcp_keepalives_interval = 2`,
	`SET tcp_keepalives_count = 3`, `SET tcp_user_timeout = 10000`,
	`SET enable_seqscan = off`, `SET enable_bitmapscan = off`, `SET enable_sort = off`,
	`SET enable_hashjoin = off`, `SET enable_mergejoin = off`, `SET enable_memoize = off`, `SET plan_cache_mode = force_generic_plan`,
}

// relay balances shards and publishes those that it owns, until the session fails.
func (r *Relay) relay(ctx context.Context, session *pgx.Conn) error {
	defer r.disown()
	// A relay that cannot publish must not hold shards that others could publish.
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
			r.tellFreed(context.WithoutCancel(ctx))
		}
	}()
	for _, setting := range sessionSettings {
		if _, err := session.Exec(ctx, setting); err != nil && session.IsClosed() {
			return err
		} // otherwise the server's operating system does not support the setting
	}
	// A process that is frozen keeps its connection. Postgres ends the session, so
	// that its shards do not wait with it.
	if _, err := session.Exec(ctx, fmt.Sprintf(`SET idle_session_timeout = %d`, r.idleTimeout.Milliseconds())); err != nil {
		return err
	}
	p := newPace(r.Patience)
	var rows, published []row // to publish next; published but not yet deleted
	var owned []int16
	var nextBalance, nextRead time.Time
	ready := time.Now()
	for ctx.Err() == nil {
		now := time.Now()
		if now.After(nextBalance) || r.rebalance.Swap(false) {
			if err := deleteRows(context.WithoutCancel(ctx), session, published); err != nil { // before another relay can own one of their shards
				return err
			}
			published = nil
			lost, err := s.balance(ctx)
			if err != nil {
				return err
			}
			if lost { // another relay may own them by now, with the rows that were read
				p.forget()
				rows = nil
				r.tellFreed(ctx)
			}
			list := s.list() // shared with measure, so it is never modified
			owned = list
			r.owned.Store(&list)
			r.metrics.owned.Set(float64(len(owned)))
			if p.parked, err = readParked(ctx, session, owned); err != nil {
				return err
			}
			nextBalance = now.Add(r.balanceInterval)
		}
		if len(rows) == 0 {
			// A single commit is published at once; those that follow closely share
			// a round.
			sleep(ctx, time.Until(nextRead))
			var err error
			selected := p.selection()
			if rows, err = deleteAndRead(ctx, session, published, owned, selected, nil); err != nil {
				return err
			}
			published = nil
			if len(rows) == 0 {
				r.wait(ctx, selected.resumes)
				continue
			}
		}
		// When ctx ends, finish and delete what is being published.
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

// round publishes the rows that were read. It returns the rows for the next round,
// nil if they must be read again, and those that are published but not yet deleted;
// before are such rows from earlier rounds. While a backlog exceeds one read, the
// database deletes those and reads the next rows while the broker works. It returns
// an error only when the session has failed.
func (r *Relay) round(ctx context.Context, session *pgx.Conn, shards []int16, rows, before []row, p *pace) (next, done []row, err error) {
	backlog := len(rows) >= p.perShard
	p.weigh(rows, len(shards))
	ahead, selection := p.steady() && backlog, p.selection() // when not steady, what may be read depends on the outcome
	outcome := make(chan result, 1)
	go func() { outcome <- r.publishAll(ctx, rows, p) }()
	if ahead {
		next, err = deleteAndRead(ctx, session, before, shards, selection, rows)
		before = nil
	}
	all, lost := r.await(ctx, session, outcome)
	r.metrics.published.Add(float64(len(all.published)))
	if err = errors.Join(err, lost); err != nil {
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
	for _, refused := range p.exhausted() {
		if err := parkRow(ctx, session, refused.row, refused.err); err != nil {
			return nil, nil, err
		}
		r.metrics.parked.Inc()
		r.log.Error("the broker refuses an event; it is parked, and the task's later events wait behind it",
			"outbox_id", refused.row.id, "task_id", refused.row.taskID, "event", refused.row.envelope.ID, "error", refused.err)
	}
	return nil, nil, nil
}

// await returns the outcome of publishing, however long that takes, and keeps the
// session alive meanwhile. The error is the session's.
func (r *Relay) await(ctx context.Context, session *pgx.Conn, outcome <-chan result) (all result, err error) {
	alive := time.NewTicker(r.idleTimeout / 3)
	defer alive.Stop()
	for {
		select {
		case all = <-outcome:
			return all, err
		case <-alive.C:
			if err == nil {
				err = session.Ping(ctx)
			}
		}
	}
}

// wait lasts until something was committed, or a topic's pause is over, or it is
// time to look again.
func (r *Relay) wait(ctx context.Context, resumes time.Time) {
	poll := pollInterval
	if !resumes.IsZero() {
		poll = min(poll, time.Until(resumes))
	}
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-time.After(poll):
	}
}
