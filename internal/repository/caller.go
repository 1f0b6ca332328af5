package repository

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"tickler/internal/access"
)

// Every statement on a user's data tells Postgres whose it is, in the same round
// trip and for that transaction only: the policies of migration 7 show no row of
// anybody else, should a query forget to ask for its user's own.

// setCaller is what goes ahead of other statements.
const setCaller = `SELECT set_config('tickler.user_id', $1::bigint::text, true)`

// beginAs begins a transaction on behalf of a user, in one message. The audit
// takes from it through which token that is.
func beginAs(ctx context.Context, begin string, userID int64) pgx.TxOptions {
	begin += fmt.Sprintf(`; SET LOCAL tickler.user_id = '%d'`, userID)
	if caller, ok := access.From(ctx); ok {
		begin += `; SET LOCAL tickler.actor = ` + literal(caller.Actor)
		if caller.TokenID != 0 {
			begin += fmt.Sprintf(`; SET LOCAL tickler.token_id = '%d'`, caller.TokenID)
		}
	}
	return pgx.TxOptions{BeginQuery: begin}
}

// literal quotes text for SQL that takes no parameters. What need not be in the
// name of a token, and could be in that of an issuer's client, is replaced.
func literal(text string) string {
	return "'" + strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '\'' || r == '\\' {
			return '?'
		}
		return r
	}, text) + "'"
}

// reader runs single statements and batches on behalf of one user.
type reader struct {
	pool   *pgxpool.Pool
	userID int64
}

func (r *Repository) as(userID int64) reader { return reader{r.pool, userID} }

// SendBatch sends a batch as one transaction, which the protocol makes of it.
func (r reader) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	whole := &pgx.Batch{}
	// A command that was queued without a function reads nothing of its answer.
	whole.Queue(setCaller, r.userID).Exec(func(pgconn.CommandTag) error { return nil })
	whole.QueuedQueries = append(whole.QueuedQueries, batch.QueuedQueries...)
	return r.pool.SendBatch(ctx, whole)
}

// Query runs one statement that returns rows.
func (r reader) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	batch := &pgx.Batch{}
	batch.Queue(setCaller, r.userID)
	batch.Queue(sql, args...)
	results := r.pool.SendBatch(ctx, batch)
	if _, err := results.Exec(); err != nil {
		_ = results.Close()
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	return &batchRows{rows, results}, nil
}

// QueryRow runs one statement that returns a row.
func (r reader) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := r.Query(ctx, sql, args...)
	return batchRow{rows, err}
}

// batchRows are the rows of the last statement of a batch.
type batchRows struct {
	pgx.Rows
	results pgx.BatchResults
}

func (r *batchRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // what failed before is in Err
}

// batchRow is the first of them.
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
