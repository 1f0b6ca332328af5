package operation

import (
	"context"
	"fmt"

	"tickler/internal/label"
	"tickler/internal/person"
)

// none is the input of operations without arguments.
type none struct{}

// labelView is a category or tag as callers see it.
type labelView struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Color     string `json:"color,omitempty"`
	TaskCount *int   `json:"task_count,omitempty" doc:"Tasks that have it, completed ones included."`
}

type categoryAnswer struct {
	Category     labelView `json:"category" open:"true"`
	Changed      []string  `json:"changed,omitempty"`
	TasksUnfiled *int      `json:"tasks_unfiled,omitempty" doc:"How many tasks were in it."`
	Note         string    `json:"note,omitempty"`
}

type categoryList struct {
	Categories []labelView `json:"categories"`
	Total      int         `json:"total"`
}

func (o *Operations) categoryOperations() []Operation {
	return []Operation{
		define(Operation{
			Name: "create_category", Title: "Create a category",
			Summary: "Creates a category; a task is in one at most.",
			Example: `{"name": "Work", "color": "#1E90FF"}`,
			Details: "A user can have 50.",
			Creates: true,
		}, o.createCategory),
		define(Operation{
			Name: "list_categories", Title: "List categories",
			Summary:  "Lists all categories by name, with how many tasks each has.",
			Example:  "{}",
			ReadOnly: true, Idempotent: true,
		}, o.listCategories),
		define(Operation{
			Name: "update_category", Title: "Update a category",
			Summary:     "Renames or recolors a category; its tasks stay in it.",
			Example:     `{"category": "Work", "name": "Office"}`,
			Destructive: true, Idempotent: true,
		}, o.updateCategory),
		define(Operation{
			Name: "delete_category", Title: "Delete a category",
			Summary:     "Deletes a category. Its tasks stay, without category; says how many. undo brings it back.",
			Example:     `{"category": "Work"}`,
			Destructive: true,
		}, o.deleteCategory),
	}
}

func (o *Operations) createCategory(ctx context.Context, user person.Settings, in label.CreateCategoryInput) (categoryAnswer, error) {
	created, err := o.labels.CreateCategory(ctx, user, in)
	return categoryAnswer{Category: viewLabel(created)}, err
}

func (o *Operations) listCategories(ctx context.Context, user person.Settings, _ none) (categoryList, error) {
	all, err := o.labels.Categories(ctx, user)
	out := categoryList{Categories: []labelView{}, Total: len(all)}
	for _, c := range all {
		view := viewLabel(c.Label)
		view.TaskCount = &c.Tasks
		out.Categories = append(out.Categories, view)
	}
	return out, err
}

func (o *Operations) updateCategory(ctx context.Context, user person.Settings, in label.UpdateCategoryInput) (categoryAnswer, error) {
	updated, err := o.labels.UpdateCategory(ctx, user, in)
	out := categoryAnswer{Category: viewLabel(updated.Label), Changed: updated.Changed}
	if len(updated.Changed) == 0 {
		out.Note = "nothing changed: it already was so"
	}
	return out, err
}

func (o *Operations) deleteCategory(ctx context.Context, user person.Settings, in label.CategoryInput) (categoryAnswer, error) {
	gone, err := o.labels.DeleteCategory(ctx, user, in)
	return categoryAnswer{
		Category: viewLabel(gone.Label), TasksUnfiled: &gone.Tasks,
		Note: fmt.Sprintf("deleted; %d tasks have no category now", gone.Tasks),
	}, err
}

func viewLabel[T label.Category | label.Tag](one T) labelView {
	l := label.Tag(one)
	return labelView{ID: l.ID, Name: l.Name, Color: l.Color}
}
