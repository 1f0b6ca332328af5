package repository

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"tickler/internal/task"
)

// How tasks stand among others, as conditions on a task t of the user $1. What refers to
// open tasks only names no column that idx_tasks_open lacks, so that counting reads no
// rows.
const (
	isOpen     = "t.deleted_at IS NULL AND NOT t.completed"
	hasBlocker = `t.blocked_by IS NOT NULL AND EXISTS (SELECT FROM tasks b WHERE b.user_id = $1 AND b.id = ANY (t.blocked_by) AND b.deleted_at IS NULL AND NOT b.completed)`
	hasOpen    = `t.id IN (SELECT p.parent_id FROM tasks p WHERE p.user_id = $1 AND p.parent_id IS NOT NULL AND p.deleted_at IS NULL AND NOT p.completed)`
	isWaiting  = isOpen + " AND t.waiting_for IS NOT NULL"
	isBlocked  = isOpen + " AND " + hasBlocker
	isTopLevel = "t.parent_id IS NULL"
)

// structure adds the conditions of a filter on how tasks stand among others.
func (s *statement) structure(f task.Filter) {
	started := ""
	if f.Ready != nil || f.AtHand {
		started = "(t.start_date IS NULL OR t.start_date <= " + s.arg(f.Now) + ")"
	}
	for _, one := range []struct {
		wanted *bool
		is     string
	}{
		{f.Ready, isOpen + " AND t.waiting_for IS NULL AND " + started + " AND NOT (" + hasBlocker + ") AND NOT " + hasOpen},
		{f.Blocked, isBlocked}, {f.Waiting, isWaiting}, {f.TopLevel, isTopLevel},
	} {
		switch {
		case one.wanted == nil:
		case *one.wanted:
			s.where = append(s.where, one.is)
		default:
			s.where = append(s.where, "NOT ("+one.is+")")
		}
	}
	if f.ParentID != 0 {
		s.and("t.parent_id = %s", s.arg(f.ParentID))
	}
	if f.AtHand {
		s.where = append(s.where, "t.waiting_for IS NULL", started)
	}
	if f.TreeOnce {
		// The tasks above are called t too, so that the conditions apply to them.
		s.once = `(t.parent_id IS NULL OR NOT EXISTS (
			WITH RECURSIVE above AS (
				SELECT t.parent_id AS id
				UNION ALL
				SELECT p.parent_id FROM above JOIN tasks p ON p.user_id = $1 AND p.id = above.id WHERE p.parent_id IS NOT NULL
			) SELECT FROM above JOIN tasks t ON t.user_id = $1 AND t.id = above.id WHERE ` + strings.Join(s.where, " AND ") + `))`
	}
}

// Structured tells whether an open task of the user has structure.
func (r *Repository) Structured(ctx context.Context, userID int64) (structured bool, err error) {
	err = r.as(userID).QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM tasks t WHERE t.user_id = $1 AND t.deleted_at IS NULL AND NOT t.completed
			AND (t.parent_id IS NOT NULL OR t.blocked_by IS NOT NULL OR t.start_date IS NOT NULL OR t.waiting_for IS NOT NULL))`, userID).Scan(&structured)
	return structured, unavailable(err)
}

// LockStructure is lockUser, which serves here too.
func (tx *userTx) LockStructure(ctx context.Context) error { return tx.lockUser(ctx, true) }

// LockTasks locks the rows of tasks in order of id, as all who lock several do.
func (tx *userTx) LockTasks(ctx context.Context, ids []int64) error {
	_, err := tx.Exec(ctx, `SELECT count(*) FROM (SELECT FROM tasks WHERE user_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE) locked`, tx.userID, ids)
	return err
}

// TasksByID reads tasks, deleted or not.
func (tx *userTx) TasksByID(ctx context.Context, ids []int64) (map[int64]*task.Task, error) {
	rows, err := tx.Query(ctx, `SELECT`+taskColumns+taskTables+`WHERE t.user_id = $1 AND t.id = ANY($2)`, tx.userID, ids)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[selectedTask])
	tasks := make(map[int64]*task.Task, len(found))
	for _, one := range found {
		tasks[one.ID] = one.task()
	}
	return tasks, err
}

// wholeTree is the parts of the task $2, their parts and so on, without the task $3 and
// what is below it.
const wholeTree = `
	WITH RECURSIVE tree AS (
		SELECT id, 1 AS level FROM tasks WHERE user_id = $1 AND parent_id = $2 AND id <> $3
		UNION ALL
		SELECT t.id, tree.level + 1 FROM tree JOIN tasks t ON t.user_id = $1 AND t.parent_id = tree.id AND t.id <> $3
	)`

// Joined tells whether parts came to a task after it came to be itself: in another call.
// Of a part whose entries are not kept any more, nobody knows.
func (tx *userTx) Joined(ctx context.Context, id int64) (joined bool, err error) {
	err = tx.QueryRow(ctx, wholeTree+`
		SELECT EXISTS (
			SELECT FROM tree JOIN tasks t ON t.user_id = $1 AND t.id = tree.id
			JOIN journal j ON j.user_id = $1 AND j.object_id = t.id AND j.object = 'task' AND j.action = 'created'
			WHERE t.deleted_at IS NULL
			GROUP BY t.id
			HAVING NOT bool_or(EXISTS (
				SELECT FROM journal whole
				WHERE whole.user_id = $1 AND whole.object_id = $2 AND whole.object = 'task' AND whole.action = 'created' AND whole.call_id = j.call_id
			))
		)`, tx.userID, id, 0).Scan(&joined)
	return joined, err
}

// CountTree counts the parts of a task and theirs.
func (tx *userTx) CountTree(ctx context.Context, id, without int64) (n int, err error) {
	err = tx.QueryRow(ctx, wholeTree+` SELECT count(*) FROM tree`, tx.userID, id, without).Scan(&n)
	return n, err
}

// Tree reads the parts of a task and theirs.
func (tx *userTx) Tree(ctx context.Context, id int64) ([]task.Part, error) {
	return collect[task.Part](ctx, tx, fmt.Sprintf(`%s
		SELECT t.id, t.parent_id, t.version, t.completed, t.deleted_at IS NOT NULL, t.recurrence_rule IS NOT NULL, t.deleted_with
		FROM tree JOIN tasks t ON t.user_id = $1 AND t.id = tree.id ORDER BY tree.level, t.id LIMIT %d`, wholeTree, task.MaxTree+1), tx.userID, id, 0)
}

// LockTree reads the parts of a task and theirs, and locks their rows.
func (tx *userTx) LockTree(ctx context.Context, id int64) ([]task.Part, error) {
	ids, err := tx.ids(ctx, fmt.Sprintf(`%s SELECT id FROM tree ORDER BY level, id LIMIT %d`, wholeTree, task.MaxTree+1), tx.userID, id, 0)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	if err := tx.LockTasks(ctx, ids); err != nil {
		return nil, err
	}
	// A statement of its own, which sees what others committed while the lock waited.
	return collect[task.Part](ctx, tx, `
		SELECT t.id, t.parent_id, t.version, t.completed, t.deleted_at IS NOT NULL, t.recurrence_rule IS NOT NULL, t.deleted_with
		FROM unnest($2::bigint[]) WITH ORDINALITY AS tree (id, place) JOIN tasks t ON t.user_id = $1 AND t.id = tree.id
		WHERE t.parent_id IS NOT NULL ORDER BY tree.place`, tx.userID, ids)
}

// Ancestors reads a task and what it is a part of, up to the root.
func (tx *userTx) Ancestors(ctx context.Context, id int64) ([]*task.Task, error) {
	rows, err := tx.Query(ctx, `
		WITH RECURSIVE above AS (
			SELECT id, parent_id, 1 AS level FROM tasks WHERE user_id = $1 AND id = $2
			UNION ALL
			SELECT t.id, t.parent_id, above.level + 1 FROM above JOIN tasks t ON t.user_id = $1 AND t.id = above.parent_id
		)
		SELECT`+undescribed+taskTables+`JOIN above ON above.id = t.id WHERE t.user_id = $1 ORDER BY above.level`, tx.userID, id)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[selectedTask])
	above := make([]*task.Task, len(found))
	for i, one := range found {
		above[i] = one.task()
	}
	return above, err
}

// Needed reads what must be done before some tasks can be.
func (tx *userTx) Needed(ctx context.Context, ids []int64) ([]task.Need, error) {
	return collect[task.Need](ctx, tx, fmt.Sprintf(`
		WITH RECURSIVE needed (id) AS (
			SELECT unnest($2::bigint[])
			UNION
			SELECT further.id FROM needed CROSS JOIN LATERAL (
				SELECT unnest(t.blocked_by) FROM tasks t WHERE t.user_id = $1 AND t.id = needed.id
				UNION ALL
				SELECT p.id FROM tasks p WHERE p.user_id = $1 AND p.parent_id = needed.id
			) further (id)
		)
		SELECT t.id, t.title, t.parent_id, coalesce(t.blocked_by, '{}')
		FROM (SELECT id FROM needed LIMIT %d) found JOIN tasks t ON t.user_id = $1 AND t.id = found.id`, task.MaxEntwined+1), tx.userID, ids)
}

// NewIDs draws ids of tasks.
func (tx *userTx) NewIDs(ctx context.Context, n int) ([]int64, error) {
	return tx.ids(ctx, `SELECT nextval('tasks_id_seq') FROM generate_series(1, $1)`, n)
}

func (tx *userTx) ids(ctx context.Context, sql string, args ...any) ([]int64, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
