package repository

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"tickler/internal/fault"
	"tickler/internal/label"
	"tickler/internal/task"
)

// taskColumns are read by scanTask.
const taskColumns = `
	t.id, t.user_id, t.title, t.description,` + otherColumns

// undescribed are taskColumns without the description.
const undescribed = `
	t.id, t.user_id, t.title, '',` + otherColumns

const otherColumns = `
	t.priority::text, t.completed_at,
	t.due_date, t.all_day, t.time_zone,
	t.recurrence_rule, t.recurrence_base, t.series_id, t.series_start, t.series_start_occurrence, t.occurrence,
	t.previous_task_id, t.reminder_offsets, t.absolute_reminder, t.snoozed_until, t.reminder_times, r.remind_at,
	t.created_at, t.updated_at, t.deleted_at, t.version,
	c.id, c.name, c.color,
	coalesce((
		SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'color', g.color) ORDER BY lower(g.name))
		FROM task_tags x JOIN tags g ON g.id = x.tag_id
		WHERE x.user_id = t.user_id AND x.task_id = t.id
	), '[]')`

const taskTables = ` FROM tasks t LEFT JOIN reminders r ON r.task_id = t.id
	LEFT JOIN categories c ON c.user_id = t.user_id AND c.id = t.category_id `

// scanTask reads taskColumns, and more columns behind them into extra.
func scanTask(row pgx.Row, extra ...any) (*task.Task, error) {
	var (
		t                            task.Task
		rule, base                   *string
		seriesID                     *uuid.UUID
		seriesStart                  *time.Time
		seriesStartPlace, occurrence int
		categoryID                   *int64
		categoryName, categoryColor  *string
	)
	targets := []any{
		&t.ID, &t.UserID, &t.Title, &t.Description, &t.Priority, &t.CompletedAt,
		&t.DueDate, &t.AllDay, &t.TimeZone,
		&rule, &base, &seriesID, &seriesStart, &seriesStartPlace, &occurrence,
		&t.PreviousTaskID, &t.ReminderOffsets, &t.AbsoluteReminder, &t.SnoozedUntil, &t.ReminderTimes, &t.RemindAt,
		&t.CreatedAt, &t.UpdatedAt, &t.DeletedAt, &t.Version,
		&categoryID, &categoryName, &categoryColor, &t.Tags,
	}
	if err := row.Scan(append(targets, extra...)...); err != nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, fault.ErrNotFound
		}
		return nil, err
	}
	for _, instant := range []*time.Time{t.CompletedAt, t.DueDate, t.AbsoluteReminder, t.SnoozedUntil, t.RemindAt, &t.CreatedAt, &t.UpdatedAt, t.DeletedAt} {
		if instant != nil {
			*instant = instant.UTC()
		}
	}
	for i := range t.ReminderTimes {
		t.ReminderTimes[i] = t.ReminderTimes[i].UTC()
	}
	if rule != nil {
		t.Recurrence = &task.Recurrence{
			Rule: *rule, Base: task.RecurrenceBase(*base), SeriesID: *seriesID,
			Start: *seriesStart, StartOccurrence: seriesStartPlace, Occurrence: occurrence,
		}
	}
	if categoryID != nil {
		t.Category = &label.Category{ID: *categoryID, Name: *categoryName}
		if categoryColor != nil {
			t.Category.Color = *categoryColor
		}
	}
	return &t, nil
}

// Task reads a task that is not deleted.
func (r *Repository) Task(ctx context.Context, userID, id int64) (*task.Task, error) {
	t, err := scanTask(r.as(userID).QueryRow(ctx,
		`SELECT`+taskColumns+taskTables+`WHERE t.user_id = $1 AND t.id = $2 AND t.deleted_at IS NULL`, userID, id))
	return t, unavailable(err)
}

// LockTask reads a task, deleted or not, and holds its row.
func (tx *userTx) LockTask(ctx context.Context, id int64) (*task.Task, error) {
	return tx.lock(ctx, `WHERE t.user_id = $1 AND t.id = $2`, id)
}

// LockSuccessor reads the occurrence that follows a task and holds its row.
func (tx *userTx) LockSuccessor(ctx context.Context, id int64) (*task.Task, error) {
	return tx.lock(ctx, `WHERE t.user_id = $1 AND t.previous_task_id = $2`, id)
}

// lock holds a task's row and then reads the task. What is read belongs to more
// rows than the one that is held, so it is read by a statement of its own, which
// sees what others committed while the first one waited.
func (tx *userTx) lock(ctx context.Context, where string, id int64) (*task.Task, error) {
	batch := &pgx.Batch{}
	batch.Queue(`SELECT FROM tasks t `+where+` FOR UPDATE`, tx.userID, id)
	batch.Queue(`SELECT`+taskColumns+taskTables+where, tx.userID, id)
	results := tx.SendBatch(ctx, batch)
	defer func() { _ = results.Close() }()
	if _, err := results.Exec(); err != nil {
		return nil, err
	}
	return scanTask(results.QueryRow())
}

// TaskByKey reads the task that was added with an idempotency key, deleted or not.
func (tx *userTx) TaskByKey(ctx context.Context, key string) (*task.Task, task.Idempotency, error) {
	used := task.Idempotency{Key: key}
	t, err := scanTask(tx.QueryRow(ctx,
		`SELECT`+taskColumns+`, t.idempotency_digest`+taskTables+`WHERE t.user_id = $1 AND t.idempotency_key = $2`, tx.userID, key), &used.Digest)
	return t, used, err
}

// Insert stores a new task, its tags and its event. It inserts nothing, without
// an error, where a constraint says that the task exists already: the key was
// used, or the previous task has a successor.
func (tx *userTx) Insert(ctx context.Context, t *task.Task, key task.Idempotency) (bool, error) {
	if err := tx.repository.room.refused(tx.userID); err != nil {
		return false, err
	}
	var idempotencyKey *string
	var digest []byte
	if key.Key != "" {
		idempotencyKey, digest = &key.Key, key.Digest
	}
	err := tx.QueryRow(ctx, `
		WITH added AS (
			INSERT INTO tasks (
				user_id, priority, due_date, all_day, time_zone,
				recurrence_rule, recurrence_base, series_id, series_start, series_start_occurrence, occurrence,
				reminder_offsets, absolute_reminder, snoozed_until, reminder_times, updated_at, version,
				title, description, category_id, tag_ids,
				previous_task_id, idempotency_key, idempotency_digest, created_at)
			VALUES ($1, $2::text::task_priority, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
			ON CONFLICT DO NOTHING
			RETURNING id
		), armed AS (
			INSERT INTO reminders (task_id, user_id, remind_at) SELECT id, $1, $26::timestamptz FROM added WHERE $26 IS NOT NULL
		)
		SELECT id FROM added`,
		slices.Concat([]any{tx.userID}, plainColumns(t), searchedColumns(t),
			[]any{t.PreviousTaskID, idempotencyKey, digest, t.CreatedAt, t.RemindAt})...).Scan(&t.ID)
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
	return true, tx.leaveWithEvents(ctx, batch, task.Change{Kind: task.Created, Task: t})
}

const (
	updateTask = `
		UPDATE tasks SET
			priority = $2::text::task_priority, due_date = $3, all_day = $4, time_zone = $5,
			recurrence_rule = $6, recurrence_base = $7, series_id = $8, series_start = $9,
			series_start_occurrence = $10, occurrence = $11,
			reminder_offsets = $12, absolute_reminder = $13, snoozed_until = $14, reminder_times = $15,
			updated_at = $16, version = $17, completed_at = $18, deleted_at = $19`
	updateSearched = `, title = $21, description = $22, category_id = $23, tag_ids = $24`
	ofUserAndTask  = ` WHERE user_id = $1 AND id = $20`
)

// Save stores a changed task, its tags and its event. Only a change of what is
// searched touches that: else Postgres would work out all the task's words anew.
func (tx *userTx) Save(ctx context.Context, c task.Change) error {
	t := c.Task
	if err := tx.makeRoom(ctx, c); err != nil {
		return err
	}
	update, values := updateTask, slices.Concat([]any{tx.userID}, plainColumns(t), []any{t.CompletedAt, t.DeletedAt, t.ID})
	for _, field := range []string{"title", "description", "category_id", "tag_ids"} {
		if _, changed := c.Fields[field]; changed {
			update, values = update+updateSearched, append(values, searchedColumns(t)...)
			break
		}
	}
	batch := &pgx.Batch{}
	batch.Queue(update+ofUserAndTask, values...)
	tx.queueReminder(batch, t)
	if _, tagged := c.Fields["tag_ids"]; tagged {
		batch.Queue(`DELETE FROM task_tags WHERE user_id = $1 AND task_id = $2`, tx.userID, t.ID)
		tx.queueTags(batch, t)
	}
	return tx.leaveWithEvents(ctx, batch, c)
}

// makeRoom refuses a change that leads to one task too many.
func (tx *userTx) makeRoom(ctx context.Context, c task.Change) error {
	room := tx.repository.room
	if deleted, ok := c.Fields["deleted"]; ok && deleted == false {
		return room.beforeRestore(ctx, tx)
	}
	if c.Kind == task.Completed && c.Task.Recurrence != nil {
		return room.beforeCompletion(ctx, tx)
	}
	room.changed(tx.userID, c.Kind)
	return nil
}

// Remove deletes a task for good.
func (tx *userTx) Remove(ctx context.Context, t *task.Task) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM tasks WHERE user_id = $1 AND id = $2`, tx.userID, t.ID)
	t.Version++
	return tx.leaveWithEvents(ctx, batch, task.Change{Kind: task.Deleted, Task: t})
}

// queueReminder stores when the task reminds next, if that is new.
func (tx *userTx) queueReminder(batch *pgx.Batch, t *task.Task) {
	if t.RemindAt == nil {
		batch.Queue(`DELETE FROM reminders WHERE user_id = $1 AND task_id = $2`, tx.userID, t.ID)
		return
	}
	batch.Queue(`
		INSERT INTO reminders (task_id, user_id, remind_at) VALUES ($2, $1, $3)
		ON CONFLICT (task_id) DO UPDATE SET remind_at = excluded.remind_at WHERE reminders.remind_at <> excluded.remind_at`,
		tx.userID, t.ID, t.RemindAt)
}

func (tx *userTx) queueTags(batch *pgx.Batch, t *task.Task) {
	batch.Queue(`INSERT INTO task_tags (user_id, task_id, tag_id) SELECT $1, $2, unnest($3::bigint[])`, tx.userID, t.ID, t.TagIDs())
}

// searchedColumns lists the columns whose words are searched, in the order of
// Insert and Save.
func searchedColumns(t *task.Task) []any {
	var categoryID *int64
	if t.Category != nil {
		categoryID = &t.Category.ID
	}
	return []any{t.Title, t.Description, categoryID, t.TagIDs()}
}

// plainColumns lists the other columns that Insert and Save share.
func plainColumns(t *task.Task) []any {
	var (
		rule                  *string
		base                  = task.FromDue
		seriesID              *uuid.UUID
		start                 *time.Time
		startPlace, placement = 1, 1
		times                 = t.ReminderTimes
	)
	if r := t.Recurrence; r != nil {
		rule, base, seriesID, start = &r.Rule, r.Base, &r.SeriesID, &r.Start
		startPlace, placement = r.StartOccurrence, r.Occurrence
	}
	if times == nil {
		times = []time.Time{}
	}
	return []any{
		string(t.Priority), t.DueDate, t.AllDay, t.TimeZone,
		rule, string(base), seriesID, start, startPlace, placement,
		t.ReminderOffsets, t.AbsoluteReminder, t.SnoozedUntil, times,
		t.UpdatedAt, t.Version,
	}
}
