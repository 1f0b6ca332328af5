package task

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
)

// UpdateResult is the result of updating a task.
type UpdateResult struct {
	Task    *Task
	Changed []string // public names of the fields that have a new value, sorted
}

// Update changes the given fields of a task. A field given with the value that
// it already has is no change. Changing the due date or the rule of an open
// occurrence re-anchors its series from it.
func (s *Service) Update(ctx context.Context, user person.Settings, in UpdateInput) (UpdateResult, error) {
	edited, err := s.Edit(ctx, user, EditInput{UpdateInput: in})
	return edited.UpdateResult, err
}

// alter stores what is different between before and t, when anything is.
func alter(ctx context.Context, tx Tx, before, t *Task, now time.Time) (UpdateResult, error) {
	fields := differences(before, t)
	result := UpdateResult{Task: t}
	for name := range fields {
		result.Changed = append(result.Changed, name)
	}
	slices.Sort(result.Changed)
	if len(fields) == 0 {
		return result, nil
	}
	t.touch(now)
	return result, tx.Save(ctx, Change{Kind: Updated, Task: t, Fields: fields})
}

func (t *Task) apply(ctx context.Context, tx Tx, user person.Settings, in UpdateInput, now time.Time) error {
	if in.IfVersion != 0 && in.IfVersion != t.Version {
		return &fault.Error{
			Code: fault.Conflict, Field: "if_version",
			Message: fmt.Sprintf("the task has version %d by now, not %d; somebody changed it meanwhile", t.Version, in.IfVersion),
			Hint:    "get_task shows it as it is; then update with its version",
		}
	}
	if err := t.applyText(in); err != nil {
		return err
	}
	if err := t.applyFiling(ctx, tx, in); err != nil {
		return err
	}
	dueChanged, err := t.applyDue(user, in, now)
	if err != nil {
		return err
	}
	if err := t.applyRule(in, dueChanged, now); err != nil {
		return err
	}
	offsetsChanged := false
	if in.ReminderOffsets.Set {
		if err := person.CheckOffsets("reminder_offsets", in.ReminderOffsets.Value); err != nil {
			return err
		}
		offsetsChanged = t.setOffsets(in.ReminderOffsets)
	}
	if (dueChanged || offsetsChanged) && !t.Completed() {
		t.arm(user.ReminderOffsets, now)
	}
	return nil
}

func (t *Task) applyText(in UpdateInput) error {
	if in.Title.Set {
		title, err := checkTitle(in.Title.Value) // null is as empty as ""
		if err != nil {
			return err
		}
		t.Title = title
	}
	if in.Description.Set {
		if err := input.CheckText("description", in.Description.Value, MaxDescription); err != nil {
			return err
		}
		t.Description = in.Description.Value
	}
	if in.Priority.Set {
		t.Priority = Medium
		if !in.Priority.Null {
			if err := checkPriority("priority", in.Priority.Value); err != nil {
				return err
			}
			t.Priority = in.Priority.Value
		}
	}
	return nil
}

func (t *Task) applyFiling(ctx context.Context, tx Tx, in UpdateInput) error {
	if in.Category.Set || in.CategoryID.Set {
		category, err := label.ResolveCategory(ctx, tx, in.Category.Value, in.CategoryID.Value)
		if err != nil {
			return err
		}
		t.Category = category
	}
	if in.Tags.Set || in.TagIDs.Set {
		tags, err := label.ResolveTags(ctx, tx, in.Tags.Value, in.TagIDs.Value)
		if err != nil {
			return err
		}
		t.Tags = tags
	}
	return nil
}

func (t *Task) applyDue(user person.Settings, in UpdateInput, now time.Time) (changed bool, err error) {
	if !in.DueDate.Set {
		return false, nil
	}
	if in.DueDate.Null {
		changed = t.DueDate != nil
		t.DueDate, t.AllDay = nil, false
		return changed, nil
	}
	due, err := readDue("due_date", in.DueDate.Value, user, now)
	if err != nil {
		return false, err
	}
	changed = t.DueDate == nil || !t.DueDate.Equal(due.Time) || t.AllDay != due.AllDay
	if changed {
		t.DueDate, t.AllDay, t.TimeZone = &due.Time, due.AllDay, user.TimeZone
	}
	return changed, nil
}

func (t *Task) applyRule(in UpdateInput, dueChanged bool, now time.Time) error {
	base := RecurrenceBase("")
	if t.Recurrence != nil {
		base = t.Recurrence.Base
	}
	if in.RecurrenceBase.Set && !in.RecurrenceBase.Null {
		base = in.RecurrenceBase.Value
		if err := input.CheckEnum("recurrence_base", base, FromDue, FromCompletion); err != nil {
			return err
		}
		if t.Recurrence == nil && !in.RecurrenceRule.Set {
			return fault.Invalid("recurrence_base", "needs a recurrence_rule, for example \"weekly\"")
		}
	} else if in.RecurrenceBase.Null {
		base = FromDue
	}
	switch {
	case in.RecurrenceRule.Null:
		t.Recurrence = nil
		return nil
	case in.RecurrenceRule.Set:
		before := t.Recurrence
		if err := t.setRule(in.RecurrenceRule.Value, base, now); err != nil {
			return err
		}
		if before != nil {
			t.Recurrence.SeriesID = before.SeriesID
			if before.Rule == t.Recurrence.Rule { // the same rule: only the base or the date may be new
				*t.Recurrence = *before
				t.Recurrence.Base = base
			}
		}
	case t.Recurrence != nil && in.RecurrenceBase.Set:
		t.Recurrence.Base = base
	}
	if t.Recurrence != nil && dueChanged && !t.Completed() {
		t.reanchor(now)
		return t.checkSeries()
	}
	return nil
}
