package outbox

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tickler/internal/wake"
)

// notifyChannel carries the id of the bell that rang. The NOTIFY is sent separately
// from the commits, one for as many as there were meanwhile: inside each commit it
// would take a lock that is global to the server.
// https://www.postgresql.org/docs/current/sql-notify.html
const notifyChannel = "tickler_outbox"

// freed follows the id in a notification that shards were released: relays that
// have fewer than their share take them at once.
const freed = " freed"

const notifyTimeout = time.Second

// Bell tells all processes that events were committed, this one and those on the
// same database. A ring that is lost costs no more than the poll interval of
// whoever missed it.
type Bell struct {
	pool     *pgxpool.Pool
	log      *slog.Logger
	id       string      // distinguishes its own notifications from those of others
	rung     wake.Signal // something was committed here
	onCommit []func()
	onFreed  []func()
}

// NewBell makes a bell; it reaches other processes while Run runs. Any role may
// ring it and hear it.
func NewBell(pool *pgxpool.Pool, log *slog.Logger) *Bell {
	return &Bell{pool: pool, log: log, id: uuid.NewString(), rung: wake.New()}
}

// OnCommit has f called after every commit that left events, here or elsewhere. Call
// it before Run; f must not block.
func (b *Bell) OnCommit(f func()) { b.onCommit = append(b.onCommit, f) }

// Ring says that events were committed here. It never blocks.
func (b *Bell) Ring() {
	b.rung.Send()
	call(b.onCommit)
}

func call(all []func()) {
	for _, f := range all {
		f()
	}
}

// Run carries rings to and from other processes until ctx ends.
func (b *Bell) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { b.tell(ctx) })
	both.Go(func() { b.hear(ctx) })
	both.Wait()
}

// tell notifies others of commits, on a session of its own: it must not wait for one
// of the pool when all of those are at work.
func (b *Bell) tell(ctx context.Context) {
	keepSession(ctx, b.pool, b.log, "bell", func(ctx context.Context, session *pgx.Conn) error {
		// A notification is worth nothing after a crash of Postgres, so it need not
		// wait for the disk.
		if _, err := session.Exec(ctx, `SET synchronous_commit = off`); err != nil {
			return err
		}
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-b.rung:
			}
			if err := b.notify(ctx, session.Exec, b.id); err != nil {
				b.rung.Send() // on the next session
				return err
			}
		}
	})
}

// tellFreed notifies other relays that shards were released here.
func (b *Bell) tellFreed(ctx context.Context) {
	if err := b.notify(ctx, b.pool.Exec, b.id+freed); err != nil && ctx.Err() == nil {
		b.log.Debug("could not notify other relays", "error", err)
	}
}

func (b *Bell) notify(ctx context.Context, exec execute, payload string) error {
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	_, err := exec(ctx, `SELECT pg_notify($1, $2)`, notifyChannel, payload)
	return err
}

// hear calls what wants to know when others have committed, or released shards.
func (b *Bell) hear(ctx context.Context) {
	keepSession(ctx, b.pool, b.log, "listener", func(ctx context.Context, session *pgx.Conn) error {
		if _, err := session.Exec(ctx, `LISTEN `+notifyChannel); err != nil {
			return err
		}
		for {
			n, err := session.WaitForNotification(ctx)
			if err != nil {
				return err
			}
			id, shards := strings.CutSuffix(n.Payload, freed)
			switch {
			case id == b.id:
			case shards:
				call(b.onFreed)
			default:
				call(b.onCommit)
			}
		}
	})
}
