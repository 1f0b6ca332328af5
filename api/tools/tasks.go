package tools

import (
	"context"
	"fmt"

	"github.com/mark3labs/mcp-go/server"

	"tickler/internal/task"
)

// format is the argument that every tool takes which returns tasks.
type format struct {
	ResponseFormat string `json:"response_format,omitempty" doc:"Default concise." enum:"concise,detailed"`
}

// form is checked when the arguments are decoded.
func (f format) form() task.Form {
	if f.ResponseFormat == "" {
		return task.Concise
	}
	return task.Form(f.ResponseFormat)
}

// taskID is the argument of tools that work on one task.
type taskID struct {
	TaskID int64 `json:"task_id" doc:"The task's id." minimum:"1"`
}

type (
	addInput struct {
		task.AddInput
		format
	}
	listInput struct {
		task.ListInput
		format
	}
	searchInput struct {
		task.SearchInput
		format
	}
	updateInput struct {
		task.UpdateInput
		format
	}
	idInput struct {
		taskID
		format
	}
)

// oneTask is the result of tools that return a task.
type oneTask struct {
	Task       task.View            `json:"task" open:"true" doc:"As get_task returns it."`
	Recurrence *task.RecurrenceView `json:"recurrence,omitempty" open:"true"`
	Changed    []string             `json:"changed,omitempty" doc:"Fields that have a new value."`
	NextDue    string               `json:"next_due,omitempty" doc:"When the next occurrence is due."`
	Note       string               `json:"note,omitempty"`
	TimeZone   string               `json:"time_zone"`
}

// wholeTask is a oneTask whose schema says all of it.
type wholeTask struct {
	Task       task.View            `json:"task"`
	Recurrence *task.RecurrenceView `json:"recurrence,omitempty"`
	TimeZone   string               `json:"time_zone" doc:"Zone of the dates."`
}

// manyTasks is the result of tools that return a page of tasks.
type manyTasks struct {
	Tasks      []task.View `json:"tasks" open:"true" doc:"Each as get_task returns it."`
	Total      int         `json:"total" doc:"How many match in all."`
	NextCursor string      `json:"next_cursor,omitempty" doc:"For the next page."`
	TimeZone   string      `json:"time_zone"`
}

func (t *Tools) taskTools() []server.ServerTool {
	return []server.ServerTool{
		define(t, "add_task", "Add a task",
			`Adds a task. Example: {"title": "Water the plants", "due_date": "2026-03-01T09:00", "recurrence_rule": "weekly", "tags": ["home"]}. Returns it; for a recurring one also the rule in words and the next dates.`,
			hints{}, t.add),
		define(t, "list_tasks", "List tasks",
			`Lists tasks, filtered and sorted, a page at a time. Kinds of filter are ANDed, values within one ORed. Example: {"status": "pending", "priority": ["high", "urgent"], "sort_by": "due_date"}. To find words, use search_tasks.`,
			hints{readOnly: true, idempotent: true}, t.list),
		define(t, "get_task", "Get a task",
			`Returns one task whole. Example: {"task_id": 7, "response_format": "detailed"}.`,
			hints{readOnly: true, idempotent: true}, t.get),
		define(t, "update_task", "Update a task",
			`Changes the given fields of a task; null clears one. Example: {"task_id": 7, "due_date": "2026-03-02", "priority": "high"}. A new due date re-arms reminders; on a recurring task the series goes on from it. To finish a task use complete_task.`,
			hints{destructive: true, idempotent: true}, t.update),
		define(t, "complete_task", "Complete a task",
			`Marks a task done. Example: {"task_id": 7}. For a recurring one says when the next is due; that occurrence appears by itself. Completing again changes nothing.`,
			hints{idempotent: true}, t.complete),
		define(t, "delete_task", "Delete a task",
			`Deletes a task. Example: {"task_id": 7}. Deleting the open occurrence of a recurring task ends its series. reopen_task restores it.`,
			hints{destructive: true}, t.delete),
		define(t, "search_tasks", "Search tasks",
			`Full-text search in titles, descriptions, tags and category, best match first. Example: {"query": "invoice -paid"}. All words must match; "quoted phrase", -not, or; the last word also as a prefix. Typos are forgiven when nothing else matches.`,
			hints{readOnly: true, idempotent: true}, t.search),
		define(t, "reopen_task", "Reopen a task",
			`Undoes deleting or, of a task that is not deleted, completing. Example: {"task_id": 7}. The next occurrence that completing had caused is taken back unless somebody changed it.`,
			hints{idempotent: true}, t.reopen),
		define(t, "skip_occurrence", "Skip an occurrence",
			`Moves a recurring task to its next date without completing it. Example: {"task_id": 7}.`,
			hints{}, t.skip),
	}
}

func (t *Tools) add(ctx context.Context, user task.Settings, in addInput) (oneTask, error) {
	added, err := t.service.Add(ctx, user, in.AddInput)
	if err != nil {
		return oneTask{}, err
	}
	out, err := t.one(user, added.Task, in.form())
	if !added.Created {
		out.Note = "this idempotency_key had been used: the task is the one added then"
		if added.Task.DeletedAt != nil {
			out.Note += ", which was deleted since; reopen_task restores it"
		}
	}
	return out, err
}

func (t *Tools) get(ctx context.Context, user task.Settings, in idInput) (wholeTask, error) {
	found, err := t.service.Get(ctx, user, in.TaskID)
	if err != nil {
		return wholeTask{}, err
	}
	out, err := t.one(user, found, in.form())
	return wholeTask{Task: out.Task, Recurrence: out.Recurrence, TimeZone: out.TimeZone}, err
}

func (t *Tools) update(ctx context.Context, user task.Settings, in updateInput) (oneTask, error) {
	updated, err := t.service.Update(ctx, user, in.UpdateInput)
	if err != nil {
		return oneTask{}, err
	}
	return t.altered(user, updated, in.form(), "nothing changed: the task already was so")
}

func (t *Tools) complete(ctx context.Context, user task.Settings, in idInput) (oneTask, error) {
	done, err := t.service.Complete(ctx, user, in.TaskID)
	if err != nil {
		return oneTask{}, err
	}
	return t.completed(user, done, in.form()), nil
}

func (t *Tools) completed(user task.Settings, done task.Completion, form task.Form) oneTask {
	out := oneTask{Task: done.Task.View(user, form, t.now(), false), TimeZone: user.TimeZone}
	switch {
	case !done.Changed:
		out.Note = "it was already completed; nothing changed"
	case done.SeriesEnded:
		out.Note = "this was the last occurrence: the series has ended"
	}
	if done.Next != nil {
		out.NextDue = done.Next.FormatDue(user)
	}
	return out
}

func (t *Tools) delete(ctx context.Context, user task.Settings, in idInput) (oneTask, error) {
	gone, err := t.service.Delete(ctx, user, in.TaskID)
	if err != nil {
		return oneTask{}, err
	}
	return t.deleted(user, gone, in.form()), nil
}

func (t *Tools) deleted(user task.Settings, gone task.Deletion, form task.Form) oneTask {
	out := oneTask{Task: gone.Task.View(user, form, t.now(), false), TimeZone: user.TimeZone}
	out.Note = fmt.Sprintf("deleted; reopen_task with task_id %d restores it", gone.Task.ID)
	if gone.SeriesEnded {
		out.Note = "deleted, which ends its series: there will be no next occurrence; " + out.Note[len("deleted; "):]
	}
	return out
}

func (t *Tools) reopen(ctx context.Context, user task.Settings, in idInput) (oneTask, error) {
	undone, err := t.service.Reopen(ctx, user, in.TaskID)
	if err != nil {
		return oneTask{}, err
	}
	out, err := t.one(user, undone.Task, in.form())
	switch {
	case !undone.Changed:
		out.Note = "it was open already; nothing changed"
	case undone.Restored:
		out.Note = "restored from deletion"
	case undone.TookBack != nil:
		out.Note = fmt.Sprintf("open again; the next occurrence (task %d) was taken back", undone.TookBack.ID)
	case undone.KeptSuccessor != nil:
		out.Note = fmt.Sprintf("open again; the next occurrence (task %d) was kept, since it had been changed", undone.KeptSuccessor.ID)
	}
	return out, err
}

func (t *Tools) skip(ctx context.Context, user task.Settings, in idInput) (oneTask, error) {
	skipped, err := t.service.SkipOccurrence(ctx, user, in.TaskID)
	if err != nil {
		return oneTask{}, err
	}
	return t.one(user, skipped, in.form())
}

func (t *Tools) list(ctx context.Context, user task.Settings, in listInput) (manyTasks, error) {
	found, err := t.service.List(ctx, user, in.ListInput)
	return t.many(user, found, in.form()), err
}

func (t *Tools) search(ctx context.Context, user task.Settings, in searchInput) (manyTasks, error) {
	in.Highlight = in.form() == task.Detailed
	found, err := t.service.Search(ctx, user, in.SearchInput)
	return t.many(user, found, in.form()), err
}

func (t *Tools) one(user task.Settings, found *task.Task, form task.Form) (oneTask, error) {
	recurrence, err := found.RecurrenceView(user, t.now())
	return oneTask{Task: found.View(user, form, t.now(), false), Recurrence: recurrence, TimeZone: user.TimeZone}, err
}

// altered is the answer to a change; unchanged is what it says when there was none.
func (t *Tools) altered(user task.Settings, a task.Alteration, form task.Form, unchanged string) (oneTask, error) {
	out, err := t.one(user, a.Task, form)
	out.Changed = a.Changed
	if len(a.Changed) == 0 {
		out.Note = unchanged
	}
	return out, err
}

func (t *Tools) many(user task.Settings, found task.Listing, form task.Form) manyTasks {
	out := manyTasks{Tasks: []task.View{}, Total: found.Total, NextCursor: found.NextCursor, TimeZone: user.TimeZone}
	for i, one := range found.Tasks {
		view := one.View(user, form, t.now(), true)
		if i < len(found.Relevance) {
			view.RelevanceScore = &found.Relevance[i]
		}
		if i < len(found.Highlights) && view.Detail != nil {
			view.Highlights = found.Highlights[i]
		}
		out.Tasks = append(out.Tasks, view)
	}
	return out
}
