package task

import (
	"context"
	"fmt"
	"slices"
)

// TaggingInput is one tag of one task.
type TaggingInput struct {
	TaskID int64  `json:"task_id" doc:"The task's id." minimum:"1"`
	Tag    string `json:"tag,omitempty" doc:"Name of the tag." maxLength:"30" example:"errand"`
	TagID  int64  `json:"tag_id,omitempty" doc:"Its id, instead of the name."`
}

// AddTagToTask gives a task a tag; an unknown name is created. A tag that the
// task has already is no change, also when it has as many as it may.
func (s *Service) AddTagToTask(ctx context.Context, user Settings, in TaggingInput) (Alteration, error) {
	return s.tagging(ctx, user, in, func(tx Tx, t *Task, in TaggingInput) error {
		known, err := readTags(ctx, tx)
		if err != nil {
			return err
		}
		return t.addTag(ctx, known, "tag", in)
	})
}

// RemoveTagFromTask takes a tag off a task. One that the task does not have is
// no change; one that the user does not have is NOT_FOUND.
func (s *Service) RemoveTagFromTask(ctx context.Context, user Settings, in TaggingInput) (Alteration, error) {
	return s.tagging(ctx, user, in, func(tx Tx, t *Task, in TaggingInput) error {
		if t.dropTag(in) {
			return nil
		}
		all, err := tx.Tags(ctx, false)
		if err != nil {
			return err
		}
		_, err = existingTag(all, TagInput{Tag: in.Tag, TagID: in.TagID})
		return err
	})
}

func (s *Service) tagging(ctx context.Context, user Settings, in TaggingInput, fn func(Tx, *Task, TaggingInput) error) (Alteration, error) {
	if err := oneOf("tag", in.Tag, in.TagID); err != nil {
		return Alteration{}, err
	}
	if in.Tag != "" {
		var err error
		if in.Tag, err = checkName("tag", in.Tag, MaxTagName, "errand"); err != nil {
			return Alteration{}, err
		}
	}
	var result Alteration
	err := s.change(ctx, user, in.TaskID, func(tx Tx, t *Task) error {
		now, before := s.clock(), t.Clone()
		if err := fn(tx, t, in); err != nil {
			return err
		}
		var err error
		result, err = alter(ctx, tx, before, t, now)
		return err
	})
	return result, err
}

// addTag gives the task a tag, unless it has it. field names the input in errors.
func (t *Task) addTag(ctx context.Context, known *knownTags, field string, in TaggingInput) error {
	if findTag(t.Tags, in.Tag, in.TagID) != nil {
		return nil
	}
	if in.TagID != 0 {
		field = "tag_id"
	}
	if len(t.Tags) >= MaxTagsPerTask {
		return &Error{
			Code: LimitExceeded, Field: field, Message: fmt.Sprintf("task %d has %d tags, the most allowed", t.ID, MaxTagsPerTask),
			Hint: "take one off with remove_tag_from_task",
		}
	}
	var tag *Tag
	var err error
	if in.TagID != 0 {
		tag, err = existingTag(known.all, TagInput{TagID: in.TagID})
	} else {
		tag, err = known.obtain(ctx, field, in.Tag)
	}
	if err != nil {
		return err
	}
	t.Tags = append(t.Tags, *tag)
	sortTags(t.Tags)
	return nil
}

// dropTag takes a tag off the task, and tells whether it was there.
func (t *Task) dropTag(in TaggingInput) bool {
	found := findTag(t.Tags, in.Tag, in.TagID)
	if found == nil {
		return false
	}
	id := found.ID
	t.Tags = slices.DeleteFunc(t.Tags, func(o Tag) bool { return o.ID == id })
	return true
}
