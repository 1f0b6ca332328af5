package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/telemetry"
)

// AddCategory creates a category, or returns the one that has this name.
func (tx *userTx) AddCategory(ctx context.Context, c label.Category) (label.Category, bool, error) {
	var added bool
	// A row that was inserted rather than updated has no xmax.
	err := tx.QueryRow(ctx, `
		INSERT INTO categories (user_id, name, name_key, color) VALUES ($1, $2, $4, nullif($3, ''))
		ON CONFLICT (user_id, name_key) DO UPDATE SET name = categories.name
		RETURNING id, name, coalesce(color, ''), xmax = 0`, tx.userID, c.Name, c.Color, input.NameKey(c.Name)).Scan(&c.ID, &c.Name, &c.Color, &added)
	return c, added, err
}

// AddTag creates a tag, or returns the one that has this name.
func (tx *userTx) AddTag(ctx context.Context, t label.Tag) (label.Tag, bool, error) {
	var added bool
	err := tx.QueryRow(ctx, `
		INSERT INTO tags (user_id, name, name_key, color) VALUES ($1, $2, $4, nullif($3, ''))
		ON CONFLICT (user_id, name_key) DO UPDATE SET name = tags.name
		RETURNING id, name, coalesce(color, ''), xmax = 0`, tx.userID, t.Name, t.Color, input.NameKey(t.Name)).Scan(&t.ID, &t.Name, &t.Color, &added)
	return t, added, err
}

// SaveCategory stores the name and color of a category, unless another has the name.
func (tx *userTx) SaveCategory(ctx context.Context, c label.Category) (bool, error) {
	tag, err := tx.Exec(ctx, `
		UPDATE categories SET name = $3, name_key = $5, color = nullif($4, '')
		WHERE user_id = $1 AND id = $2
		  AND NOT EXISTS (SELECT FROM categories o WHERE o.user_id = $1 AND o.id <> $2 AND o.name_key = $5)`,
		tx.userID, c.ID, c.Name, c.Color, input.NameKey(c.Name))
	return tag.RowsAffected() > 0, err
}

// SaveTag stores the name and color of a tag, unless another has the name.
func (tx *userTx) SaveTag(ctx context.Context, t label.Tag) (bool, error) {
	tag, err := tx.Exec(ctx, `
		UPDATE tags SET name = $3, name_key = $5, color = nullif($4, '')
		WHERE user_id = $1 AND id = $2
		  AND NOT EXISTS (SELECT FROM tags o WHERE o.user_id = $1 AND o.id <> $2 AND o.name_key = $5)`,
		tx.userID, t.ID, t.Name, t.Color, input.NameKey(t.Name))
	return tag.RowsAffected() > 0, err
}

// What deletes a category or tag takes one statement for any number of tasks:
// it changes them all and writes an outbox row for each. Before it, the tasks
// are locked in the order of their ids, and then the label itself, so that no
// task gets it meanwhile; after it, the label goes, and the foreign key takes
// it off the deleted tasks, which no event speaks of.
//
// Parameters: $1 user, $2 label, $3 now, $4 source, $5 traceparent, and what
// outboxOfUpdate takes.
const outboxOfUpdate = `, described AS (
		SELECT id, event_id, jsonb_build_object(
		       'event_id', event_id, 'event_type', $7::text, 'timestamp', rfc3339($3), 'user_id', $1::bigint,
		       'schema_version', $9::text, 'task_id', id, 'task_version', version, 'updated_fields', fields)::json AS data
		FROM events ORDER BY id
	), logged AS (
		INSERT INTO event_log (user_id, task_id, event_id, event_type, source, data, created_at)
		SELECT $1, id, event_id, $7, $4, data, $3 FROM described
	)
	INSERT INTO outbox (shard, event_id, event_type, topic, task_id, source, traceparent, data, created_at)
	SELECT id % $6, event_id, $7, $8, id, $4, $5, data, $3 FROM described`

const (
	lockTasksOfCategory = `
		SELECT count(*) FROM (
			SELECT FROM tasks WHERE user_id = $1 AND category_id = $2 AND deleted_at IS NULL ORDER BY id FOR UPDATE
		) locked`
	lockCategory = `SELECT FROM categories WHERE user_id = $1 AND id = $2 FOR UPDATE`
	unfileTasks  = `
		WITH changed AS (
			UPDATE tasks SET category_id = NULL, version = version + 1, updated_at = $3
			WHERE user_id = $1 AND category_id = $2 AND deleted_at IS NULL
			RETURNING id, version
		), events AS (
			SELECT id, version, gen_random_uuid() AS event_id, '{"category_id": null}'::jsonb AS fields FROM changed
		)` + outboxOfUpdate
	deleteCategory = `DELETE FROM categories WHERE user_id = $1 AND id = $2`

	lockTasksOfTag = `
		SELECT count(*) FROM (
			SELECT FROM tasks t WHERE t.user_id = $1 AND t.deleted_at IS NULL
			AND t.id = ANY(ARRAY(SELECT x.task_id FROM task_tags x WHERE x.user_id = $1 AND x.tag_id = $2))
			ORDER BY t.id FOR UPDATE
		) locked`
	lockTag    = `SELECT FROM tags WHERE user_id = $1 AND id = $2 FOR UPDATE`
	untagTasks = `
		WITH changed AS (
			UPDATE tasks t SET tag_ids = array_remove(t.tag_ids, $2), version = version + 1, updated_at = $3
			WHERE t.user_id = $1 AND t.deleted_at IS NULL
			AND t.id = ANY(ARRAY(SELECT x.task_id FROM task_tags x WHERE x.user_id = $1 AND x.tag_id = $2))
			RETURNING t.id, t.version
		), events AS (
			SELECT id, version, gen_random_uuid() AS event_id, jsonb_build_object('tag_ids', coalesce((
				SELECT jsonb_agg(o.tag_id ORDER BY o.tag_id) FROM task_tags o
				WHERE o.user_id = $1 AND o.task_id = changed.id AND o.tag_id <> $2), '[]')) AS fields
			FROM changed
		)` + outboxOfUpdate
	deleteTag = `DELETE FROM tags WHERE user_id = $1 AND id = $2`
)

// RemoveCategory deletes a category and takes it off its tasks.
func (tx *userTx) RemoveCategory(ctx context.Context, id int64, now time.Time) (int, error) {
	return tx.removeLabel(ctx, id, now, lockTasksOfCategory, lockCategory, unfileTasks, deleteCategory)
}

// RemoveTag deletes a tag and takes it off its tasks.
func (tx *userTx) RemoveTag(ctx context.Context, id int64, now time.Time) (int, error) {
	return tx.removeLabel(ctx, id, now, lockTasksOfTag, lockTag, untagTasks, deleteTag)
}

func (tx *userTx) removeLabel(ctx context.Context, id int64, now time.Time, lockTasks, lockLabel, takeOff, remove string) (int, error) {
	tasks := 0
	batch := &pgx.Batch{}
	batch.Queue(takeTime)
	batch.Queue(lockTasks, tx.userID, id)
	batch.Queue(lockLabel, tx.userID, id)
	batch.Queue(takeOff, tx.userID, id, now, event.Source(tx.repository.source), telemetry.TraceParent(ctx),
		event.Shards, event.TaskUpdated, event.TopicTaskEvents, event.SchemaVersion).Exec(func(tag pgconn.CommandTag) error {
		tasks = int(tag.RowsAffected())
		return nil
	})
	batch.Queue(remove, tx.userID, id)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return 0, err
	}
	tx.wroteEvents = tx.wroteEvents || tasks > 0
	return tasks, nil
}
