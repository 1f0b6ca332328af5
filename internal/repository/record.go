package repository

import (
	"context"
	"reflect"

	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
	"tickler/internal/journal"
	"tickler/internal/task"
)

// leaveRecorded queues a change of a task, followed by its entry.
func (tx *userTx) leaveRecorded(ctx context.Context, batch *pgx.Batch, c task.Change) error {
	t := c.Task
	e := entry{object: journal.Task, id: t.ID, action: journal.Action(c.Kind), at: t.UpdatedAt, version: t.Version}
	var before map[string]any
	if c.Before != nil {
		before, e.after = task.Differences(c.Before, t)
		e.before = before
		former := rowOf(t).former(rowOf(c.Before), before)
		if reason := tx.reason(c); reason != "" {
			former["because"] = reason
		}
		if len(former) > 0 {
			e.restores = former
		}
	}
	switch c.Kind {
	case task.Created:
		e.after = event.OfCreated(t.Told())
	case task.Completed:
		completed := event.CompletedFields{CompletedAt: *t.CompletedAt}
		if t.Recurrence != nil {
			completed.RecurrenceRule = t.Recurrence.Rule
		}
		e.after = completed
	case task.Deleted:
		e.after = nil
		if before == nil { // removed for good
			whole := rowOf(t).whole()
			if reason := tx.reason(c); reason != "" {
				whole["because"] = reason
			}
			e.before, e.restores = map[string]any{"title": t.Title}, whole
		}
	}
	if tx.inserted {
		e.restores = map[string]any{"inserted": true}
	}
	if err := tx.record(ctx, batch, e); err != nil {
		return err
	}
	tx.later(batch)
	return nil
}

// reason names the change that changed this task too, "" for none.
func (tx *userTx) reason(c task.Change) string {
	if c.With != 0 {
		return because(journal.Task, c.With, journal.Action(c.Kind))
	}
	return tx.because
}

// former returns the previous values of the columns that changed since before,
// except for columns whose names are in known. The next reminder is one of them: it
// follows from others only together with what was sent.
func (row taskRow) former(before taskRow, known map[string]any) map[string]any {
	former := map[string]any{}
	is, was := reflect.ValueOf(row), reflect.ValueOf(before)
	for i, c := range taskRowColumns {
		if !c.undone() {
			continue
		}
		if _, told := known[c.name]; told {
			continue
		}
		if old := was.Field(i).Interface(); !reflect.DeepEqual(is.Field(i).Interface(), old) {
			former[c.name] = old
		}
	}
	return former
}

// whole returns the values of all stored columns.
func (row taskRow) whole() map[string]any {
	whole, values := map[string]any{}, reflect.ValueOf(row)
	for i, c := range taskRowColumns {
		if stored(c) {
			whole[c.name] = values.Field(i).Interface()
		}
	}
	return whole
}
