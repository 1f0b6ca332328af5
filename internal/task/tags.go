package task

import (
	"context"

	"tickler/internal/label"
	"tickler/internal/person"
)

// TaggingInput is one tag of one task.
type TaggingInput struct {
	TaskID int64  `json:"task_id" doc:"Its id." minimum:"1"`
	Tag    string `json:"tag,omitempty" doc:"Its name." maxLength:"30" example:"errand"`
	TagID  int64  `json:"tag_id,omitempty" unlisted:"true" doc:"Its id, instead of the name." minimum:"1"`
}

// AddTagToTask adds a tag to a task, and creates the tag if the name is unknown.
// Adding a tag the task already has changes nothing, even at the limit.
func (s *Service) AddTagToTask(ctx context.Context, user person.Settings, in TaggingInput) (UpdateResult, error) {
	return s.changeTags(ctx, user, in, func(known *label.KnownTags, tags []label.Tag, tag label.TagInput) ([]label.Tag, error) {
		return known.With(ctx, tags, "tag", tag)
	})
}

// RemoveTagFromTask removes a tag from a task. If the task does not have the tag,
// nothing changes; if the user does not have it, the error is NOT_FOUND.
func (s *Service) RemoveTagFromTask(ctx context.Context, user person.Settings, in TaggingInput) (UpdateResult, error) {
	return s.changeTags(ctx, user, in, func(known *label.KnownTags, tags []label.Tag, tag label.TagInput) ([]label.Tag, error) {
		return known.Without(tags, "tag", tag)
	})
}

func (s *Service) changeTags(ctx context.Context, user person.Settings, in TaggingInput, change func(*label.KnownTags, []label.Tag, label.TagInput) ([]label.Tag, error)) (UpdateResult, error) {
	tag, err := label.TagInput{Tag: in.Tag, TagID: in.TagID}.Checked("tag")
	if err != nil {
		return UpdateResult{}, err
	}
	var result UpdateResult
	err = s.change(ctx, user, in.TaskID, func(tx Tx, t *Task) error {
		now, before := s.clock(), t.Clone()
		known, err := label.ReadTags(ctx, tx)
		if err != nil {
			return err
		}
		if t.Tags, err = change(known, t.Tags, tag); err != nil {
			return err
		}
		result, err = alter(ctx, tx, before, t, now)
		return err
	})
	return result, err
}

// retag removes tags from the task and then adds others, so that a tag can be
// replaced at the limit. Removing a tag the task does not have is no change.
func (t *Task) retag(ctx context.Context, tx Tx, add, remove []string) error {
	if len(add) == 0 && len(remove) == 0 {
		return nil
	}
	known, err := label.ReadTags(ctx, tx)
	if err != nil {
		return err
	}
	for _, name := range remove {
		tag, err := label.TagInput{Tag: name}.Checked("remove_tags")
		if err != nil {
			return err
		}
		if t.Tags, err = known.Without(t.Tags, "remove_tags", tag); err != nil {
			return err
		}
	}
	for _, name := range add {
		tag, err := label.TagInput{Tag: name}.Checked("add_tags")
		if err != nil {
			return err
		}
		if t.Tags, err = known.With(ctx, t.Tags, "add_tags", tag); err != nil {
			return err
		}
	}
	return nil
}
