package repository

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/task"
)

// oneTask reads the single task that a query finds, or returns fault.ErrNotFound.
func oneTask(rows pgx.Rows, err error) (*task.Task, error) {
	found, err := oneRow[selectedTask](rows, err)
	if err != nil {
		return nil, err
	}
	return found.task(), nil
}

func oneRow[T any](rows pgx.Rows, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	found, err := pgx.CollectOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.ErrNotFound
	}
	return found, err
}

// Task reads a task that is not deleted.
func (r *Repository) Task(ctx context.Context, userID, id int64) (*task.Task, error) {
	t, err := oneTask(r.as(userID).Query(ctx,
		`SELECT`+taskColumns+taskTables+`WHERE t.user_id = $1 AND t.id = $2 AND t.deleted_at IS NULL`, userID, id))
	return t, unavailable(err)
}

// LockTask reads a task, deleted or not, and locks its row.
func (tx *userTx) LockTask(ctx context.Context, id int64) (*task.Task, error) {
	return tx.lock(ctx, `WHERE t.user_id = $1 AND t.id = $2`, "NO KEY UPDATE", id)
}

// LockSuccessor reads the occurrence that follows a task and locks its row, also against
// new parts: it may be removed for good.
func (tx *userTx) LockSuccessor(ctx context.Context, id int64) (*task.Task, error) {
	return tx.lock(ctx, `WHERE t.user_id = $1 AND t.previous_task_id = $2`, "UPDATE", id)
}

// LockLastSuccessor follows the successors of a task to the last one, reads it and
// locks its row.
func (tx *userTx) LockLastSuccessor(ctx context.Context, id int64) (*task.Task, error) {
	var last int64
	err := tx.QueryRow(ctx, `
		WITH RECURSIVE following AS (
			SELECT id, 1 AS place FROM tasks WHERE user_id = $1 AND previous_task_id = $2
			UNION ALL
			SELECT t.id, f.place + 1 FROM following f JOIN tasks t ON t.user_id = $1 AND t.previous_task_id = f.id
		)
		SELECT id FROM following ORDER BY place DESC LIMIT 1`, tx.userID, id).Scan(&last)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return tx.LockTask(ctx, last)
}

// Touched tells whether any of these tasks was changed after it was stored. A new task
// has version 1. One that was stored again has a later version, and the entry of that.
func (tx *userTx) Touched(ctx context.Context, ids []int64) (touched bool, err error) {
	err = tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM tasks t WHERE t.user_id = $1 AND t.id = ANY ($2) AND t.version > 1 AND NOT EXISTS (
			SELECT FROM journal j WHERE j.user_id = $1 AND j.object_id = t.id AND j.object = 'task' AND j.version = t.version
			AND j.action = ANY ($3) AND j.restores ->> 'inserted' = 'true'))`,
		tx.userID, ids, []journal.Action{journal.Created, journal.Deleted}).Scan(&touched)
	return touched, err
}

// lock locks a task's row and then reads the task. The task is spread over more rows
// than the locked one, so a separate statement reads it: that one sees what others
// committed while the first waited.
//
// NO KEY UPDATE lets others refer to the task meanwhile. A call that gives a task this
// parent has the user locked; it must not wait for one that waits for the user.
func (tx *userTx) lock(ctx context.Context, where, strength string, id int64) (*task.Task, error) {
	batch := &pgx.Batch{}
	batch.Queue(`SELECT FROM tasks t `+where+` FOR `+strength, tx.userID, id)
	batch.Queue(`SELECT`+taskColumns+taskTables+where, tx.userID, id)
	results := tx.SendBatch(ctx, batch)
	defer func() { _ = results.Close() }()
	if _, err := results.Exec(); err != nil {
		return nil, err
	}
	return oneTask(results.Query())
}

// TaskByKey reads the task that was added with an idempotency key, deleted or not.
func (tx *userTx) TaskByKey(ctx context.Context, key string) (*task.Task, task.Idempotency, error) {
	found, err := oneRow[struct {
		selectedTask
		Digest []byte `db:"idempotency_digest"`
	}](tx.Query(ctx, `SELECT`+taskColumns+`, t.idempotency_digest`+taskTables+`WHERE t.user_id = $1 AND t.idempotency_key = $2`, tx.userID, key))
	if err != nil {
		return nil, task.Idempotency{}, err
	}
	return found.task(), task.Idempotency{Key: key, Digest: found.Digest}, nil
}

// Insert stores a new task, its tags and its event, under an id drawn by NewIDs if it
// has one. It inserts nothing, and returns
// no error, if a constraint shows that the task exists already: the key was used, or
// the previous task has a successor.
func (tx *userTx) Insert(ctx context.Context, t *task.Task, key task.Idempotency) (bool, error) {
	if err := tx.repository.room.refused(tx.userID); err != nil {
		return false, err
	}
	args := rowOf(t).args()
	if key.Key != "" {
		args["idempotency_key"], args["idempotency_digest"] = key.Key, key.Digest
	}
	insert := insertTask
	if t.ID != 0 {
		insert = insertTaskAs
	}
	err := tx.QueryRow(ctx, insert, args).Scan(&t.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := tx.repository.room.afterInsert(ctx, tx, t.ID); err != nil {
		return false, err
	}
	batch := &pgx.Batch{}
	if len(t.Tags) > 0 {
		tx.queueTags(batch, t)
	}
	tx.noteBlocking(nil, t)
	return true, tx.leaveRecorded(ctx, batch, task.Change{Kind: task.Created, Task: t})
}

// Save stores a changed task, its tags and its event.
func (tx *userTx) Save(ctx context.Context, c task.Change) error {
	if err := tx.makeRoom(ctx, c); err != nil {
		return err
	}
	before, after := rowOf(c.Before), rowOf(c.Task)
	update := updateTask
	if !after.searchedAs(before) {
		update = updateSearched
	}
	batch := &pgx.Batch{}
	batch.Queue(update, after.args())
	tx.queueReminder(batch, c.Task)
	if !slices.Equal(before.TagIDs, after.TagIDs) {
		batch.Queue(`DELETE FROM task_tags WHERE user_id = $1 AND task_id = $2`, tx.userID, c.Task.ID)
		tx.queueTags(batch, c.Task)
	}
	tx.noteBlocking(c.Before, c.Task)
	return tx.leaveRecorded(ctx, batch, c)
}

// makeRoom refuses a change that would lead to too many tasks.
func (tx *userTx) makeRoom(ctx context.Context, c task.Change) error {
	room := tx.repository.room
	if tx.roomLater {
		tx.roomNeeded = tx.roomNeeded || c.Before.DeletedAt != nil && c.Task.DeletedAt == nil
		room.changed(tx.userID, c.Kind)
		return nil
	}
	if c.Before.DeletedAt != nil && c.Task.DeletedAt == nil {
		return room.beforeRestore(ctx, tx)
	}
	if c.Kind == task.Completed && c.Task.Recurrence != nil {
		return room.beforeCompletion(ctx, tx)
	}
	room.changed(tx.userID, c.Kind)
	return nil
}

// Remove deletes a task permanently.
func (tx *userTx) Remove(ctx context.Context, t *task.Task) error { return tx.RemoveWith(ctx, t, 0) }

// RemoveWith deletes a task permanently because another one is removed.
func (tx *userTx) RemoveWith(ctx context.Context, t *task.Task, other int64) error {
	before := t.Clone()
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM tasks WHERE user_id = $1 AND id = $2`, tx.userID, t.ID)
	t.Version++
	gone := t.Clone()
	gone.DeletedAt = &gone.UpdatedAt
	tx.noteBlocking(before, gone)
	return tx.leaveRecorded(ctx, batch, task.Change{Kind: task.Deleted, Task: t, With: other})
}

// queueReminder stores the task's next and last reminder, if they changed.
func (tx *userTx) queueReminder(batch *pgx.Batch, t *task.Task) {
	if t.RemindAt == nil && t.RemindedAt == nil {
		batch.Queue(`DELETE FROM reminders WHERE user_id = $1 AND task_id = $2`, tx.userID, t.ID)
		return
	}
	batch.Queue(`
		INSERT INTO reminders (task_id, user_id, remind_at, reminded_at, reminded_due) VALUES ($2, $1, $3, $4, $5)
		ON CONFLICT (task_id) DO UPDATE SET remind_at = excluded.remind_at, reminded_at = excluded.reminded_at, reminded_due = excluded.reminded_due
		WHERE (reminders.remind_at, reminders.reminded_at, reminders.reminded_due) IS DISTINCT FROM (excluded.remind_at, excluded.reminded_at, excluded.reminded_due)`,
		tx.userID, t.ID, t.RemindAt, t.RemindedAt, t.RemindedDue)
}

func (tx *userTx) queueTags(batch *pgx.Batch, t *task.Task) {
	batch.Queue(`INSERT INTO task_tags (user_id, task_id, tag_id) SELECT $1, $2, unnest($3::bigint[])`, tx.userID, t.ID, t.TagIDs())
}
