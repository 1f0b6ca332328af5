package repository

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/jackc/pgx/v5"

	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/task"
)

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
