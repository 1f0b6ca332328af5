package repository

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tickler/internal/history"
	"tickler/internal/journal"
)

// Undoings reads which entries from id on take back changes of these objects, and
// which ones: ids by id.
func (r *Repository) Undoings(ctx context.Context, userID int64, objects []int64, from int64) (map[int64]int64, error) {
	rows, err := r.as(userID).Query(ctx, `
		SELECT id, undoes FROM journal WHERE user_id = $1 AND object_id = ANY($2) AND id > $3 AND undoes IS NOT NULL`, userID, objects, from)
	if err != nil {
		return nil, unavailable(fmt.Errorf("read what was undone: %w", err))
	}
	all := map[int64]int64{}
	var id, undoes int64
	_, err = pgx.ForEachRow(rows, []any{&id, &undoes}, func() error { all[id] = undoes; return nil })
	return all, unavailable(err)
}

// What is deleted is called what it was called last.
const (
	namesOfTasks      = `SELECT id, title FROM tasks WHERE user_id = $1 AND id = ANY($2)`
	namesOfCategories = `SELECT id, name FROM categories WHERE user_id = $1 AND id = ANY($2)`
	namesOfTags       = `SELECT id, name FROM tags WHERE user_id = $1 AND id = ANY($2)`
	namesOfDeleted    = `
		SELECT DISTINCT ON (object_id) object_id, coalesce(before ->> 'title', before ->> 'name')
		FROM journal
		WHERE user_id = $1 AND object_id = ANY($2) AND object = $3 AND action = 'deleted' AND coalesce(before ->> 'title', before ->> 'name') IS NOT NULL
		ORDER BY object_id, id DESC`
)

// ObjectNames reads what objects are called, or were called when they were deleted.
func (r *Repository) ObjectNames(ctx context.Context, userID int64, of history.Mentioned) (history.Names, error) {
	names := history.Names{Tasks: map[int64]string{}, Categories: map[int64]string{}, Tags: map[int64]string{}}
	batch := &pgx.Batch{}
	for _, kind := range []struct {
		object  journal.Object
		present string
		ids     []int64
		names   map[int64]string
	}{
		{journal.Task, namesOfTasks, of.Tasks, names.Tasks},
		{journal.Category, namesOfCategories, of.Categories, names.Categories},
		{journal.Tag, namesOfTags, of.Tags, names.Tags},
	} {
		if len(kind.ids) == 0 {
			continue
		}
		read := func(rows pgx.Rows) error {
			var id int64
			var name string
			_, err := pgx.ForEachRow(rows, []any{&id, &name}, func() error { kind.names[id] = name; return nil })
			return err
		}
		batch.Queue(namesOfDeleted, userID, kind.ids, string(kind.object)).Query(read)
		batch.Queue(kind.present, userID, kind.ids).Query(read) // the later overwrites the earlier
	}
	if batch.Len() == 0 {
		return names, nil
	}
	return names, unavailable(r.as(userID).SendBatch(ctx, batch).Close())
}

// TaskKnown tells whether the user has or had a task.
func (r *Repository) TaskKnown(ctx context.Context, userID, id int64) (known bool, err error) {
	err = r.as(userID).QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM tasks WHERE user_id = $1 AND id = $2)
		    OR EXISTS (SELECT FROM journal WHERE user_id = $1 AND object_id = $2 AND object = 'task')`, userID, id).Scan(&known)
	return known, unavailable(err)
}
