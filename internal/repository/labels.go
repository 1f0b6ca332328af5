package repository

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
)

// AddCategory creates a category, or returns the existing one with this name.
func (tx *userTx) AddCategory(ctx context.Context, c label.Category) (label.Category, bool, error) {
	stored, added, err := tx.addLabel(ctx, journal.Category, labelRow(c))
	return label.Category(stored), added, err
}

// AddTag creates a tag, or returns the existing one with this name.
func (tx *userTx) AddTag(ctx context.Context, t label.Tag) (label.Tag, bool, error) {
	stored, added, err := tx.addLabel(ctx, journal.Tag, labelRow(t))
	return label.Tag(stored), added, err
}

// SaveCategory stores the name and color of a category, unless another category has
// the name.
func (tx *userTx) SaveCategory(ctx context.Context, c label.Category) (bool, error) {
	return tx.saveLabel(ctx, journal.Category, labelRow(c))
}

// SaveTag stores the name and color of a tag, unless another tag has the name.
func (tx *userTx) SaveTag(ctx context.Context, t label.Tag) (bool, error) {
	return tx.saveLabel(ctx, journal.Tag, labelRow(t))
}

// labelTables names the tables of a kind of label.
var labelTables = map[journal.Object]string{journal.Category: "categories", journal.Tag: "tags"}

// labelFields are the fields of a label as they are recorded.
func labelFields(l labelRow) map[string]any {
	return map[string]any{"name": l.Name, "color": orNull(l.Color)}
}

func (tx *userTx) addLabel(ctx context.Context, object journal.Object, l labelRow) (labelRow, bool, error) {
	var added bool
	// A row that was inserted rather than updated has no xmax.
	err := tx.QueryRow(ctx, fmt.Sprintf(`
		INSERT INTO %[1]s (user_id, name, name_key, color) VALUES ($1, $2, $4, nullif($3, ''))
		ON CONFLICT (user_id, name_key) DO UPDATE SET name = %[1]s.name
		RETURNING id, name, coalesce(color, ''), xmax = 0`, labelTables[object]), tx.userID, l.Name, l.Color, input.NameKey(l.Name)).Scan(&l.ID, &l.Name, &l.Color, &added)
	if err != nil || !added {
		return l, false, err
	}
	return l, true, tx.leaveEntry(ctx, entry{object: object, id: l.ID, action: journal.Created, after: labelFields(l)})
}

func (tx *userTx) saveLabel(ctx context.Context, object journal.Object, l labelRow) (saved bool, err error) {
	before := labelRow{ID: l.ID}
	err = tx.QueryRow(ctx, fmt.Sprintf(`
		WITH former AS (SELECT name, color FROM %[1]s WHERE user_id = $1 AND id = $2 FOR UPDATE)
		UPDATE %[1]s SET name = $3, name_key = $5, color = nullif($4, '') FROM former
		WHERE user_id = $1 AND id = $2
		  AND NOT EXISTS (SELECT FROM %[1]s o WHERE o.user_id = $1 AND o.id <> $2 AND o.name_key = $5)
		RETURNING former.name, coalesce(former.color, '')`, labelTables[object]), tx.userID, l.ID, l.Name, l.Color, input.NameKey(l.Name)).Scan(&before.Name, &before.Color)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	former, new := labelFields(before), labelFields(l)
	if before.Name == l.Name {
		delete(former, "name")
		delete(new, "name")
	}
	if before.Color == l.Color {
		delete(former, "color")
		delete(new, "color")
	}
	return true, tx.leaveEntry(ctx, entry{object: object, id: l.ID, action: journal.Updated, before: former, after: new})
}

// Deleting a category or tag takes one statement for any number of tasks, which
// changes and records each. First the tasks are locked in order of id, and then the
// label itself, so that no task gets it meanwhile. Last the label is deleted, and
// the foreign key removes it from the deleted tasks, which no event reports.
//
// The entries of the tasks say in restores because of which label they were changed,
// so that undoing finds them.
//
// Parameters: those of recordChanges, $15 user, $16 label, and of an undo $17 tasks
// and $18 their entries that it takes back.
const (
	lockTasksOfCategory = `
		SELECT count(*) FROM (
			SELECT FROM tasks WHERE user_id = $1 AND category_id = $2 AND deleted_at IS NULL ORDER BY id FOR UPDATE
		) locked`
	lockCategory = `SELECT FROM categories WHERE user_id = $1 AND id = $2 FOR UPDATE`
	unfileTasks  = `
		WITH changed AS (
			UPDATE tasks SET category_id = NULL, version = version + 1, updated_at = $1
			WHERE user_id = $15 AND category_id = $16 AND deleted_at IS NULL
			RETURNING id, version
		), described AS (
			SELECT id AS place, $15::bigint AS user_id, id AS object_id, version, gen_random_uuid() AS event_id,
			       json_build_object('category_id', $16::bigint) AS before, '{"category_id":null}'::json AS after,
			       json_build_object('because', 'category ' || $16::bigint || ' deleted') AS restores, f.entry AS undoes
			FROM changed LEFT JOIN unnest($17::bigint[], $18::bigint[]) AS f (task_id, entry) ON f.task_id = changed.id
		)` + recordChanges
	trashOfCategory = `SELECT array_agg(id) FROM tasks WHERE user_id = $1 AND category_id = $2 AND deleted_at IS NOT NULL`
	deleteCategory  = `DELETE FROM categories WHERE user_id = $1 AND id = $2 RETURNING id, name, coalesce(color, '')`

	lockTasksOfTag = `
		SELECT count(*) FROM (
			SELECT FROM tasks t WHERE t.user_id = $1 AND t.deleted_at IS NULL
			AND t.id = ANY(ARRAY(SELECT x.task_id FROM task_tags x WHERE x.user_id = $1 AND x.tag_id = $2))
			ORDER BY t.id FOR UPDATE
		) locked`
	lockTag = `SELECT FROM tags WHERE user_id = $1 AND id = $2 FOR UPDATE`
	// untagTasks is the second writer of tag_ids beside Save; the rows of task_tags go
	// with their tag. It passes over tasks in the trash: the id that stays there finds
	// nothing, even after a restore, since ids are not used again, except for the tag
	// itself by undo.
	//
	// Tasks whose entry an undo takes back get the tags that they had before it, and
	// where tags are merged, $19 is the tag that tasks get for the one they lose.
	untagTasks = `
		WITH former AS (
			SELECT f.task_id, f.entry, ARRAY(SELECT x::bigint FROM json_array_elements_text(j.before -> 'tag_ids') x ORDER BY 1) AS tag_ids
			FROM unnest($17::bigint[], $18::bigint[]) AS f (task_id, entry) JOIN journal j ON j.user_id = $15 AND j.id = f.entry
		), wanted AS (
			SELECT t.id, t.tag_ids AS had, former.entry AS undoes,
			       coalesce(former.tag_ids, ARRAY(SELECT DISTINCT x FROM unnest(array_remove(t.tag_ids, $16) || $19::bigint) x WHERE x IS NOT NULL ORDER BY x)) AS gets
			FROM tasks t LEFT JOIN former ON former.task_id = t.id
			WHERE t.user_id = $15 AND t.deleted_at IS NULL
			AND t.id = ANY(ARRAY(SELECT x.task_id FROM task_tags x WHERE x.user_id = $15 AND x.tag_id = $16))
		), changed AS (
			UPDATE tasks t SET tag_ids = w.gets, version = version + 1, updated_at = $1
			FROM wanted w WHERE t.user_id = $15 AND t.id = w.id
			RETURNING t.id, t.version, t.tag_ids, w.had, w.undoes
		), tagged AS (
			INSERT INTO task_tags (user_id, task_id, tag_id)
			SELECT $15, id, x FROM changed, unnest(tag_ids) x WHERE NOT x = ANY (had)
		), described AS (
			SELECT id AS place, $15::bigint AS user_id, id AS object_id, version, gen_random_uuid() AS event_id,
			       json_build_object('tag_ids', ARRAY(SELECT x FROM unnest(had) x ORDER BY x)) AS before,
			       json_build_object('tag_ids', tag_ids) AS after,
			       json_build_object('because', 'tag ' || $16::bigint || ' deleted') AS restores, undoes
			FROM changed
		)` + recordChanges
	// A task in the trash gets the other tag beside the one it has, without an event,
	// so that it has it once it is restored.
	retagTrashOf = `
		WITH changed AS (
			UPDATE tasks t SET tag_ids = ARRAY(SELECT x FROM unnest(t.tag_ids || $3::bigint) x ORDER BY x)
			WHERE t.user_id = $1 AND t.deleted_at IS NOT NULL AND t.tag_ids @> ARRAY[$2::bigint] AND NOT t.tag_ids @> ARRAY[$3::bigint]
			RETURNING t.id
		), tagged AS (
			INSERT INTO task_tags (user_id, task_id, tag_id) SELECT $1, id, $3 FROM changed ON CONFLICT DO NOTHING
		)
		SELECT array_agg(id) FROM changed`
	deleteTag = `DELETE FROM tags WHERE user_id = $1 AND id = $2 RETURNING id, name, coalesce(color, '')`
)

// RemoveCategory deletes a category and removes it from its tasks.
func (tx *userTx) RemoveCategory(ctx context.Context, id int64, now time.Time) (int, error) {
	return tx.removeLabel(ctx, removal{journal.Category, id, 0, lockTasksOfCategory, lockCategory, unfileTasks, deleteCategory}, now)
}

// RemoveTag deletes a tag and removes it from its tasks.
func (tx *userTx) RemoveTag(ctx context.Context, id int64, now time.Time) (int, error) {
	return tx.MergeTag(ctx, id, 0, now)
}

// MergeTag deletes a tag and gives its tasks another; into is 0 for none. Undoing the
// deletion takes both back: the entry of each task holds the tags before and after.
func (tx *userTx) MergeTag(ctx context.Context, id, into int64, now time.Time) (int, error) {
	return tx.removeLabel(ctx, removal{journal.Tag, id, into, lockTasksOfTag, lockTag, untagTasks, deleteTag}, now)
}

// removed is what undoing needs to know of a label that was removed, beside its fields.
type removed struct {
	Trashed    []int64 `json:"trashed,omitempty"`     // tasks in the trash that changed
	MergedInto int64   `json:"merged_into,omitempty"` // the tag that its tasks got
}

// removal is a label to remove, with the statements for that.
type removal struct {
	object                                journal.Object
	id, into                              int64
	lockTasks, lockLabel, takeOff, remove string
}

func (tx *userTx) removeLabel(ctx context.Context, r removal, now time.Time) (int, error) {
	object, id := r.object, r.id
	tasks, followed := 0, columnsOf(tx.undoing.followed)
	batch := &pgx.Batch{}
	batch.Queue(takeTime)
	batch.Queue(r.lockTasks, tx.userID, id)
	missing := false // one of the labels was deleted since it was looked up
	locked := func(done pgconn.CommandTag) error {
		missing = missing || done.RowsAffected() == 0
		return nil
	}
	batch.Queue(r.lockLabel, tx.userID, id).Exec(locked)
	args := append(tx.recording(ctx, now, journal.Task, journal.Updated), tx.userID, id, followed.tasks, followed.entries)
	if object == journal.Tag {
		args = append(args, orNull(r.into))
	}
	var trash []int64 // those that change without an entry of their own
	keep := func(row pgx.Row) error { return row.Scan(&trash) }
	if r.into != 0 {
		batch.Queue(r.lockLabel, tx.userID, r.into).Exec(locked)
		batch.Queue(retagTrashOf, tx.userID, id, r.into).QueryRow(keep)
	}
	batch.Queue(r.takeOff, args...).QueryRow(func(row pgx.Row) error {
		return row.Scan(&tasks)
	})
	if object == journal.Category { // the foreign key takes it off these
		batch.Queue(trashOfCategory, tx.userID, id).QueryRow(keep)
	}
	var gone labelRow
	batch.Queue(r.remove, tx.userID, id).QueryRow(func(row pgx.Row) error {
		return row.Scan(&gone.ID, &gone.Name, &gone.Color)
	})
	err := tx.SendBatch(ctx, batch).Close()
	if missing {
		return 0, errReferenceGone
	}
	if err != nil {
		return 0, err
	}
	tx.wroteEvents = tx.wroteEvents || tasks > 0
	e := entry{object: object, id: id, action: journal.Deleted, at: now, before: labelFields(gone)}
	if len(trash) > 0 || r.into != 0 {
		e.restores = removed{Trashed: trash, MergedInto: r.into}
	}
	return tasks, tx.leaveEntry(ctx, e)
}
