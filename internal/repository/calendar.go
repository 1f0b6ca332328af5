package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/fault"
	"tickler/internal/task"
)

// inFeed selects the tasks that the calendar feed of $1 shows. Of $4 (NULL: any) a task
// has one category, of $5 all tags.
func inFeed(columns, tables string) string {
	const filed = ` AND ($4::bigint[] IS NULL OR t.category_id = ANY ($4)) AND t.tag_ids @> coalesce($5::bigint[], '{}')`
	return `
	(SELECT` + columns + tables + `
	 WHERE t.user_id = $1 AND t.deleted_at IS NULL AND t.completed = false AND t.due_date IS NOT NULL` + filed + `
	 ORDER BY coalesce(t.due_date, 'infinity'), t.id LIMIT $3)
	UNION ALL
	(SELECT` + columns + tables + `
	 WHERE t.user_id = $1 AND t.deleted_at IS NULL AND t.completed_at >= $2 AND t.due_date IS NOT NULL` + filed + `
	 ORDER BY t.due_date, t.id LIMIT $3)`
}

var (
	feedTasks = inFeed(undescribed, taskTables)
	// A task's version changes with any of its fields, but neither with reminders
	// taken from the settings nor with the names of its labels; so those are hashed
	// too.
	feedVersion = `
	SELECT coalesce(sum(hash_record_extended(shown, 0)), 0)::text || ' ' || (
		SELECT coalesce(sum(hash_record_extended(named, 0)), 0)::text FROM (
			SELECT 'category', id, name FROM categories WHERE user_id = $1
			UNION ALL
			SELECT 'tag', id, name FROM tags WHERE user_id = $1
		) named)
	FROM (` + inFeed(` t.id, t.version, t.updated_at, t.category_id, t.tag_ids, t.reminder_times`, ` FROM tasks t `) + `) shown`
)

const descriptions = `SELECT id, description FROM tasks WHERE user_id = $1 AND id = ANY($2)`

var oldestTasks = `SELECT` + taskColumns + taskTables + `
	WHERE t.user_id = $1 AND t.deleted_at IS NULL AND (t.created_at, t.id) > ($2, $3)
	ORDER BY t.created_at, t.id LIMIT $4`

// FindFeed finds the user whose calendar feed has a secret with this hash, or
// returns fault.ErrNotFound.
func (r *Repository) FindFeed(ctx context.Context, hash []byte) (userID int64, err error) {
	var found *int64
	if err := r.pool.QueryRow(ctx, `SELECT find_calendar($1)`, hash).Scan(&found); err != nil {
		return 0, unavailable(err)
	}
	if found == nil {
		return 0, fault.ErrNotFound
	}
	return *found, nil
}

// FeedVersion returns a text that changes whenever what FeedTasks reads changes, or
// the description of one of those tasks; computing it loads none of them.
func (r *Repository) FeedVersion(ctx context.Context, userID int64, f task.Filter, since time.Time, limit int) (version string, err error) {
	err = r.as(userID).QueryRow(ctx, feedVersion, userID, since, limit, f.CategoryIDs, f.TagIDs).Scan(&version)
	return version, unavailable(err)
}

// FeedTasks reads what a user's calendar feed shows, without the descriptions.
func (r *Repository) FeedTasks(ctx context.Context, userID int64, f task.Filter, since time.Time, limit int) ([]*task.Task, error) {
	return r.tasks(ctx, userID, feedTasks, userID, since, limit, f.CategoryIDs, f.TagIDs)
}

// Oldest reads the tasks after a given one that are not deleted, in order of
// creation.
func (r *Repository) Oldest(ctx context.Context, userID int64, created time.Time, id int64, limit int) ([]*task.Task, error) {
	return r.tasks(ctx, userID, oldestTasks, userID, created, id, limit)
}

func (r *Repository) tasks(ctx context.Context, userID int64, sql string, args ...any) ([]*task.Task, error) {
	rows, err := r.as(userID).Query(ctx, sql, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[selectedTask])
	tasks := make([]*task.Task, len(found))
	for i, one := range found {
		tasks[i] = one.task()
	}
	return tasks, unavailable(err)
}

// Descriptions reads the descriptions of the user's tasks with these ids.
func (r *Repository) Descriptions(ctx context.Context, userID int64, ids []int64) (map[int64]string, error) {
	rows, err := r.as(userID).Query(ctx, descriptions, userID, ids)
	if err != nil {
		return nil, unavailable(err)
	}
	all := make(map[int64]string, len(ids))
	var id int64
	var text string
	_, err = pgx.ForEachRow(rows, []any{&id, &text}, func() error { all[id] = text; return nil })
	return all, unavailable(err)
}
