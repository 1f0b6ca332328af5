package operation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tickler/internal/person"
	"tickler/internal/task"
)

// format is an argument of every operation that returns tasks.
type format struct {
	ResponseFormat string `json:"response_format,omitempty" doc:"Default concise." enum:"concise,detailed"`
}

// form returns the requested form. decode has checked its value.
func (f format) form() Form {
	if f.ResponseFormat == "" {
		return Concise
	}
	return Form(f.ResponseFormat)
}

// taskID is an argument of operations on one task.
type taskID struct {
	TaskID int64 `json:"task_id" doc:"Its id." minimum:"1"`
}

type (
	addInput struct {
		task.AddInput
		format `unlisted:"true"`
	}
	updateInput struct {
		task.UpdateInput
		format `unlisted:"true"`
	}
	completeInput struct {
		task.CompleteInput
		format `unlisted:"true"`
	}
	getInput struct {
		taskID
		CommentsBefore int64 `json:"comments_before,omitempty" unlisted:"true" doc:"Id of a comment: returns up to 20 older ones, not the latest three." minimum:"1"`
		format
	}
	idInput struct {
		taskID
		format `unlisted:"true"`
	}
)

// taskAnswer is the answer of operations that return a task.
type taskAnswer struct {
	Task       View            `json:"task" open:"true"`
	Recurrence *RecurrenceView `json:"recurrence,omitempty" open:"true"`
	Changed    []string        `json:"changed,omitempty"`
	NextDue    string          `json:"next_due,omitempty"`
	PassedOver int             `json:"passed_over,omitempty"`
	Note       string          `json:"note,omitempty"`
	TimeZone   string          `json:"time_zone"`

	version int
	created bool // by this call
}

// fullTaskAnswer is a taskAnswer whose schema describes the whole task.
type fullTaskAnswer struct {
	Task       View            `json:"task"`
	Recurrence *RecurrenceView `json:"recurrence,omitempty" open:"true" doc:"words, next, left, warnings."`
	Comments   []CommentView   `json:"comments,omitempty" unlisted:"true" doc:"The latest three, newest first."`
	Commented  int             `json:"comment_count,omitempty" unlisted:"true" doc:"How many comments there are in all."`
	TimeZone   string          `json:"time_zone" doc:"Zone of the dates."`

	version int
}

func (o *Operations) taskOperations() []Operation {
	return []Operation{
		define(Operation{
			Name: "add_task", Title: "Add a task", Core: true,
			Summary: "Adds a task.",
			Example: `{"title": "Water the plants", "due_date": "2026-03-01T09:00", "recurrence_rule": "weekly", "tags": ["home"]}`,
			Details: "Returns it; for a recurring one also the rule in words and the next dates.",
			Creates: true,
		}, o.add),
		define(Operation{
			Name: "list_tasks", Title: "List tasks", Core: true,
			Summary:  "Lists tasks, filtered and sorted, a page at a time. Kinds of filter are ANDed, values within one ORed. Between two due dates, agenda has all dates of series.",
			Example:  `{"status": "pending", "priority": ["high", "urgent"], "sort_by": "due_date"}`,
			Details:  "To find words, use search_tasks.",
			ReadOnly: true, Idempotent: true,
		}, o.list),
		define(Operation{
			Name: "get_task", Title: "Get a task", Core: true,
			Summary:  "Returns one task whole, with its latest comments.",
			Example:  `{"task_id": 7, "response_format": "detailed"}`,
			ReadOnly: true, Idempotent: true,
		}, o.get),
		define(Operation{
			Name: "update_task", Title: "Update a task", Core: true,
			Summary:     "Changes the given fields of a task, which are those of add_task.",
			Example:     `{"task_id": 7, "due_date": "2026-03-02", "priority": "high"}`,
			Details:     "A new due date re-arms reminders; on a recurring task scope says whether the series goes on from it or only this date moves. To finish a task use complete_task.",
			Destructive: true, Idempotent: true,
		}, o.update),
		define(Operation{
			Name: "complete_task", Title: "Complete a task", Core: true,
			Summary:    "Marks a task done, now or at completed_at.",
			Example:    `{"task_id": 7}`,
			Details:    "For a recurring one says when the next is due; that occurrence appears by itself, with its parts. Open parts are a CONFLICT unless parts is given.",
			Idempotent: true,
		}, o.complete),
		define(Operation{
			Name: "delete_task", Title: "Delete a task", Core: true,
			Summary:     "Deletes a task.",
			Example:     `{"task_id": 7}`,
			Details:     "Its parts go too. Deleting the open occurrence of a recurring task ends its series. reopen_task restores it for 30 days; list_tasks with status deleted finds it.",
			Destructive: true,
		}, o.delete),
		define(Operation{
			Name: "search_tasks", Title: "Search tasks", Core: true,
			Summary:  "Full-text search in titles, descriptions, tags and category, best match first.",
			Example:  `{"query": "invoice -paid"}`,
			Details:  `All words must match; "quoted phrase", -not, or; the last word also as a prefix. Typos are forgiven when nothing else matches.`,
			ReadOnly: true, Idempotent: true,
		}, o.search),
		define(Operation{
			Name: "reopen_task", Title: "Reopen a task", Core: true,
			Summary:    "Undoes deleting, completing or skipping, whichever holds.",
			Example:    `{"task_id": 7}`,
			Details:    "The next occurrence that completing had caused is taken back unless somebody changed it.",
			Idempotent: true,
		}, o.reopen),
		define(Operation{
			Name: "skip_occurrence", Title: "Skip an occurrence",
			Summary: "Moves a recurring task to its next date without completing it.",
			Example: `{"task_id": 7}`,
		}, o.skip),
	}
}

func (o *Operations) add(ctx context.Context, user person.Settings, in addInput) (taskAnswer, error) {
	added, err := o.tasks.Add(ctx, user, in.AddInput)
	if err != nil {
		return taskAnswer{}, err
	}
	return o.added(user, added, in.form())
}

func (o *Operations) added(user person.Settings, added task.Addition, form Form) (taskAnswer, error) {
	out, err := o.taskAnswer(user, added.Task, form)
	out.created = added.Created
	if !added.Created {
		out.Note = "this idempotency_key had been used: the task is the one added then"
		if added.Task.DeletedAt != nil {
			out.Note += ", which was deleted since; reopen_task restores it"
		}
	}
	return out, err
}

func (o *Operations) get(ctx context.Context, user person.Settings, in getInput) (fullTaskAnswer, error) {
	found, err := o.tasks.Get(ctx, user, in.TaskID)
	if err != nil {
		return fullTaskAnswer{}, err
	}
	out, err := o.taskAnswer(user, found, in.form())
	if err != nil {
		return fullTaskAnswer{}, err
	}
	comments, total, err := o.tasks.Comments(ctx, user, found.ID, in.CommentsBefore)
	return fullTaskAnswer{
		Task: out.Task, Recurrence: out.Recurrence, Comments: viewComments(comments, user), Commented: total, TimeZone: out.TimeZone, version: out.version,
	}, err
}

func (o *Operations) update(ctx context.Context, user person.Settings, in updateInput) (taskAnswer, error) {
	updated, err := o.tasks.Update(ctx, user, in.UpdateInput)
	if err != nil {
		return taskAnswer{}, err
	}
	return o.changeAnswer(user, updated, in.form(), "nothing changed: the task already was so")
}

func (o *Operations) complete(ctx context.Context, user person.Settings, in completeInput) (taskAnswer, error) {
	done, err := o.tasks.Complete(ctx, user, in.CompleteInput)
	if err != nil {
		return taskAnswer{}, err
	}
	return o.completed(user, done, in.form()), nil
}

func (o *Operations) completed(user person.Settings, done task.Completion, form Form) taskAnswer {
	out := taskAnswer{Task: viewTask(done.Task, user, form, o.now(), 0), TimeZone: user.TimeZone, version: done.Task.Version}
	switch {
	case !done.Changed:
		out.Note = "it was already completed; nothing changed"
	case done.SeriesEnded:
		out.Note = "this was the last occurrence: the series has ended"
	}
	if done.Parts > 0 {
		completed := fmt.Sprintf("%d open parts were completed with it", done.Parts)
		if done.Parts == 1 {
			completed = "1 open part was completed with it"
		}
		out.Note = joinNotes(out.Note, completed)
	}
	out.PassedOver = done.PassedOver
	if done.Next != nil {
		out.NextDue = done.Next.FormatDue(user)
	}
	return out
}

func (o *Operations) delete(ctx context.Context, user person.Settings, in idInput) (taskAnswer, error) {
	gone, err := o.tasks.Delete(ctx, user, in.TaskID)
	if err != nil {
		return taskAnswer{}, err
	}
	return o.deleted(user, gone, in.form()), nil
}

func (o *Operations) deleted(user person.Settings, gone task.Deletion, form Form) taskAnswer {
	out := taskAnswer{Task: viewTask(gone.Task, user, form, o.now(), 0), TimeZone: user.TimeZone, version: gone.Task.Version}
	done := "deleted"
	if gone.SeriesEnded {
		done = "deleted, which ends its series: there will be no next occurrence"
	}
	if gone.Parts > 0 {
		done += fmt.Sprintf(", with %d parts", gone.Parts)
	}
	out.Note = fmt.Sprintf("%s; reopen_task with task_id %d restores it", done, gone.Task.ID)
	return out
}

func (o *Operations) reopen(ctx context.Context, user person.Settings, in idInput) (taskAnswer, error) {
	undone, err := o.tasks.Reopen(ctx, user, in.TaskID)
	if err != nil {
		return taskAnswer{}, err
	}
	return o.reopened(user, undone, in.form())
}

func (o *Operations) reopened(user person.Settings, undone task.Reopening, form Form) (taskAnswer, error) {
	out, err := o.taskAnswer(user, undone.Task, form)
	switch {
	case !undone.Changed:
		out.Note = "it was open already; nothing changed"
	case undone.Restored:
		out.Note = joinNotes("restored from deletion", out.Note)
		if undone.Parts > 0 {
			out.Note = joinNotes(out.Note, fmt.Sprintf("%d parts are back with it", undone.Parts))
		}
	case undone.Unskipped:
		out.Note = "the skip was taken back: it is due " + undone.Task.FormatDue(user) + " again"
	case undone.TookBack != nil:
		out.Note = fmt.Sprintf("open again; the next occurrence (task %d) was taken back", undone.TookBack.ID)
	case undone.KeptSuccessor != nil:
		out.Note = fmt.Sprintf("open again; the next occurrence (task %d) was kept, since it had been changed", undone.KeptSuccessor.ID)
	}
	return out, err
}

func (o *Operations) skip(ctx context.Context, user person.Settings, in idInput) (taskAnswer, error) {
	skipped, err := o.tasks.SkipOccurrence(ctx, user, in.TaskID)
	if err != nil {
		return taskAnswer{}, err
	}
	return o.skipped(user, skipped, in.form())
}

func (o *Operations) skipped(user person.Settings, skipped task.Skipping, form Form) (taskAnswer, error) {
	out, err := o.taskAnswer(user, skipped.Task, form)
	out.PassedOver = skipped.PassedOver
	out.Note = joinNotes("reopen_task takes the skip back", out.Note)
	return out, err
}

func (o *Operations) taskAnswer(user person.Settings, found *task.Task, form Form) (taskAnswer, error) {
	now := o.now()
	recurrence, err := viewRecurrence(found, user, now)
	out := taskAnswer{Task: viewTask(found, user, form, now, 0), Recurrence: recurrence, TimeZone: user.TimeZone, version: found.Version}
	out.Note = joinNotes(found.Notes...)
	if at := found.RemindAt; at != nil && !at.After(now) {
		out.Note = joinNotes(out.Note, "the time to remind has passed: it reminds at once")
	}
	return out, err
}

func joinNotes(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(note string) bool { return note == "" }), "; ")
}

// changeAnswer builds the answer to a change; unchanged is its note if nothing
// changed.
func (o *Operations) changeAnswer(user person.Settings, a task.UpdateResult, form Form, unchanged string) (taskAnswer, error) {
	out, err := o.taskAnswer(user, a.Task, form)
	out.Changed = a.Changed
	if len(a.Changed) == 0 {
		out.Note = joinNotes(unchanged, out.Note)
	}
	return out, err
}
