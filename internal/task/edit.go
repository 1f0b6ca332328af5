package task

import (
	"context"
	"slices"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

// MaxBatch is how many tasks one call may add or edit.
const MaxBatch = 50

// EditInput is everything that one call can do to a task: first fields, then tags,
// then the reminder, then the action. Only reopening comes first, since a deleted
// task cannot be changed.
type EditInput struct {
	UpdateInput
	AddTags    []string `json:"add_tags,omitempty" doc:"Names; unknown ones are created." maxItems:"10"`
	RemoveTags []string `json:"remove_tags,omitempty" doc:"Names." maxItems:"10"`
	// RemindAt and SnoozeMinutes: see ReminderInput.
	RemindAt      string `json:"remind_at,omitempty" doc:"As set_reminder takes it." example:"2026-03-01T09:00"`
	SnoozeMinutes int    `json:"snooze_minutes,omitempty" doc:"As set_reminder takes it." minimum:"1" maximum:"527040" example:"10"`
	Action        string `json:"action,omitempty" doc:"What to do in the end." enum:"complete,delete,reopen,skip"`
	// CompletedAt is for the action complete; see CompleteInput.
	CompletedAt string `json:"completed_at,omitempty" doc:"When it was done, if not now."`
	Parts       Parts  `json:"parts,omitempty" doc:"As complete_task takes it." enum:"complete,keep"`
}

// Editing is the result of editing a task: an UpdateResult and that of the action.
type Editing struct {
	UpdateResult
	Completion *Completion
	Deletion   *Deletion
	Reopening  *Reopening
	Skipping   *Skipping
}

// Edit makes several changes to a task in one transaction: all or none.
func (s *Service) Edit(ctx context.Context, user person.Settings, in EditInput) (Editing, error) {
	if in.Action != "" {
		if err := input.CheckEnum("action", in.Action, "delete", "reopen", "skip", "complete"); err != nil {
			return Editing{}, err
		}
	}
	at, err := s.doneAt(user, in.CompletedAt)
	if err != nil {
		return Editing{}, err
	}
	reminder, err := in.reminder()
	if err != nil {
		return Editing{}, err
	}
	change := s.change
	if in.Action == "reopen" {
		change = s.changeAny
	}
	var result Editing
	err = change(ctx, user, in.TaskID, func(tx Tx, t *Task) error {
		now := s.clock()
		if err := t.checkVersion(in.IfVersion); err != nil {
			return err
		}
		if in.Action == "reopen" {
			undone, err := s.reopen(ctx, tx, t, user)
			if err != nil {
				return err
			}
			result.Reopening = &undone
		}
		before := t.Clone()
		if err := t.set(in.Fields, in.Scope, user, now); err != nil {
			return err
		}
		if err := t.file(ctx, tx, in.Fields); err != nil {
			return err
		}
		if err := t.arrange(ctx, tx, before, in.Fields, nil); err != nil {
			return err
		}
		if err := t.retag(ctx, tx, in.AddTags, in.RemoveTags); err != nil {
			return err
		}
		if reminder.given() > 0 {
			if err := t.remind(user, reminder, now); err != nil {
				return err
			}
		}
		var err error
		if result.UpdateResult, err = alter(ctx, tx, before, t, now); err != nil {
			return err
		}
		commented, err := t.comment(ctx, tx, in.Comment, now)
		if err != nil {
			return err
		}
		if commented {
			result.Changed = slices.Sorted(slices.Values(append(result.Changed, "comment")))
		}
		switch in.Action {
		case "complete":
			done := Completion{Task: t}
			if done.Changed, done.Parts, err = s.complete(ctx, tx, t, at, in.Parts); err != nil {
				return err
			}
			result.Completion = &done
			return done.predictNext(ctx, tx, user, now)
		case "delete":
			gone, err := s.delete(ctx, tx, t)
			result.Deletion = &gone
			return err
		case "skip":
			skipped, err := s.skip(ctx, tx, t, user)
			result.Skipping = &skipped
			return err
		}
		return nil
	})
	return result, err
}

// reminder returns the part of the input that set_reminder would take.
func (in EditInput) reminder() (ReminderInput, error) {
	var out ReminderInput
	if in.RemindAt != "" {
		out.RemindAt = input.Some(in.RemindAt)
	}
	if in.SnoozeMinutes != 0 {
		out.SnoozeMinutes = input.Some(in.SnoozeMinutes)
	}
	if out.given() > 1 {
		return out, fault.Invalid("remind_at", "and snooze_minutes were both given; give one of them")
	}
	return out, out.check()
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
