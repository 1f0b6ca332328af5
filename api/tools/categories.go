package tools

import (
	"context"
	"fmt"

	"github.com/mark3labs/mcp-go/server"

	"tickler/internal/task"
)

// none is the input of tools that take nothing.
type none struct{}

// labelView is a category or tag as callers see it.
type labelView struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Color     string `json:"color,omitempty"`
	TaskCount *int   `json:"task_count,omitempty" doc:"Tasks that have it, completed ones included."`
}

type oneCategory struct {
	Category     labelView `json:"category" open:"true" doc:"As list_categories returns it."`
	Changed      []string  `json:"changed,omitempty" doc:"Fields that have a new value."`
	TasksUnfiled *int      `json:"tasks_unfiled,omitempty" doc:"How many tasks were in it."`
	Note         string    `json:"note,omitempty"`
}

type manyCategories struct {
	Categories []labelView `json:"categories"`
	Total      int         `json:"total"`
}

func (t *Tools) categoryTools() []server.ServerTool {
	return []server.ServerTool{
		define(t, "create_category", "Create a category",
			`Creates a category; a task is in one at most. Example: {"name": "Work", "color": "#1E90FF"}. A user can have 50.`,
			hints{}, t.createCategory),
		define(t, "list_categories", "List categories",
			`Lists all categories by name, with how many tasks each has. Example: {}.`,
			hints{readOnly: true, idempotent: true}, t.listCategories),
		define(t, "update_category", "Update a category",
			`Renames or recolors a category; its tasks stay in it. Example: {"category": "Work", "name": "Office"}.`,
			hints{destructive: true, idempotent: true}, t.updateCategory),
		define(t, "delete_category", "Delete a category",
			`Deletes a category. Its tasks stay, without category; says how many. Cannot be undone. Example: {"category": "Work"}.`,
			hints{destructive: true}, t.deleteCategory),
	}
}

func (t *Tools) createCategory(ctx context.Context, user task.Settings, in task.CreateCategoryInput) (oneCategory, error) {
	created, err := t.service.CreateCategory(ctx, user, in)
	return oneCategory{Category: viewLabel(created)}, err
}

func (t *Tools) listCategories(ctx context.Context, user task.Settings, _ none) (manyCategories, error) {
	all, err := t.service.Categories(ctx, user)
	out := manyCategories{Categories: []labelView{}, Total: len(all)}
	for _, c := range all {
		view := viewLabel(c.Label)
		view.TaskCount = &c.Tasks
		out.Categories = append(out.Categories, view)
	}
	return out, err
}

func (t *Tools) updateCategory(ctx context.Context, user task.Settings, in task.UpdateCategoryInput) (oneCategory, error) {
	updated, err := t.service.UpdateCategory(ctx, user, in)
	out := oneCategory{Category: viewLabel(updated.Label), Changed: updated.Changed}
	if len(updated.Changed) == 0 {
		out.Note = "nothing changed: it already was so"
	}
	return out, err
}

func (t *Tools) deleteCategory(ctx context.Context, user task.Settings, in task.CategoryInput) (oneCategory, error) {
	gone, err := t.service.DeleteCategory(ctx, user, in)
	return oneCategory{
		Category: viewLabel(gone.Label), TasksUnfiled: &gone.Tasks,
		Note: fmt.Sprintf("deleted; %d tasks have no category now", gone.Tasks),
	}, err
}

func viewLabel[T task.Category | task.Tag](label T) labelView {
	l := task.Tag(label)
	return labelView{ID: l.ID, Name: l.Name, Color: l.Color}
}
