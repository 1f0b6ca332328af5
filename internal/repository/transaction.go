package repository

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// transaction adds no round trips: BEGIN travels with its first statement, COMMIT
// with the last, together with everything queued by later.
type transaction struct {
	session *session
	ahead   []*pgx.QueuedQuery // statements sent at the start of the next message
	begun   bool
}

// transact runs fn in a transaction opened by begin, and commits unless fn fails.
func (s *sessions) transact(ctx context.Context, userID int64, w work, begin []*pgx.QueuedQuery, fn func(*transaction) error) error {
	return s.run(ctx, userID, w, begin, func(t *transaction) error {
		if err := fn(t); err != nil {
			return err
		}
		return t.commit(ctx)
	})
}

// run runs fn in a transaction, and rolls back unless fn has committed.
func (s *sessions) run(ctx context.Context, userID int64, w work, begin []*pgx.QueuedQuery, fn func(*transaction) error) error {
	session, err := s.lend(ctx, userID, w)
	if err != nil {
		return err
	}
	defer session.Release() // closes the session if it is still in a transaction
	err = fn(&transaction{session: session, ahead: begin})
	session.endTransaction(ctx)
	return err
}

// endTransaction rolls back what was not committed.
func (s *session) endTransaction(ctx context.Context) {
	if s.Conn.Conn().PgConn().TxStatus() != 'I' {
		_, _ = s.Exec(ctx, "ROLLBACK")
	}
}

// SendBatch sends a batch after everything queued by later.
func (t *transaction) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	ahead := t.ahead
	t.ahead, t.begun = nil, true
	return sendBehind(ctx, t.session, ahead, batch)
}

// Query runs one statement that returns rows.
func (t *transaction) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return queryOf(ctx, t, sql, args)
}

// QueryRow runs one statement that returns a row.
func (t *transaction) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := queryOf(ctx, t, sql, args)
	return batchRow{rows, err}
}

// Exec runs one statement that returns nothing.
func (t *transaction) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	batch := &pgx.Batch{}
	batch.Queue(sql, args...).Exec(func(done pgconn.CommandTag) error { tag = done; return nil })
	err = t.SendBatch(ctx, batch).Close()
	return tag, err
}

// later queues a batch for the next message. If the batch fails, so does that
// message, at the latest the commit.
func (t *transaction) later(batch *pgx.Batch) {
	t.ahead, t.begun = append(t.ahead, batch.QueuedQueries...), true
}

// attempts is how often a transaction is tried that others get in the way of, and pause
// how long it waits before the second attempt; before the third twice as long.
const (
	attempts = 4
	pause    = 50 * time.Millisecond
)

// undisturbed runs a transaction again when Postgres has ended it because it and others
// waited for each other, or when what it refers to was deleted after it was looked up.
// Nothing of it was stored. In the pause the others get what this one had locked; without
// it, it might lock that again before they wake. See
// https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS
func undisturbed(ctx context.Context, run func() error) error {
	for n := 1; ; n++ {
		var server *pgconn.PgError
		err := run()
		deadlock := errors.As(err, &server) && server.Code == "40P01"
		if n == attempts || !deadlock && !errors.Is(err, errReferenceGone) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(n) * pause):
		}
	}
}

func (t *transaction) commit(ctx context.Context) error {
	if !t.begun {
		return nil
	}
	tag, err := t.Exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" { // a statement failed and fn ignored it
		return pgx.ErrTxCommitRollback
	}
	return err
}
