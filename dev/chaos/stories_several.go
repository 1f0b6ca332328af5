package chaos

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// tree adds a task with parts that wait for each other, and does them.
func (w *worker) tree(ctx context.Context) {
	root, first, second := w.mark(), w.mark(), w.mark()
	o, ok := w.insist(ctx, 0, "add_tasks", fields{"tasks": []fields{
		{"title": root, "ref": "root", "idempotency_key": root},
		{"title": first, "ref": "first", "parent_ref": "root", "idempotency_key": first},
		{"title": second, "parent_ref": "root", "blocked_by_refs": []string{"first"}, "idempotency_key": second},
	}})
	if !ok {
		return
	}
	var entries []*Entry
	for i, r := range o.answer.Results {
		entries = append(entries, w.enter(&Entry{ID: r.Task.ID, Story: "tree"}, o.change(Added, []string{root, first, second}[i])))
	}
	if w.random.IntN(2) == 0 && !w.complete(ctx, entries[1]) {
		return
	}
	if !w.complete(ctx, entries[2]) || w.random.IntN(2) == 0 {
		return
	}
	w.do(ctx, entries[0], "delete_task", Deleted)
	if _, deleted := entries[0].state(); deleted { // its parts go with it
		for _, e := range entries[1:] {
			w.note(e, Change{Kind: Deleted, Way: "with its tree", At: time.Now()})
		}
	}
}

// raced completes a task over three ways at the same moment.
func (w *worker) raced(ctx context.Context) {
	e := w.add(ctx, "raced", w.series())
	if e == nil {
		return
	}
	outcomes := make([]outcome, 3)
	successes := make([]bool, 3)
	var all sync.WaitGroup
	for i, over := range []way{w.user.mcp, w.user.rest, w.user.page} {
		all.Go(func() {
			outcomes[i], successes[i] = w.insistOver(ctx, over, e.ID, "complete_task", fields{"task_id": e.ID})
		})
	}
	all.Wait()
	for i, ok := range successes {
		if ok {
			w.note(e, outcomes[i].change(Completed, ""))
			w.follow(e, true)
			return
		}
	}
}

// undone takes a change back.
func (w *worker) undone(ctx context.Context) {
	e := w.add(ctx, "undone", nil)
	if e == nil {
		return
	}
	before := e.Title()
	if !w.rename(ctx, e) {
		return
	}
	o, ok := w.insistOver(ctx, w.user.rest, e.ID, "get_history", fields{"task_id": e.ID, "limit": 1})
	if !ok {
		return
	}
	if len(o.answer.Changes) != 1 || o.answer.Changes[0].After["title"] != e.Title() {
		w.refuse(e.ID, "REST get_history", fmt.Sprintf("the latest change is not the one that was acknowledged: %v", o.answer.Changes))
		return
	}
	if o, ok = w.insist(ctx, e.ID, "undo", fields{"call_id": o.answer.Changes[0].CallID}); ok {
		w.note(e, o.change(Renamed, before))
	}
}

// unfiled deletes the category of some tasks, which changes each of them.
func (w *worker) unfiled(ctx context.Context) {
	name := w.mark()
	created, ok := w.insist(ctx, 0, "create_category", fields{"name": name}, "CONFLICT")
	if !ok && (created.refused == nil || !created.doubtful()) {
		return
	}
	var entries []*Entry
	for range 1 + w.random.IntN(3) {
		if e := w.add(ctx, "unfiled", fields{"category": name}); e != nil {
			entries = append(entries, e)
		}
	}
	deleted, ok := w.insistOver(ctx, w.user.mcp, 0, "delete_category", fields{"category": name}, "NOT_FOUND")
	if !ok && (deleted.refused == nil || !deleted.doubtful()) {
		return
	}
	for _, e := range entries {
		w.note(e, deleted.change(Altered, ""))
	}
}
