package label

import (
	"context"
	"fmt"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

// PlainTags lists the user's tags by name without counting their tasks.
func (s *Service) PlainTags(ctx context.Context, user person.Settings) ([]Tag, error) {
	return s.store.Tags(ctx, user.UserID)
}

// CreateTagInput is a new tag.
type CreateTagInput struct {
	Name  string `json:"name" doc:"Unique, whatever its case." minLength:"1" maxLength:"30" example:"errand"`
	Color string `json:"color,omitempty" doc:"#RRGGBB." example:"#1E90FF"`
}

// TagInput names a tag, by its name or its id.
type TagInput struct {
	Tag   string `json:"tag,omitempty" doc:"Its present name." example:"errand"`
	TagID int64  `json:"tag_id,omitempty" unlisted:"true" doc:"Its id, instead of the name." minimum:"1"`
}

// UpdateTagInput renames or recolors a tag, or merges it into another.
type UpdateTagInput struct {
	TagInput
	Name  input.Optional[string] `json:"name,omitempty" doc:"The new name." minLength:"1" maxLength:"30" example:"shopping"`
	Color input.Optional[string] `json:"color,omitempty" doc:"#RRGGBB." example:"#1E90FF"`
	Clear []string               `json:"clear,omitempty" doc:"[\"color\"] for none." clears:"true" sample:"[\"color\"]"`
	// MergeInto goes alone.
	MergeInto string `json:"merge_into,omitempty" doc:"Name of another: its tasks get that, and it is gone." maxLength:"30" example:"shopping"`
}

// Tags lists the user's tags by name, each with its number of tasks.
func (s *Service) Tags(ctx context.Context, user person.Settings) ([]Counted[Tag], error) {
	return s.store.CountedTags(ctx, user.UserID)
}

// CreateTag adds a tag. A name that another tag has is a CONFLICT.
func (s *Service) CreateTag(ctx context.Context, user person.Settings, in CreateTagInput) (Tag, error) {
	name, err := input.CheckName("name", in.Name, MaxTagName, "errand")
	if err != nil {
		return Tag{}, err
	}
	if err := checkColor(in.Color); err != nil {
		return Tag{}, err
	}
	var created Tag
	err = s.store.ChangeLabels(ctx, user.UserID, func(tx Tx) error {
		all, err := tx.Tags(ctx, true)
		if err != nil {
			return err
		}
		if other := findTag(all, name, 0); other != nil {
			return nameTaken("tag", other.Name, other.ID)
		}
		if err := CheckLookalike("name", "tag", name, tagNames(all)); err != nil {
			return err
		}
		if err := CheckTagRoom("name", name, len(all)); err != nil {
			return err
		}
		var added bool
		if created, added, err = tx.AddTag(ctx, Tag{Name: name, Color: in.Color}); err == nil && !added {
			return nameTaken("tag", created.Name, created.ID)
		}
		return err
	})
	return created, err
}

// UpdateTag changes a tag's name or color. Its tasks keep it and do not change.
func (s *Service) UpdateTag(ctx context.Context, user person.Settings, in UpdateTagInput) (UpdateResult[Tag], error) {
	var result UpdateResult[Tag]
	if err := oneOf("tag", in.Tag, in.TagID); err != nil {
		return result, err
	}
	err := s.store.ChangeLabels(ctx, user.UserID, func(tx Tx) error {
		all, err := tx.Tags(ctx, true)
		if err != nil {
			return err
		}
		before, err := existingTag(all, "tag", in.TagInput)
		if err != nil {
			return err
		}
		if result, err = relabel("tag", MaxTagName, "errand", all, *before, in.Name, in.Color); err != nil {
			return err
		}
		if len(result.Changed) == 0 {
			return nil
		}
		saved, err := tx.SaveTag(ctx, result.Label)
		if err == nil && !saved {
			return nameTaken("tag", result.Label.Name, 0)
		}
		return err
	})
	return result, err
}

// MergeTag gives all tasks of a tag another tag and deletes the one. The result has the
// tag that stays, and how many tasks had the one that went.
func (s *Service) MergeTag(ctx context.Context, user person.Settings, in UpdateTagInput) (Removal[Tag], error) {
	var result Removal[Tag]
	if err := oneOf("tag", in.Tag, in.TagID); err != nil {
		return result, err
	}
	if in.Name.Set || in.Color.Set || len(in.Clear) > 0 {
		return result, fault.Invalid("merge_into", "goes without name, color and clear; update the tag that stays, for example {\"tag\": \"errand\", \"merge_into\": \"shopping\"}")
	}
	err := s.store.ChangeLabels(ctx, user.UserID, func(tx Tx) error {
		all, err := tx.Tags(ctx, false)
		if err != nil {
			return err
		}
		from, err := existingTag(all, "tag", in.TagInput)
		if err != nil {
			return err
		}
		into, err := existingTag(all, "merge_into", TagInput{Tag: in.MergeInto})
		if err != nil {
			return err
		}
		if from.ID == into.ID {
			return fault.Invalid("merge_into", "is the tag itself; allowed is another of yours")
		}
		result.Label = *into
		result.Tasks, err = tx.MergeTag(ctx, from.ID, into.ID, s.clock())
		return err
	})
	return result, err
}

// DeleteTag deletes a tag and removes it from its tasks.
func (s *Service) DeleteTag(ctx context.Context, user person.Settings, in TagInput) (Removal[Tag], error) {
	var result Removal[Tag]
	if err := oneOf("tag", in.Tag, in.TagID); err != nil {
		return result, err
	}
	err := s.store.ChangeLabels(ctx, user.UserID, func(tx Tx) error {
		all, err := tx.Tags(ctx, false)
		if err != nil {
			return err
		}
		found, err := existingTag(all, "tag", in)
		if err != nil {
			return err
		}
		result.Label = *found
		result.Tasks, err = tx.RemoveTag(ctx, found.ID, s.clock())
		return err
	})
	return result, err
}

// Checked returns the name or id given for a tag, with blanks around a name trimmed.
// Exactly one of the two must be given. field names the input in errors.
func (in TagInput) Checked(field string) (TagInput, error) {
	if err := oneOf(field, in.Tag, in.TagID); err != nil {
		return in, err
	}
	if in.TagID != 0 {
		return in, nil
	}
	var err error
	in.Tag, err = input.CheckName(field, in.Tag, MaxTagName, "errand")
	return in, err
}

// existingTag finds a tag by name or id, or reports which tags exist.
func existingTag(all []Tag, field string, in TagInput) (*Tag, error) {
	name := strings.TrimSpace(in.Tag)
	if found := findTag(all, name, in.TagID); found != nil {
		return found, nil
	}
	if in.TagID != 0 {
		e := &fault.Error{Code: fault.NotFound, Field: "tag_id", Message: fmt.Sprintf("there is no tag %d among yours", in.TagID)}
		return nil, e.Quoting(listNames(tagNames(all)), "")
	}
	return nil, noSuch(field, "tag", name, tagNames(all))
}
