package repository

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tickler/internal/task"
)

const (
	selectCategories = `SELECT id, name, coalesce(color, '') FROM categories WHERE user_id = $1 ORDER BY lower(name)`
	selectTags       = `SELECT id, name, coalesce(color, '') FROM tags WHERE user_id = $1 ORDER BY lower(name)`
)

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

var _ querier = (*pgxpool.Pool)(nil)

func collect[T any](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// Categories reads the user's categories.
func (r *Repository) Categories(ctx context.Context, userID int64) ([]task.Category, error) {
	all, err := collect[task.Category](ctx, r.pool, selectCategories, userID)
	return all, unavailable(err)
}

// Tags reads the user's tags.
func (r *Repository) Tags(ctx context.Context, userID int64) ([]task.Tag, error) {
	all, err := collect[task.Tag](ctx, r.pool, selectTags, userID)
	return all, unavailable(err)
}

// Categories reads the user's categories.
func (tx *userTx) Categories(ctx context.Context) ([]task.Category, error) {
	return collect[task.Category](ctx, tx, selectCategories, tx.userID)
}

// Tags reads the user's tags; lock makes others who want to add one wait, so
// that the limit on their number is exact.
func (tx *userTx) Tags(ctx context.Context, lock bool) ([]task.Tag, error) {
	if lock {
		if _, err := tx.Exec(ctx, `SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE`, tx.userID); err != nil {
			return nil, err
		}
	}
	return collect[task.Tag](ctx, tx, selectTags, tx.userID)
}

// AddTag creates a tag, or returns the one that has this name, in any case.
func (tx *userTx) AddTag(ctx context.Context, name string) (task.Tag, error) {
	var t task.Tag
	err := tx.QueryRow(ctx, `
		INSERT INTO tags (user_id, name) VALUES ($1, $2)
		ON CONFLICT (user_id, lower(name)) DO UPDATE SET name = tags.name
		RETURNING id, name, coalesce(color, '')`, tx.userID, name).Scan(&t.ID, &t.Name, &t.Color)
	return t, err
}
