package task

import (
	"context"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

// MaxBatch is how many tasks one call may add or edit.
const MaxBatch = 50

// EditInput is everything that one call can do to a task: first fields, then tags,
// then the action.
type EditInput struct {
	UpdateInput
	AddTags    []string `json:"add_tags,omitempty" doc:"Names; unknown ones are created." maxItems:"10"`
	RemoveTags []string `json:"remove_tags,omitempty" doc:"Names." maxItems:"10"`
	Action     string   `json:"action,omitempty" doc:"What to do in the end." enum:"complete,delete"`
	// CompletedAt is for the action complete; see CompleteInput.
	CompletedAt string `json:"completed_at,omitempty" doc:"When it was done, if not now."`
}

// Editing is the result of editing a task: an UpdateResult and, depending on the
// action, a Completion or a Deletion.
type Editing struct {
	UpdateResult
	Completion *Completion
	Deletion   *Deletion
}

// Edit makes several changes to a task in one transaction: all or none.
func (s *Service) Edit(ctx context.Context, user person.Settings, in EditInput) (Editing, error) {
	if in.Action != "" {
		if err := input.CheckEnum("action", in.Action, "delete", "complete"); err != nil {
			return Editing{}, err
		}
	}
	at, err := s.doneAt(user, in.CompletedAt)
	if err != nil {
		return Editing{}, err
	}
	var result Editing
	err = s.change(ctx, user, in.TaskID, func(tx Tx, t *Task) error {
		now := s.clock()
		before := t.Clone()
		if err := t.checkVersion(in.IfVersion); err != nil {
			return err
		}
		if err := t.set(in.Fields, in.Scope, user, now); err != nil {
			return err
		}
		if err := t.file(ctx, tx, in.Fields); err != nil {
			return err
		}
		if err := t.retag(ctx, tx, in.AddTags, in.RemoveTags); err != nil {
			return err
		}
		var err error
		if result.UpdateResult, err = alter(ctx, tx, before, t, now); err != nil {
			return err
		}
		switch in.Action {
		case "complete":
			done := Completion{Task: t}
			if done.Changed, err = s.complete(ctx, tx, t, at); err != nil {
				return err
			}
			result.Completion = &done
			return done.predictNext(ctx, tx, user, now)
		case "delete":
			gone, err := s.delete(ctx, tx, t)
			result.Deletion = &gone
			return err
		}
		return nil
	})
	return result, err
}

// CheckBatch refuses a call without tasks, or with too many.
func CheckBatch(field string, items int) error {
	switch {
	case items == 0:
		return fault.Invalid(field, "is empty; allowed are 1 to %d items", MaxBatch)
	case items > MaxBatch:
		return &fault.Error{Code: fault.LimitExceeded, Field: field, Message: field + " has " + itoa(int64(items)) + " items; at most " + itoa(MaxBatch) + " are allowed in one call", Hint: "make several calls; nothing of this one was done"}
	}
	return nil
}
