package repository

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Every statement on a user's data first tells Postgres whose data it wants, in the
// same round trip and for that transaction only. If a query forgets its user_id
// condition, row-level security still hides everybody else's rows.

// beginSnapshot begins a transaction whose statements all see the same moment, so that
// the parts of an answer agree: a count with the rows it counts.
const beginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// beginFor begins a transaction that reads on behalf of a user.
func beginFor(begin string, userID int64) []*pgx.QueuedQuery {
	return []*pgx.QueuedQuery{{SQL: begin}, {
		SQL: `SELECT set_config('tickler.user_id', $1::bigint::text, true)`, Arguments: []any{userID},
	}}
}

// beginWriting begins a transaction that changes a user's data. It shares the user's
// writing lock before the transaction has a number; see WritingLocks.
func beginWriting(userID int64) []*pgx.QueuedQuery {
	return []*pgx.QueuedQuery{{SQL: "BEGIN"}, {
		SQL:       `SELECT set_config('tickler.user_id', $1::bigint::text, true), pg_advisory_xact_lock_shared($2, $3)`,
		Arguments: []any{userID, WritingLocks, WritingKey(userID)},
	}}
}

// beginServing begins a transaction for no particular user: what it sees is up to
// the policies of the role.
func beginServing() []*pgx.QueuedQuery { return []*pgx.QueuedQuery{{SQL: "BEGIN"}} }

// reader runs single statements and batches on behalf of one user, each on a session
// from that user's share.
type reader struct {
	sessions *sessions
	userID   int64
}

func (r *Repository) as(userID int64) reader { return reader{r.sessions, userID} }

// SendBatch sends a batch, which the protocol makes one transaction. Several statements
// see the same moment.
func (r reader) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	session, err := r.sessions.lend(ctx, r.userID, reading)
	if err != nil {
		return refused{err}
	}
	ahead := setUser(r.userID)
	if batch.Len() > 1 {
		ahead = beginFor(beginSnapshot, r.userID)
		batch.Queue("COMMIT")
	}
	return &lentResults{sendBehind(ctx, session, ahead, batch), func() {
		session.endTransaction(ctx)
		session.Release()
	}}
}

// setUser names the user on whose behalf a batch works.
func setUser(userID int64) []*pgx.QueuedQuery {
	return []*pgx.QueuedQuery{{SQL: `SELECT set_config('tickler.user_id', $1::bigint::text, true)`, Arguments: []any{userID}}}
}

// lentResults return the session when they are closed.
type lentResults struct {
	pgx.BatchResults
	giveBack func()
}

func (r *lentResults) Close() error {
	err := r.BatchResults.Close()
	if r.giveBack != nil { // results may be closed twice
		r.giveBack()
		r.giveBack = nil
	}
	return err
}

// refused are the results of a batch that got no session.
type refused struct{ err error }

func (r refused) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, r.err }
func (r refused) Query() (pgx.Rows, error)         { return nil, r.err }
func (r refused) QueryRow() pgx.Row                { return batchRow{err: r.err} }
func (r refused) Close() error                     { return r.err }
func (r refused) Tx() pgx.Tx                       { return nil }

// Query runs one statement that returns rows.
func (r reader) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return queryOf(ctx, r, sql, args)
}

// QueryRow runs one statement that returns a row.
func (r reader) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := queryOf(ctx, r, sql, args)
	return batchRow{rows, err}
}

// sendBehind sends a batch after other statements, in one message. The results are
// those of the batch.
func sendBehind(ctx context.Context, to sender, ahead []*pgx.QueuedQuery, batch *pgx.Batch) pgx.BatchResults {
	results := to.SendBatch(ctx, &pgx.Batch{QueuedQueries: slices.Concat(ahead, batch.QueuedQueries)})
	for range ahead {
		if _, err := results.Exec(); err != nil {
			break // the next read returns this error
		}
	}
	return results
}

// queryOf sends one statement as a batch.
func queryOf(ctx context.Context, to sender, sql string, args []any) (pgx.Rows, error) {
	batch := &pgx.Batch{}
	batch.Queue(sql, args...)
	results := to.SendBatch(ctx, batch)
	rows, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	return &batchRows{rows, results}, nil
}

// batchRows are the rows of the last statement of a batch.
type batchRows struct {
	pgx.Rows
	results pgx.BatchResults
}

func (r *batchRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // earlier failures are in Err
}

// batchRow is the first row of batchRows.
type batchRow struct {
	rows pgx.Rows
	err  error
}

func (r batchRow) Scan(targets ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(targets...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
