package repository

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tickler/internal/fault"
	"tickler/internal/task"
)

// statement builds the WHERE clause of a listing; every value is a parameter.
type statement struct {
	where []string
	args  []any
	// once, if not empty, leaves out rows that are not listed or counted by themselves.
	once string
}

// arg adds a parameter and returns its placeholder.
func (s *statement) arg(value any) string {
	s.args = append(s.args, value)
	return fmt.Sprintf("$%d", len(s.args))
}

func (s *statement) and(format string, placeholders ...any) {
	s.where = append(s.where, fmt.Sprintf(format, placeholders...))
}

func (s *statement) clause() string { return "WHERE " + strings.Join(s.where, " AND ") }

// dueOrUndated sorts tasks without a due date after all others.
const dueOrUndated = `coalesce(t.due_date, 'infinity')`

func selectTasks(userID int64, f task.Filter) *statement {
	s := &statement{}
	s.and("t.user_id = %s", s.arg(userID))
	if f.Deleted {
		s.and("t.deleted_at IS NOT NULL")
	} else {
		s.and("t.deleted_at IS NULL")
	}
	if f.Completed != nil {
		s.and("t.completed = %t", *f.Completed) // a literal, so that the planner can use the partial index on open tasks
	}
	if len(f.Priorities) > 0 {
		names := make([]string, len(f.Priorities))
		for i, p := range f.Priorities {
			names[i] = string(p)
		}
		s.and("t.priority = ANY(ARRAY(SELECT unnest(%s::text[])::task_priority))", s.arg(names)) // evaluated once, not per row
	}
	if len(f.CategoryIDs) > 0 {
		s.and("t.category_id = ANY(%s)", s.arg(f.CategoryIDs))
	}
	if len(f.TagIDs) > 0 {
		tagged := fmt.Sprintf(`SELECT x.task_id FROM task_tags x WHERE x.user_id = $1 AND x.tag_id = ANY(%s)`, s.arg(f.TagIDs))
		if f.AllTags {
			tagged += fmt.Sprintf(` GROUP BY x.task_id HAVING count(*) = %s`, s.arg(len(f.TagIDs)))
		}
		s.and("t.id IN (%s)", tagged)
	}
	if f.DueBefore != nil {
		s.and(dueOrUndated+" < %s", s.arg(*f.DueBefore))
	}
	if f.DueAfter != nil {
		s.and(dueOrUndated+" >= %s", s.arg(*f.DueAfter))
		s.and("t.due_date IS NOT NULL")
	}
	if f.CompletedBefore != nil {
		s.and("t.completed_at < %s", s.arg(*f.CompletedBefore))
	}
	if f.CompletedAfter != nil {
		s.and("t.completed_at >= %s", s.arg(*f.CompletedAfter))
	}
	if f.Recurring {
		s.and("t.recurrence_rule IS NOT NULL")
		s.and("t.due_date IS NOT NULL")
	}
	if f.Undated {
		s.and(dueOrUndated + " = 'infinity'")
	}
	s.structure(f)
	return s
}

// order returns the sort expression of a key and its SQL type.
func order(p task.Paging) (expression, sqlType string) {
	switch p.Sort {
	case task.ByUpdatedAt:
		return "t.updated_at", "timestamptz"
	case task.ByDueDate:
		if p.Desc {
			return "coalesce(t.due_date, '-infinity')", "timestamptz"
		}
		return dueOrUndated, "timestamptz"
	case task.ByCompletedAt:
		return "t.completed_at", "timestamptz"
	case task.ByPriority:
		return "t.priority", "task_priority"
	case task.ByTitle:
		return "lower(t.title)", "text"
	default:
		return "t.created_at", "timestamptz"
	}
}

// List reads a page of a user's tasks.
func (r *Repository) List(ctx context.Context, userID int64, f task.Filter, p task.Paging) (task.Page, error) {
	expression, sqlType := order(p)
	return r.page(ctx, r.as(userID), selectTasks(userID, f), expression, sqlType, p)
}

// listedTask is a task with the value it is sorted by.
type listedTask struct {
	selectedTask
	Position string `db:"position"`
}

// sender is a pool, a transaction, or a reader.
type sender interface {
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// page reads one page, with the count and the total estimate of all matching tasks,
// in one round trip.
func (r *Repository) page(ctx context.Context, q sender, s *statement, expression, sqlType string, p task.Paging) (task.Page, error) {
	var page task.Page
	batch := &pgx.Batch{}
	batch.Queue(`SELECT count(*) FILTER (WHERE `+cmp.Or(s.once, "true")+`), coalesce(sum(t.estimate_minutes), 0) FROM tasks t `+s.clause(), s.args...).QueryRow(func(row pgx.Row) error {
		return row.Scan(&page.Total, &page.EstimateMinutes)
	})

	direction, beyond := "ASC", ">"
	if p.Desc {
		direction, beyond = "DESC", "<"
	}
	paged := &statement{where: s.where[:len(s.where):len(s.where)], args: s.args[:len(s.args):len(s.args)]}
	if s.once != "" {
		paged.where = append(paged.where, s.once)
	}
	if p.After != nil {
		paged.and("(%s, t.id) %s (%s::text::%s, %s)", expression, beyond, paged.arg(p.After.Value), sqlType, paged.arg(p.After.ID))
	}
	found := func(where, by string) string {
		return fmt.Sprintf(`SELECT t.id AS hit, %s AS place FROM tasks t %s%s ORDER BY %s, t.id %s LIMIT %d`, expression, paged.clause(), where, by, direction, p.Limit+1)
	}
	hits := found("", expression+" "+direction)
	if p.Sort == task.ByDueDate && p.Desc { // undated tasks come last here but first in the index
		hits = fmt.Sprintf(`(%s) UNION ALL (%s)`, found(` AND t.due_date IS NOT NULL`, dueOrUndated+" DESC"), found(` AND `+dueOrUndated+` = 'infinity'`, dueOrUndated+" DESC"))
	}
	sql := fmt.Sprintf(`SELECT %s, page.place::text AS position %s JOIN (%s) page ON page.hit = t.id ORDER BY page.place %s, t.id %s LIMIT %d`,
		taskColumns, taskTables, hits, direction, direction, p.Limit+1)
	batch.Queue(sql, paged.args...).Query(func(rows pgx.Rows) error {
		var last task.Position
		for space := (pageText{left: maxPageText}); rows.Next() && page.Next == nil; {
			one, err := pgx.RowToStructByName[listedTask](rows)
			if err != nil {
				return err
			}
			t := one.task()
			if len(page.Hits) == p.Limit || !space.fitsTask(t) { // a row beyond the limit means that there is a next page
				page.Next = &last
				continue
			}
			last = task.Position{Value: one.Position, ID: t.ID}
			page.Hits = append(page.Hits, task.Hit{Task: t})
		}
		rows.Close()
		return rows.Err()
	})
	err := q.SendBatch(ctx, batch).Close()
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) && strings.HasPrefix(e.Code, "22") && p.After != nil {
		return task.Page{}, fault.Invalid("cursor", "is not a cursor of this list; give next_cursor exactly as it was returned")
	}
	return page, unavailable(err)
}
