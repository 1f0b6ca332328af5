package tools

import (
	"context"
	"fmt"

	"github.com/mark3labs/mcp-go/server"

	"tickler/internal/task"
)

type oneTag struct {
	Tag           labelView `json:"tag" open:"true" doc:"As list_tags returns it."`
	Changed       []string  `json:"changed,omitempty" doc:"Fields that have a new value."`
	TasksUntagged *int      `json:"tasks_untagged,omitempty" doc:"How many tasks had it."`
	Note          string    `json:"note,omitempty"`
}

type manyTags struct {
	Tags  []labelView `json:"tags"`
	Total int         `json:"total"`
}

type taggingInput struct {
	task.TaggingInput
	format
}

func (t *Tools) tagTools() []server.ServerTool {
	return []server.ServerTool{
		define(t, "create_tag", "Create a tag",
			`Creates a tag; a task can have 10, a user 100. Example: {"name": "errand"}. Not needed before use: tasks create unknown tags.`,
			hints{}, t.createTag),
		define(t, "list_tags", "List tags",
			`Lists all tags by name, with how many tasks each has. Example: {}.`,
			hints{readOnly: true, idempotent: true}, t.listTags),
		define(t, "update_tag", "Update a tag",
			`Renames or recolors a tag; its tasks keep it. Example: {"tag": "errand", "name": "shopping"}.`,
			hints{destructive: true, idempotent: true}, t.updateTag),
		define(t, "delete_tag", "Delete a tag",
			`Deletes a tag and takes it off its tasks; says how many. Cannot be undone. Example: {"tag": "errand"}.`,
			hints{destructive: true}, t.deleteTag),
		define(t, "add_tag_to_task", "Tag a task",
			`Gives a task one more tag; an unknown name is created. Example: {"task_id": 7, "tag": "errand"}. No change if it has it.`,
			hints{idempotent: true}, t.addTag),
		define(t, "remove_tag_from_task", "Untag a task",
			`Takes a tag off a task; the tag itself stays. Example: {"task_id": 7, "tag": "errand"}. No change if the task does not have it.`,
			hints{destructive: true, idempotent: true}, t.removeTag),
	}
}

func (t *Tools) createTag(ctx context.Context, user task.Settings, in task.CreateTagInput) (oneTag, error) {
	created, err := t.service.CreateTag(ctx, user, in)
	return oneTag{Tag: viewLabel(created)}, err
}

func (t *Tools) listTags(ctx context.Context, user task.Settings, _ none) (manyTags, error) {
	all, err := t.service.Tags(ctx, user)
	out := manyTags{Tags: []labelView{}, Total: len(all)}
	for _, g := range all {
		view := viewLabel(g.Label)
		view.TaskCount = &g.Tasks
		out.Tags = append(out.Tags, view)
	}
	return out, err
}

func (t *Tools) updateTag(ctx context.Context, user task.Settings, in task.UpdateTagInput) (oneTag, error) {
	updated, err := t.service.UpdateTag(ctx, user, in)
	out := oneTag{Tag: viewLabel(updated.Label), Changed: updated.Changed}
	if len(updated.Changed) == 0 {
		out.Note = "nothing changed: it already was so"
	}
	return out, err
}

func (t *Tools) deleteTag(ctx context.Context, user task.Settings, in task.TagInput) (oneTag, error) {
	gone, err := t.service.DeleteTag(ctx, user, in)
	return oneTag{
		Tag: viewLabel(gone.Label), TasksUntagged: &gone.Tasks,
		Note: fmt.Sprintf("deleted, and taken off %d tasks", gone.Tasks),
	}, err
}

func (t *Tools) addTag(ctx context.Context, user task.Settings, in taggingInput) (oneTask, error) {
	tagged, err := t.service.AddTagToTask(ctx, user, in.TaggingInput)
	if err != nil {
		return oneTask{}, err
	}
	return t.altered(user, tagged, in.form(), "nothing changed: the task already had this tag")
}

func (t *Tools) removeTag(ctx context.Context, user task.Settings, in taggingInput) (oneTask, error) {
	untagged, err := t.service.RemoveTagFromTask(ctx, user, in.TaggingInput)
	if err != nil {
		return oneTask{}, err
	}
	return t.altered(user, untagged, in.form(), "nothing changed: the task does not have this tag")
}
