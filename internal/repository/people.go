package repository

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tickler/internal/fault"
	"tickler/internal/journal"
)

// NameOf is how a person is named to an operator: by the subject alone if they are
// known here, else behind their issuer.
func NameOf(issuer, subject string) string {
	if issuer == LocalIssuer || issuer == "" {
		return subject
	}
	return issuer + " " + subject
}

// KnownUsers returns those of the users who exist.
func (r *Repository) KnownUsers(ctx context.Context, users []int64) (map[int64]bool, error) {
	rows, err := r.pool.Query(ctx, `SELECT known_users($1)`, users)
	if err != nil {
		return nil, unavailable(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	known := make(map[int64]bool, len(ids))
	for _, id := range ids {
		known[id] = true
	}
	return known, unavailable(err)
}

// ErrTaken means that another person has that name.
var ErrTaken = errors.New("another person has that name")

// RenameUser gives a person another name; of LocalIssuer in any case, of another issuer
// exactly, as its tokens have it in sub. It returns fault.ErrNotFound if the person is
// not of that issuer, or ErrTaken. Only the owner of the schema may: connect without a
// role.
func (r *Repository) RenameUser(ctx context.Context, userID int64, issuer, name string) error {
	name = subjectOf(issuer, name)
	return r.change(ctx, userID, func(tx *userTx) error {
		former, err := collect[subject](ctx, tx, `
			UPDATE users u SET subject = $3 FROM (SELECT id, subject FROM users WHERE id = $1 FOR UPDATE) former
			WHERE u.id = former.id AND u.issuer = $2 RETURNING former.subject`, userID, issuer, name)
		if e := (*pgconn.PgError)(nil); errors.As(err, &e) && e.Code == "23505" {
			return ErrTaken
		}
		if err != nil {
			return err
		}
		if len(former) == 0 {
			return fault.ErrNotFound
		}
		return tx.leaveEntry(ctx, entry{object: journal.User, id: userID, action: journal.Updated,
			before: map[string]any{"name": former[0].Name}, after: map[string]any{"name": name}})
	})
}

type subject struct{ Name string }

// Erased is what DeleteUser deleted.
type Erased struct {
	Tasks, Entries int64 // tasks, and entries of the journal
	Unpublished    int64 // events that the broker had not got
	DeadLetters    int64
}

// DeleteUser deletes a person and everything that is theirs, in every table that has a
// user_id, or returns fault.ErrNotFound and deletes nothing. Calls of theirs that are
// under way are waited for; their tokens and sessions end within the time for which a
// check is cached. Only the owner of the schema may: connect without a role.
func (r *Repository) DeleteUser(ctx context.Context, userID int64) (erased Erased, err error) {
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		// Whoever writes their entries shares one of these locks: see WritingLocks.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, $2), pg_advisory_xact_lock($1, $3)`, WritingLocks, WritingKey(userID), EverybodysKey); err != nil {
			return err
		}
		tables, err := tablesOfUsers(ctx, tx)
		if err != nil {
			return err
		}
		for _, step := range []struct {
			count *int64
			sql   string
		}{
			{&erased.Unpublished, `DELETE FROM outbox WHERE id IN (SELECT id FROM journal WHERE user_id = $1)`},
			{&erased.DeadLetters, `
				DELETE FROM dead_letters WHERE task_id IN (
					SELECT object_id FROM journal WHERE user_id = $1 AND object = 'task' UNION SELECT id FROM tasks WHERE user_id = $1)`},
			{&erased.Tasks, `DELETE FROM tasks WHERE user_id = $1`},
			{&erased.Entries, `DELETE FROM journal WHERE user_id = $1`},
		} {
			tag, err := tx.Exec(ctx, step.sql, userID)
			if err != nil {
				return err
			}
			*step.count = tag.RowsAffected()
		}
		for _, table := range tables {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE user_id = $1`, userID); err != nil {
				return fmt.Errorf("delete from %s: %w", table, err)
			}
		}
		tag, err := tx.Exec(ctx, `DELETE FROM users WHERE id = $1`, userID)
		if err == nil && tag.RowsAffected() == 0 {
			return fault.ErrNotFound
		}
		return err
	})
	return erased, err
}

// tablesOfUsers lists the tables whose rows belong to a user, as the catalogue has
// them, so that deletion forgets no table that is added.
func tablesOfUsers(ctx context.Context, q querier) ([]string, error) {
	rows, err := q.Query(ctx, `
		SELECT quote_ident(c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attname = 'user_id' AND NOT a.attisdropped
		ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
