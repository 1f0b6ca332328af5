package repository

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/history"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// undoing tells which entries a transaction takes back, so that its own entries point
// to them.
type undoing struct {
	object   journal.Object
	id       int64 // of the object
	entry    int64
	followed history.Consequences
}

// consequenceColumns are consequences as the arrays that a statement takes.
type consequenceColumns struct {
	tasks, entries []int64
	versions       []int
}

func columnsOf(followed history.Consequences) consequenceColumns {
	c := consequenceColumns{tasks: []int64{}, entries: []int64{}, versions: []int{}}
	for id, one := range followed {
		c.tasks, c.entries, c.versions = append(c.tasks, id), append(c.entries, one.Entry), append(c.versions, one.Version)
	}
	return c
}

// of returns the id of the entry that e takes back, or 0.
func (u undoing) of(e entry) int64 {
	switch {
	case u.entry != 0 && e.object == u.object && e.id == u.id:
		return u.entry
	case e.object == journal.Task:
		return u.followed[e.id].Entry
	}
	return 0
}

// because names the change that changed tasks too, as their entries have it in
// restores.
func because(object journal.Object, id int64, action journal.Action) string {
	return fmt.Sprintf("%s %d %s", object, id, action)
}

// lightly is how many changes an undo may take back without a pause.
const lightly = 100

// undoTx is a transaction that takes changes back. If it changes many tasks, it
// observes the pauses.
type undoTx struct {
	*pausedTx
	heavy      bool
	changes    int              // that are taken back
	categories []label.Category // as read last; nil after a change of any
	tags       []label.Tag
}

var _ history.Tx = &undoTx{}

// Undo runs fn in one transaction on a user's data; see history.Store.
func (r *Repository) Undo(ctx context.Context, userID int64, fn func(history.Tx) error) error {
	return r.paused(ctx, userID, func(paused *pausedTx) error {
		paused.roomLater = true
		tx := &undoTx{pausedTx: paused}
		if err := fn(tx); err != nil {
			return err
		}
		if tx.roomNeeded && r.room.limit > 0 {
			return r.room.count(ctx, tx.userTx, 0, 0)
		}
		return nil
	})
}

// many prepares for a change of very many tasks.
func (tx *undoTx) many(ctx context.Context) error {
	if tx.heavy {
		return nil
	}
	tx.heavy = true
	if err := tx.begin(); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, takeTime)
	return err
}

// Settings reads the user's settings.
func (tx *undoTx) Settings(ctx context.Context) (person.Settings, error) {
	return scanSettings(tx.QueryRow(ctx, selectSettings, tx.userID), tx.userID)
}

// Selected finds the changes of a selection; see history.Tx.
func (tx *undoTx) Selected(ctx context.Context, of history.Selection, limit int) ([]history.Ref, error) {
	s := &statement{}
	s.and("user_id = %s", s.arg(tx.userID))
	switch {
	case of.ChangeID != 0:
		s.and("id = %s", s.arg(of.ChangeID))
	case of.Connection != "":
		s.and("actor_kind <> 'system' AND (token_id::text = %[1]s OR actor = %[1]s)", s.arg(of.Connection))
		s.and("at >= %s", s.arg(of.Since))
	default:
		s.and("call_id = %s", s.arg(of.CallID))
	}
	if of.ChangeID == 0 {
		s.and("restores ->> 'because' IS NULL")
	}
	return collect[history.Ref](ctx, tx, fmt.Sprintf(
		`SELECT id, object, object_id, coalesce(token_id, 0) FROM journal %s ORDER BY id DESC LIMIT %d`, s.clause(), limit), s.args...)
}

// Weigh counts changes; an undo of more than lightly is paused.
func (tx *undoTx) Weigh(ctx context.Context, changes int) error {
	if tx.changes += changes; tx.changes > lightly {
		return tx.many(ctx)
	}
	return nil
}

// LockTasks is userTx.LockTasks, unless there are none.
func (tx *undoTx) LockTasks(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	return tx.userTx.LockTasks(ctx, ids)
}

// Entries reads entries, newest first.
func (tx *undoTx) Entries(ctx context.Context, ids []int64) ([]journal.Entry, error) {
	rows, err := tx.Query(ctx, historyColumns+` WHERE user_id = $1 AND id = ANY($2) ORDER BY id DESC`, tx.userID, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanHistory)
}

// trails reads what happened to the objects $2 of the kind $3 from the entry $4 on, of
// notices only the newest $5 reminders of each. Content is read only where it tells
// something: it may be long.
const trails = `
	WITH changes AS (
		SELECT object, object_id, id, coalesce(undoes, 0) AS undoes, action,
		       CASE WHEN action IN ('created', 'deleted') AND undoes IS NOT NULL THEN coalesce((restores ->> 'inserted')::boolean, false) ELSE false END AS inserted,
		       CASE WHEN object = 'settings' THEN ARRAY(SELECT json_object_keys(after)) END AS fields
		FROM journal WHERE user_id = $1 AND object_id = ANY ($2) AND object = $3 AND id >= $4 AND action <> ALL ($6)
	), reminders AS (
		SELECT r.object, r.object_id, r.id, 0::bigint, r.action, false, NULL::text[]
		FROM unnest($2::bigint[]) o (id) CROSS JOIN LATERAL (
			SELECT object, object_id, id, action FROM journal
			WHERE user_id = $1 AND object_id = o.id AND object = $3 AND id >= $4 AND action = 'reminded' AND $3 = 'task'
			ORDER BY id DESC LIMIT $5
		) r
	)
	SELECT * FROM changes UNION ALL SELECT * FROM reminders ORDER BY object_id, id LIMIT $7`

// Trails reads what happened to objects; see history.Tx.
func (tx *undoTx) Trails(ctx context.Context, object journal.Object, ids []int64, from int64, limit int) ([]history.Step, error) {
	return collect[history.Step](ctx, tx, trails, tx.userID, ids, string(object), from, history.MaxReminders, journal.Notices(), limit)
}

// CompletedBefore tells whether a task recurred when it was completed last before an
// entry.
func (tx *undoTx) CompletedBefore(ctx context.Context, e journal.Entry) (recurred, known bool, err error) {
	err = tx.QueryRow(ctx, `
		SELECT coalesce(after ->> 'recurrence_rule', '') <> '' FROM journal
		WHERE user_id = $1 AND object_id = $2 AND object = $3 AND id < $4 AND action = 'completed' ORDER BY id DESC LIMIT 1`,
		tx.userID, e.ObjectID, string(e.Object), e.ID).Scan(&recurred)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, false, nil
	}
	return recurred, true, err
}

// ActionBefore returns what was done last to an object before an entry.
func (tx *undoTx) ActionBefore(ctx context.Context, e journal.Entry) (action journal.Action, err error) {
	err = tx.QueryRow(ctx, `
		SELECT action FROM journal WHERE user_id = $1 AND object_id = $2 AND object = $3 AND id < $4 ORDER BY id DESC LIMIT 1`,
		tx.userID, e.ObjectID, string(e.Object), e.ID).Scan(&action)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return action, err
}

// Consequences reads the entries of tasks that followed from a change. They stand
// before the entry of the change, those of a label that was given back behind it. One
// call may change an object more than once, so they end at its next entry.
func (tx *undoTx) Consequences(ctx context.Context, of journal.Entry) (history.Consequences, error) {
	rows, err := tx.Query(ctx, `
		WITH bounds AS (
			SELECT coalesce(max(id) FILTER (WHERE id < $4), 0) AS before, coalesce(min(id) FILTER (WHERE id > $4), 9223372036854775807) AS behind
			FROM journal WHERE user_id = $1 AND object_id = $5 AND object = $6
		)
		SELECT j.object_id, j.id, j.version FROM journal j CROSS JOIN bounds b
		WHERE j.user_id = $1 AND j.call_id = $2 AND j.object = 'task' AND j.restores ->> 'because' = $3
		  AND CASE WHEN $7 THEN j.id > $4 AND j.id < b.behind ELSE j.id > b.before AND j.id < $4 END`,
		tx.userID, of.CallID, because(of.Object, of.ObjectID, of.Action), of.ID, of.ObjectID, string(of.Object), of.Action == journal.Restored)
	if err != nil {
		return nil, err
	}
	followed := history.Consequences{}
	var id int64
	var one history.Consequence
	_, err = pgx.ForEachRow(rows, []any{&id, &one.Entry, &one.Version}, func() error { followed[id] = one; return nil })
	return followed, err
}

// TakeBack makes the next entries of these objects point to the entries that they take
// back.
func (tx *undoTx) TakeBack(e journal.Entry, followed history.Consequences) {
	tx.undoing = undoing{object: e.Object, id: e.ObjectID, entry: e.ID, followed: followed}
}

// Former returns a task with the fields that an entry changed as they were before.
func (tx *undoTx) Former(ctx context.Context, t *task.Task, e journal.Entry) (*task.Task, string, error) {
	row := rowOf(t)
	if err := row.putBack(e.Before, e.Restores, taskColumn.undone); err != nil {
		return nil, "", fmt.Errorf("task %d as it was before change %d: %w", t.ID, e.ID, err)
	}
	former, missing, err := tx.withLabels(ctx, row)
	if err != nil {
		return nil, "", err
	}
	former.Standing = t.Standing
	former.RemindedAt, former.RemindedDue, former.HeldUntil = t.RemindedAt, t.RemindedDue, t.HeldUntil
	return former, missing, nil
}

// Gone returns a task that was removed for good as it was.
func (tx *undoTx) Gone(ctx context.Context, e journal.Entry) (*task.Task, error) {
	row := taskRow{ID: e.ObjectID}
	if err := row.putBack(nil, e.Restores, stored); err != nil {
		return nil, fmt.Errorf("task %d as it was before change %d: %w", e.ObjectID, e.ID, err)
	}
	if row.UserID != tx.userID { // the entry does not hold it
		return nil, nil
	}
	t, _, err := tx.withLabels(ctx, row)
	return t, err
}

// putBack gives columns of the row the values that are recorded of them.
func (row *taskRow) putBack(before, restores []byte, wanted func(taskColumn) bool) error {
	recorded := map[string]json.RawMessage{}
	for _, text := range [][]byte{before, restores} {
		if len(text) == 0 {
			continue
		}
		if err := json.Unmarshal(text, &recorded); err != nil {
			return err
		}
	}
	fields := reflect.ValueOf(row).Elem()
	for i, c := range taskRowColumns {
		value, there := recorded[c.name]
		if !there || !wanted(c) {
			continue
		}
		fields.Field(i).SetZero()
		if err := json.Unmarshal(value, fields.Field(i).Addr().Interface()); err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	if row.RecurrenceBase == "" { // events say null for the default
		row.RecurrenceBase = string(task.FromDue)
	}
	if row.Missed == "" {
		row.Missed = string(task.SkipMissed)
	}
	return nil
}

// withLabels makes a task of a row. missing names a label that is gone; the task is
// without it.
func (tx *undoTx) withLabels(ctx context.Context, row taskRow) (t *task.Task, missing string, err error) {
	whole := selectedTask{taskRow: row}
	if row.CategoryID != nil {
		if tx.categories == nil {
			if tx.categories, err = tx.Categories(ctx, false); err != nil {
				return nil, "", err
			}
		}
		i := slices.IndexFunc(tx.categories, func(c label.Category) bool { return c.ID == *row.CategoryID })
		if i < 0 {
			missing = fmt.Sprintf("category %d", *row.CategoryID)
			whole.CategoryID = nil
		} else {
			whole.CategoryName, whole.CategoryColor = &tx.categories[i].Name, &tx.categories[i].Color
		}
	}
	if len(row.TagIDs) > 0 && tx.tags == nil {
		if tx.tags, err = tx.Tags(ctx, false); err != nil {
			return nil, "", err
		}
	}
	for _, id := range row.TagIDs {
		i := slices.IndexFunc(tx.tags, func(g label.Tag) bool { return g.ID == id })
		if i < 0 {
			missing = fmt.Sprintf("tag %d", id)
			continue
		}
		whole.Tags = append(whole.Tags, tx.tags[i])
	}
	return whole.task(), missing, nil
}

// InsertAgain stores a task that was removed for good.
func (tx *undoTx) InsertAgain(ctx context.Context, t *task.Task) (bool, error) {
	tx.roomNeeded = true
	err := tx.QueryRow(ctx, insertTaskAs, rowOf(t).args()).Scan(&t.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	batch := &pgx.Batch{}
	if len(t.Tags) > 0 {
		tx.queueTags(batch, t)
	}
	gone := t.Clone()
	gone.DeletedAt = &t.UpdatedAt
	tx.noteBlocking(gone, t)
	tx.inserted = true
	defer func() { tx.inserted = false }()
	c := task.Change{Kind: task.Created, Task: t}
	if t.DeletedAt != nil {
		c.Kind = task.Deleted
		c.Before = t.Clone()
		c.Before.DeletedAt = nil
	}
	return true, tx.leaveRecorded(ctx, batch, c)
}

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
	batch.Queue(give, append(tx.repository.recording(ctx, now, journal.Task, journal.Updated), tx.userID, of.ObjectID, columns.tasks, columns.entries, columns.versions)...).QueryRow(func(row pgx.Row) error {
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
