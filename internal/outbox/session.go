package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// execute is how a pool and a session run a statement.
type execute func(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)

// keepSession runs work on a session of its own until ctx ends, and on a new one when
// the session is lost. The session is taken out of the pool: locks and subscriptions
// must end with it, not return to the pool.
func keepSession(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger, name string, work func(context.Context, *pgx.Conn) error) {
	for wait := firstBackoff; ctx.Err() == nil; wait = min(wait*2, longestBackoff) {
		conn, err := pool.Acquire(ctx)
		if err == nil {
			began := time.Now()
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
		log.Warn("the outbox gave up its database session, opening another", "part", name, "error", err)
		sleep(ctx, wait)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
