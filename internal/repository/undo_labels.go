package repository

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/history"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/person"
)

// AddLabelAgain stores a category or tag that was deleted, under the id that it had:
// the tasks in the trash may still name it.
func (tx *undoTx) AddLabelAgain(ctx context.Context, of journal.Entry, l label.Tag) (bool, error) {
	object := of.Object
	tx.categories, tx.tags = nil, nil
	done, err := tx.Exec(ctx, fmt.Sprintf(`
		INSERT INTO %s (id, user_id, name, name_key, color) OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, nullif($5, ''))
		ON CONFLICT DO NOTHING`, labelTables[object]), l.ID, tx.userID, l.Name, input.NameKey(l.Name), l.Color)
	if err != nil || done.RowsAffected() == 0 {
		return false, err
	}
	e := entry{object: object, id: l.ID, action: journal.Restored, after: labelFields(labelRow(l))}
	if into := of.MergedInto(); into != 0 {
		e.restores = removed{MergedInto: into}
	}
	return true, tx.leaveEntry(ctx, e)
}

// Giving a label back takes one statement for any number of tasks, as taking it away
// does. Tasks that have changed since are left out. Those in the trash get it back
// without an event, as they lost it without one: of a tag they still have the id, of a
// category the entry of its deletion lists them.
//
// Parameters: those of recordChanges, $15 user, $16 label, $17 the tasks that lost it,
// $18 their entries of that, $19 the versions that they had then.
const (
	theirTasks = `
		WITH unchanged AS (
			SELECT t.id, f.entry AS undoes
			FROM unnest($17::bigint[], $18::bigint[], $19::integer[]) AS f (task_id, entry, version)
			JOIN tasks t ON t.user_id = $15 AND t.id = f.task_id AND t.version = f.version
			WHERE t.deleted_at IS NULL ORDER BY t.id FOR UPDATE OF t
		)`
	givenIDs = `, coalesce((SELECT array_agg(id) FROM changed), '{}')`

	refileTasks = theirTasks + `, changed AS (
			UPDATE tasks t SET category_id = $16, version = t.version + 1, updated_at = $1
			FROM unchanged u WHERE t.user_id = $15 AND t.id = u.id
			RETURNING t.id, t.version, u.undoes
		), described AS (
			SELECT id AS place, $15::bigint AS user_id, id AS object_id, version, gen_random_uuid() AS event_id,
			       '{"category_id":null}'::json AS before, json_build_object('category_id', $16::bigint) AS after,
			       json_build_object('because', 'category ' || $16::bigint || ' restored') AS restores, undoes
			FROM changed
		)`
	refileTrash = `UPDATE tasks SET category_id = $2 WHERE user_id = $1 AND id = ANY($3) AND deleted_at IS NOT NULL AND category_id IS NULL`

	// The tags are those that the entry says the task had: merging gave it another for
	// the one it lost.
	retagTasks = theirTasks + `, wanted AS (
			SELECT u.id, u.undoes, t.tag_ids AS had, ARRAY(SELECT x::bigint FROM json_array_elements_text(j.before -> 'tag_ids') x ORDER BY 1) AS gets
			FROM unchanged u JOIN tasks t ON t.user_id = $15 AND t.id = u.id JOIN journal j ON j.user_id = $15 AND j.id = u.undoes
		), changed AS (
			UPDATE tasks t SET tag_ids = w.gets, version = t.version + 1, updated_at = $1
			FROM wanted w WHERE t.user_id = $15 AND t.id = w.id
			RETURNING t.id, t.version, t.tag_ids, w.had, w.undoes
		), tagged AS (
			INSERT INTO task_tags (user_id, task_id, tag_id) SELECT $15, id, x FROM changed, unnest(tag_ids) x WHERE NOT x = ANY (had)
		), untagged AS (
			DELETE FROM task_tags x USING changed c WHERE x.user_id = $15 AND x.task_id = c.id AND NOT x.tag_id = ANY (c.tag_ids)
		), described AS (
			SELECT id AS place, $15::bigint AS user_id, id AS object_id, version, gen_random_uuid() AS event_id,
			       json_build_object('tag_ids', had) AS before, json_build_object('tag_ids', tag_ids) AS after,
			       json_build_object('because', 'tag ' || $16::bigint || ' restored') AS restores, undoes
			FROM changed
		)`
	untagTrash = `
		WITH changed AS (
			UPDATE tasks SET tag_ids = array_remove(tag_ids, $2) WHERE user_id = $1 AND id = ANY($3) AND deleted_at IS NOT NULL RETURNING id
		)
		DELETE FROM task_tags x USING changed c WHERE x.user_id = $1 AND x.task_id = c.id AND x.tag_id = $2`
	retagTrash = `
		INSERT INTO task_tags (user_id, task_id, tag_id)
		SELECT user_id, id, $2 FROM tasks WHERE user_id = $1 AND deleted_at IS NOT NULL AND tag_ids @> ARRAY[$2::bigint]
		ON CONFLICT DO NOTHING`
	// A task that came back from the trash since does not have the tag, but its id.
	clearTag = `
		UPDATE tasks t SET tag_ids = array_remove(t.tag_ids, $2) WHERE t.user_id = $1 AND t.deleted_at IS NULL AND t.tag_ids @> ARRAY[$2::bigint]
		AND NOT EXISTS (SELECT FROM task_tags x WHERE x.user_id = $1 AND x.task_id = t.id AND x.tag_id = $2)`
)

// GiveAgain gives a label back to the tasks that lost it; see history.Tx.
func (tx *undoTx) GiveAgain(ctx context.Context, of journal.Entry, followed history.Consequences, now time.Time) (given []int64, err error) {
	if err := tx.many(ctx); err != nil {
		return nil, err
	}
	give, columns := retagTasks+recordChanges+givenIDs, columnsOf(followed)
	batch := &pgx.Batch{}
	var kept removed
	if err := json.Unmarshal(orNullJSON(of.Restores), &kept); err != nil {
		return nil, err
	}
	if of.Object == journal.Category {
		give = refileTasks + recordChanges + givenIDs
		batch.Queue(refileTrash, tx.userID, of.ObjectID, kept.Trashed)
	} else {
		if kept.MergedInto != 0 {
			batch.Queue(untagTrash, tx.userID, kept.MergedInto, kept.Trashed)
		}
		batch.Queue(retagTrash, tx.userID, of.ObjectID)
		batch.Queue(clearTag, tx.userID, of.ObjectID)
	}
	count := 0
	batch.Queue(give, append(tx.recording(ctx, now, journal.Task, journal.Updated), tx.userID, of.ObjectID, columns.tasks, columns.entries, columns.versions)...).QueryRow(func(row pgx.Row) error {
		return row.Scan(&count, &given)
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	tx.wroteEvents = tx.wroteEvents || count > 0
	return given, nil
}

func orNullJSON(text []byte) []byte {
	if len(text) == 0 {
		return []byte("null")
	}
	return text
}

// TasksWith lists the tasks, not deleted, that have a label, with their versions.
func (tx *undoTx) TasksWith(ctx context.Context, object journal.Object, id int64) (map[int64]int, error) {
	sql := `
		SELECT t.id, t.version FROM task_tags x JOIN tasks t ON t.user_id = x.user_id AND t.id = x.task_id
		WHERE x.user_id = $1 AND x.tag_id = $2 AND t.deleted_at IS NULL`
	if object == journal.Category {
		sql = `SELECT id, version FROM tasks WHERE user_id = $1 AND category_id = $2 AND deleted_at IS NULL`
	}
	rows, err := tx.Query(ctx, sql, tx.userID, id)
	if err != nil {
		return nil, err
	}
	versions := map[int64]int{}
	var taskID int64
	var version int
	_, err = pgx.ForEachRow(rows, []any{&taskID, &version}, func() error { versions[taskID] = version; return nil })
	return versions, err
}

// SaveCategory is userTx.SaveCategory.
func (tx *undoTx) SaveCategory(ctx context.Context, c label.Category) (bool, error) {
	tx.categories = nil
	return tx.userTx.SaveCategory(ctx, c)
}

// SaveTag is userTx.SaveTag.
func (tx *undoTx) SaveTag(ctx context.Context, t label.Tag) (bool, error) {
	tx.tags = nil
	return tx.userTx.SaveTag(ctx, t)
}

// RemoveCategory is userTx.RemoveCategory with one pause for the whole transaction.
func (tx *undoTx) RemoveCategory(ctx context.Context, id int64, now time.Time) (int, error) {
	tx.categories = nil
	if err := tx.many(ctx); err != nil {
		return 0, err
	}
	return tx.userTx.RemoveCategory(ctx, id, now)
}

// RemoveTag is userTx.RemoveTag likewise.
func (tx *undoTx) RemoveTag(ctx context.Context, id int64, now time.Time) (int, error) {
	tx.tags = nil
	if err := tx.many(ctx); err != nil {
		return 0, err
	}
	return tx.userTx.RemoveTag(ctx, id, now)
}

// MergeTag is userTx.MergeTag likewise.
func (tx *undoTx) MergeTag(ctx context.Context, id, into int64, now time.Time) (int, error) {
	tx.tags = nil
	if err := tx.many(ctx); err != nil {
		return 0, err
	}
	return tx.userTx.MergeTag(ctx, id, into, now)
}

// SaveSettings is userTx.SaveSettings likewise.
func (tx *undoTx) SaveSettings(ctx context.Context, c person.SettingsChange, now time.Time) (person.SettingsEffect, error) {
	if c.TimeZone != nil || c.ReminderOffsets != nil || c.AllDayTime != nil {
		if err := tx.many(ctx); err != nil {
			return person.SettingsEffect{}, err
		}
	}
	return tx.userTx.SaveSettings(ctx, c, now)
}
