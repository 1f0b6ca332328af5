package repository

import (
	"context"

	"github.com/jackc/pgx/v5"

	"tickler/internal/label"
)

const (
	selectCategories = `SELECT id, name, coalesce(color, '') FROM categories WHERE user_id = $1 ORDER BY lower(name)`
	selectTags       = `SELECT id, name, coalesce(color, '') FROM tags WHERE user_id = $1 ORDER BY lower(name)`
)

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

var _ querier = reader{}

func collect[T any](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

// Categories reads the user's categories.
func (r *Repository) Categories(ctx context.Context, userID int64) ([]label.Category, error) {
	all, err := collect[label.Category](ctx, r.as(userID), selectCategories, userID)
	return all, unavailable(err)
}

// Tags reads the user's tags.
func (r *Repository) Tags(ctx context.Context, userID int64) ([]label.Tag, error) {
	all, err := collect[label.Tag](ctx, r.as(userID), selectTags, userID)
	return all, unavailable(err)
}

// CountedCategories reads the user's categories with the number of tasks in each.
func (r *Repository) CountedCategories(ctx context.Context, userID int64) ([]label.Counted[label.Category], error) {
	all, err := counted(ctx, r.as(userID), countedCategories, userID, func(l labelRow) label.Category { return label.Category(l) })
	return all, unavailable(err)
}

// CountedTags reads the user's tags with the number of tasks that have each.
func (r *Repository) CountedTags(ctx context.Context, userID int64) ([]label.Counted[label.Tag], error) {
	all, err := counted(ctx, r.as(userID), countedTags, userID, func(l labelRow) label.Tag { return label.Tag(l) })
	return all, unavailable(err)
}

const (
	countedCategories = `
		SELECT c.id, c.name, coalesce(c.color, ''),
		       (SELECT count(*) FROM tasks t WHERE t.user_id = c.user_id AND t.category_id = c.id AND t.deleted_at IS NULL)
		FROM categories c WHERE c.user_id = $1 ORDER BY lower(c.name)`
	countedTags = `
		SELECT g.id, g.name, coalesce(g.color, ''),
		       (SELECT count(*) FROM task_tags x JOIN tasks t ON t.user_id = x.user_id AND t.id = x.task_id
		        WHERE x.user_id = g.user_id AND x.tag_id = g.id AND t.deleted_at IS NULL)
		FROM tags g WHERE g.user_id = $1 ORDER BY lower(g.name)`
)

// labelRow holds the columns that categories and tags have in common.
type labelRow struct {
	ID    int64
	Name  string
	Color string
}

func counted[T label.Category | label.Tag](ctx context.Context, q querier, sql string, userID int64, as func(labelRow) T) ([]label.Counted[T], error) {
	rows, err := q.Query(ctx, sql, userID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (label.Counted[T], error) {
		var l labelRow
		var tasks int
		err := row.Scan(&l.ID, &l.Name, &l.Color, &tasks)
		return label.Counted[T]{Label: as(l), Tasks: tasks}, err
	})
}

// Categories reads the user's categories; see lockUser for lock.
func (tx *userTx) Categories(ctx context.Context, lock bool) ([]label.Category, error) {
	if err := tx.lockUser(ctx, lock); err != nil {
		return nil, err
	}
	return collect[label.Category](ctx, tx, selectCategories, tx.userID)
}

// Tags reads the user's tags; see lockUser for lock.
func (tx *userTx) Tags(ctx context.Context, lock bool) ([]label.Tag, error) {
	if err := tx.lockUser(ctx, lock); err != nil {
		return nil, err
	}
	return collect[label.Tag](ctx, tx, selectTags, tx.userID)
}

// lockUser makes other transactions that add or rename categories or tags wait,
// which keeps the limits on their number exact. A transaction that also locks a task
// must lock the task first: taking locks in one order prevents deadlocks.
func (tx *userTx) lockUser(ctx context.Context, lock bool) error {
	if !lock {
		return nil
	}
	_, err := tx.Exec(ctx, `SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE`, tx.userID)
	return err
}
