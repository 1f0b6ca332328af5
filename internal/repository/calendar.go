package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/fault"
	"tickler/internal/task"
)

// calendarTasks reads what a calendar feed of $1 shows.
const calendarTasks = `
	(SELECT` + taskColumns + taskTables + `
	 WHERE t.user_id = $1 AND t.deleted_at IS NULL AND t.completed = false AND t.due_date IS NOT NULL
	 ORDER BY coalesce(t.due_date, 'infinity'), t.id LIMIT $3)
	UNION ALL
	(SELECT` + taskColumns + taskTables + `
	 WHERE t.user_id = $1 AND t.deleted_at IS NULL AND t.completed_at >= $2 AND t.due_date IS NOT NULL
	 ORDER BY t.due_date, t.id LIMIT $3)`

// CalendarTasks reads what the calendar feed with a secret of this hash shows, or
// fault.ErrNotFound when there is none.
func (r *Repository) CalendarTasks(ctx context.Context, hash []byte, since time.Time, limit int) ([]*task.Task, error) {
	var userID *int64
	if err := r.pool.QueryRow(ctx, `SELECT find_calendar($1)`, hash).Scan(&userID); err != nil {
		return nil, unavailable(err)
	}
	if userID == nil {
		return nil, fault.ErrNotFound
	}
	rows, err := r.as(*userID).Query(ctx, calendarTasks, *userID, since, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	tasks, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*task.Task, error) { return scanTask(row) })
	return tasks, unavailable(err)
}
