package operation

import (
	"context"
	"encoding/json"
	"reflect"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/task"
)

// several is a batch of inputs, each decoded by itself so that an invalid one does
// not affect the others.
type several[In any] []json.RawMessage

func (several[In]) item() reflect.Type { return reflect.TypeFor[In]() }

type (
	addManyInput struct {
		Tasks  several[task.TreeItem] `json:"tasks" doc:"Each with the fields of add_task; ref, parent_ref and blocked_by_refs make trees." minItems:"1" maxItems:"50" example:"[{\"title\":\"Pay the rent\"}]"`
		format `unlisted:"true"`
	}
	updateManyInput struct {
		Tasks  several[task.EditInput] `json:"tasks" doc:"Each with task_id, any fields of update_task, add_tags, remove_tags, remind_at or snooze_minutes and, done last, action." minItems:"1" maxItems:"50" example:"[{\"task_id\":7,\"action\":\"complete\"}]"`
		format `unlisted:"true"`
	}
)

// outcome is the result for one item: a task or an error.
type outcome struct {
	Index      int          `json:"index" doc:"Place in tasks, from 0."`
	Task       *View        `json:"task,omitempty" open:"true"`
	Changed    []string     `json:"changed,omitempty"`
	NextDue    string       `json:"next_due,omitempty"`
	PassedOver int          `json:"passed_over,omitempty"`
	Note       string       `json:"note,omitempty"`
	Error      *fault.Error `json:"error,omitempty" open:"true"`
}

type outcomes struct {
	Results   []outcome `json:"results" open:"true" doc:"In the order of tasks, each with index and task or error."`
	Succeeded int       `json:"succeeded"`
	Failed    int       `json:"failed"`
	TimeZone  string    `json:"time_zone"`
}

func (o *Operations) batches() []Operation {
	return []Operation{
		define(Operation{
			Name: "add_tasks", Title: "Add tasks",
			Summary: "Adds up to 50 tasks, each by itself: a bad one spoils no other. Items that refer to each other by ref are added together or not at all.",
			Example: `{"tasks": [{"title": "Buy milk"}, {"title": "Paint the hall", "ref": "hall"}, {"title": "Buy paint", "parent_ref": "hall", "ref": "buy"}, {"title": "Paint", "parent_ref": "hall", "blocked_by_refs": ["buy"]}]}`,
			Details: "Returns a task or an error for each, in order. With an idempotency_key in each the call can be repeated.",
		}, o.addMany),
		define(Operation{
			Name: "update_tasks", Title: "Update tasks",
			Summary:     "Changes, tags, completes, reopens, restores, skips or deletes up to 50 tasks, each by itself.",
			Example:     `{"tasks": [{"task_id": 7, "action": "complete"}, {"task_id": 8, "due_date": "2026-03-02", "add_tags": ["errand"]}]}`,
			Details:     "Returns a task or an error for each, in order.",
			Destructive: true,
		}, o.updateMany),
	}
}

func (o *Operations) addMany(ctx context.Context, user person.Settings, in addManyInput) (outcomes, error) {
	trees := gather(in.Tasks)
	trees.add = func(items []task.TreeItem) ([]task.Addition, error) { return o.tasks.AddTree(ctx, user, items) }
	place := -1
	return eachOf(ctx, o, "add_tasks", user, in.Tasks, func(item task.TreeItem) (taskAnswer, error) {
		place = trees.next(place)
		if !trees.joined(place) {
			return o.add(ctx, user, addInput{item.AddInput, in.format})
		}
		added, err := trees.result(place)
		if err != nil {
			return taskAnswer{}, err
		}
		return o.added(user, added, in.form())
	})
}

func (o *Operations) updateMany(ctx context.Context, user person.Settings, in updateManyInput) (outcomes, error) {
	return eachOf(ctx, o, "update_tasks", user, in.Tasks, func(item task.EditInput) (taskAnswer, error) {
		edited, err := o.tasks.Edit(ctx, user, item)
		if err != nil {
			return taskAnswer{}, err
		}
		var out taskAnswer
		switch {
		case edited.Completion != nil:
			out = o.completed(user, *edited.Completion, in.form())
		case edited.Deletion != nil:
			out = o.deleted(user, *edited.Deletion, in.form())
		case edited.Reopening != nil:
			out, err = o.reopened(user, *edited.Reopening, in.form())
		case edited.Skipping != nil:
			out, err = o.skipped(user, *edited.Skipping, in.form())
		default:
			return o.changeAnswer(user, edited.UpdateResult, in.form(), "nothing changed: the task already was so")
		}
		out.Changed = edited.Changed
		return out, err
	})
}

// eachOf decodes and processes the items one after the other.
func eachOf[In any](ctx context.Context, o *Operations, operation string, user person.Settings, items several[In], do func(In) (taskAnswer, error)) (outcomes, error) {
	out := outcomes{Results: []outcome{}, TimeZone: user.TimeZone}
	if err := task.CheckBatch("tasks", len(items)); err != nil {
		return out, err
	}
	for i, raw := range items {
		one := outcome{Index: i}
		item, err := decode[In](raw)
		if err == nil {
			var done taskAnswer
			if done, err = do(item); err == nil {
				one.Task, one.Changed, one.NextDue, one.PassedOver, one.Note = &done.Task, done.Changed, done.NextDue, done.PassedOver, done.Note
				out.Succeeded++
			}
		}
		if err != nil {
			one.Error = o.Visible(ctx, operation, err)
			out.Failed++
		}
		out.Results = append(out.Results, one)
	}
	return out, nil
}
