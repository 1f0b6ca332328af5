package label

import (
	"context"

	"tickler/internal/input"
	"tickler/internal/person"
)

// CreateCategoryInput is a new category.
type CreateCategoryInput struct {
	Name  string `json:"name" doc:"Unique, whatever its case." minLength:"1" maxLength:"50" example:"Work"`
	Color string `json:"color,omitempty" doc:"#RRGGBB." example:"#1E90FF"`
}

// CategoryInput names a category, by its name or its id.
type CategoryInput struct {
	Category   string `json:"category,omitempty" doc:"Its present name." example:"Work"`
	CategoryID int64  `json:"category_id,omitempty" unlisted:"true" doc:"Its id, instead of the name." minimum:"1"`
}

// UpdateCategoryInput renames or recolors a category.
type UpdateCategoryInput struct {
	CategoryInput
	Name  input.Optional[string] `json:"name,omitempty" doc:"The new name." minLength:"1" maxLength:"50" example:"Office"`
	Color input.Optional[string] `json:"color,omitempty" doc:"#RRGGBB." example:"#1E90FF"`
	Clear []string               `json:"clear,omitempty" doc:"[\"color\"] for none." clears:"true" sample:"[\"color\"]"`
}

// Categories lists the user's categories by name, each with its number of tasks.
func (s *Service) Categories(ctx context.Context, user person.Settings) ([]Counted[Category], error) {
	return s.store.CountedCategories(ctx, user.UserID)
}

// PlainCategories lists the user's categories by name without counting their tasks,
// which takes a look at all of them.
func (s *Service) PlainCategories(ctx context.Context, user person.Settings) ([]Category, error) {
	return s.store.Categories(ctx, user.UserID)
}

// CreateCategory adds a category. A name that another category has is a CONFLICT.
func (s *Service) CreateCategory(ctx context.Context, user person.Settings, in CreateCategoryInput) (Category, error) {
	name, err := input.CheckName("name", in.Name, MaxCategoryName, "Work")
	if err != nil {
		return Category{}, err
	}
	if err := checkColor(in.Color); err != nil {
		return Category{}, err
	}
	var created Category
	err = s.store.ChangeLabels(ctx, user.UserID, func(tx Tx) error {
		all, err := tx.Categories(ctx, true)
		if err != nil {
			return err
		}
		if other, err := findCategory(all, name, 0); err == nil {
			return nameTaken("category", other.Name, other.ID)
		}
		if err := CheckLookalike("name", "category", name, categoryNames(all)); err != nil {
			return err
		}
		if err := CheckCategoryRoom("name", name, len(all)); err != nil {
			return err
		}
		var added bool
		if created, added, err = tx.AddCategory(ctx, Category{Name: name, Color: in.Color}); err == nil && !added {
			return nameTaken("category", created.Name, created.ID)
		}
		return err
	})
	return created, err
}

// UpdateCategory changes a category's name or color. Its tasks stay in it and do not
// change.
func (s *Service) UpdateCategory(ctx context.Context, user person.Settings, in UpdateCategoryInput) (UpdateResult[Category], error) {
	var result UpdateResult[Category]
	if err := oneOf("category", in.Category, in.CategoryID); err != nil {
		return result, err
	}
	err := s.store.ChangeLabels(ctx, user.UserID, func(tx Tx) error {
		all, err := tx.Categories(ctx, true)
		if err != nil {
			return err
		}
		before, err := findCategory(all, in.Category, in.CategoryID)
		if err != nil {
			return err
		}
		if result, err = relabel("category", MaxCategoryName, "Work", all, *before, in.Name, in.Color); err != nil {
			return err
		}
		if len(result.Changed) == 0 {
			return nil
		}
		saved, err := tx.SaveCategory(ctx, result.Label)
		if err == nil && !saved {
			return nameTaken("category", result.Label.Name, 0)
		}
		return err
	})
	return result, err
}

// DeleteCategory deletes a category. Its tasks stay, without a category.
func (s *Service) DeleteCategory(ctx context.Context, user person.Settings, in CategoryInput) (Removal[Category], error) {
	var result Removal[Category]
	if err := oneOf("category", in.Category, in.CategoryID); err != nil {
		return result, err
	}
	err := s.store.ChangeLabels(ctx, user.UserID, func(tx Tx) error {
		found, err := ResolveCategory(ctx, tx, in.Category, in.CategoryID)
		if err != nil {
			return err
		}
		result.Label = *found
		result.Tasks, err = tx.RemoveCategory(ctx, found.ID, s.clock())
		return err
	})
	return result, err
}
