package chaos

import (
	"context"
	"fmt"
)

// read looks at what is there; what it is shown is searched for other users' words.
func (w *worker) read(ctx context.Context) {
	switch w.random.IntN(6) {
	case 0:
		w.insist(ctx, 0, "list_tasks", fields{"limit": 20, "sort_by": "updated_at"})
	case 1:
		w.insist(ctx, 0, "search_tasks", fields{"query": w.user.account.Word, "limit": 20})
	case 2:
		w.insist(ctx, 0, "get_overview", fields{"days": 7})
	case 3:
		w.insist(ctx, 0, "get_history", fields{"limit": 20})
	case 4:
		_, _ = w.user.page.get(ctx, "/")
	case 5:
		_, _ = w.user.page.get(ctx, "/activity")
	}
}

// pry tries another user's task: it must not exist.
func (w *worker) pry(ctx context.Context) {
	other := w.users[w.random.IntN(len(w.users))]
	w.mu.Lock()
	var theirs *Entry
	if n := len(other.account.Entries); other != w.user && n > 0 {
		theirs = other.account.Entries[w.random.IntN(n)]
	}
	w.mu.Unlock()
	if theirs == nil {
		return
	}
	w.counts.pried.Add(1)
	operation := []string{"get_task", "update_task", "complete_task", "delete_task", "reopen_task"}[w.random.IntN(5)]
	arguments := fields{"task_id": theirs.ID}
	if operation == "update_task" {
		arguments["title"] = w.mark()
	}
	if _, ok := w.insist(ctx, theirs.ID, operation, arguments, "NOT_FOUND"); ok {
		w.mu.Lock()
		w.books.Leaks = append(w.books.Leaks, Leak{w.user.account.Name, other.account.Name, fmt.Sprintf("%s of task %d", operation, theirs.ID)})
		w.mu.Unlock()
	}
}
