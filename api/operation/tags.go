package operation

import (
	"context"
	"fmt"

	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

type tagAnswer struct {
	Tag           labelView `json:"tag" open:"true"`
	Changed       []string  `json:"changed,omitempty"`
	TasksUntagged *int      `json:"tasks_untagged,omitempty" doc:"How many tasks had it."`
	TasksMerged   *int      `json:"tasks_merged,omitempty"`
	Note          string    `json:"note,omitempty"`
}

type tagList struct {
	Tags  []labelView `json:"tags"`
	Total int         `json:"total"`
}

type taggingInput struct {
	task.TaggingInput
	format `unlisted:"true"`
}

func (o *Operations) tagOperations() []Operation {
	return []Operation{
		define(Operation{
			Name: "create_tag", Title: "Create a tag",
			Summary: "Creates a tag; a task can have 10, a user 100.",
			Example: `{"name": "errand"}`,
			Details: "Not needed before use: tasks create unknown tags.",
			Creates: true,
		}, o.createTag),
		define(Operation{
			Name: "list_tags", Title: "List tags",
			Summary:  "Lists all tags by name, with how many tasks each has.",
			Example:  "{}",
			ReadOnly: true, Idempotent: true,
		}, o.listTags),
		define(Operation{
			Name: "update_tag", Title: "Update a tag",
			Summary:     "Renames or recolors a tag, whose tasks keep it, or merges it into another.",
			Example:     `{"tag": "errand", "name": "shopping"}`,
			Destructive: true, Idempotent: true,
		}, o.updateTag),
		define(Operation{
			Name: "delete_tag", Title: "Delete a tag",
			Summary:     "Deletes a tag and takes it off its tasks; says how many. undo brings it back.",
			Example:     `{"tag": "errand"}`,
			Destructive: true,
		}, o.deleteTag),
		define(Operation{
			Name: "add_tag_to_task", Title: "Tag a task",
			Summary:    "Gives a task one more tag; an unknown name is created.",
			Example:    `{"task_id": 7, "tag": "errand"}`,
			Details:    "No change if it has it.",
			Idempotent: true,
		}, o.addTag),
		define(Operation{
			Name: "remove_tag_from_task", Title: "Untag a task",
			Summary:     "Takes a tag off a task; the tag itself stays.",
			Example:     `{"task_id": 7, "tag": "errand"}`,
			Details:     "No change if the task does not have it.",
			Destructive: true, Idempotent: true,
		}, o.removeTag),
	}
}

func (o *Operations) createTag(ctx context.Context, user person.Settings, in label.CreateTagInput) (tagAnswer, error) {
	created, err := o.labels.CreateTag(ctx, user, in)
	return tagAnswer{Tag: viewLabel(created)}, err
}

func (o *Operations) listTags(ctx context.Context, user person.Settings, _ none) (tagList, error) {
	all, err := o.labels.Tags(ctx, user)
	out := tagList{Tags: []labelView{}, Total: len(all)}
	for _, g := range all {
		view := viewLabel(g.Label)
		view.TaskCount = &g.Tasks
		out.Tags = append(out.Tags, view)
	}
	return out, err
}

func (o *Operations) updateTag(ctx context.Context, user person.Settings, in label.UpdateTagInput) (tagAnswer, error) {
	if in.MergeInto != "" {
		merged, err := o.labels.MergeTag(ctx, user, in)
		return TagAnswer{
			Tag: viewLabel(merged.Label), TasksMerged: &merged.Tasks,
			Note: fmt.Sprintf("merged: %d tasks have the tag %q for the one that is gone; undo takes that back", merged.Tasks, merged.Label.Name),
		}, err
	}
	updated, err := o.labels.UpdateTag(ctx, user, in)
	out := tagAnswer{Tag: viewLabel(updated.Label), Changed: updated.Changed}
	if len(updated.Changed) == 0 {
		out.Note = "nothing changed: it already was so"
	}
	return out, err
}

func (o *Operations) deleteTag(ctx context.Context, user person.Settings, in label.TagInput) (tagAnswer, error) {
	gone, err := o.labels.DeleteTag(ctx, user, in)
	return tagAnswer{
		Tag: viewLabel(gone.Label), TasksUntagged: &gone.Tasks,
		Note: fmt.Sprintf("deleted, and taken off %d tasks", gone.Tasks),
	}, err
}

func (o *Operations) addTag(ctx context.Context, user person.Settings, in taggingInput) (taskAnswer, error) {
	tagged, err := o.tasks.AddTagToTask(ctx, user, in.TaggingInput)
	if err != nil {
		return taskAnswer{}, err
	}
	return o.changeAnswer(user, tagged, in.form(), "nothing changed: the task already had this tag")
}

func (o *Operations) removeTag(ctx context.Context, user person.Settings, in taggingInput) (taskAnswer, error) {
	untagged, err := o.tasks.RemoveTagFromTask(ctx, user, in.TaggingInput)
	if err != nil {
		return taskAnswer{}, err
	}
	return o.changeAnswer(user, untagged, in.form(), "nothing changed: the task does not have this tag")
}
