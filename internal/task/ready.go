package task

import (
	"context"
	"errors"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

// Standing is how a task stands among others, as it was when the task was read.
type Standing struct {
	OpenParts, DoneParts int     // its own parts, not those of its parts
	OpenBlockers         []int64 // of BlockedBy, those that are neither done nor deleted
}

// HasParts tells whether the task has parts that are not deleted.
func (s Standing) HasParts() bool { return s.OpenParts+s.DoneParts > 0 }

// stand reads anew how tasks stand among others, after a change of that in the same
// transaction, so that the answer tells it as it is.
func stand(ctx context.Context, tx Trees, tasks ...*Task) error {
	ids := make([]int64, len(tasks))
	for i, t := range tasks {
		ids[i] = t.ID
	}
	found, err := tx.TasksByID(ctx, ids)
	for _, t := range tasks {
		if now := found[t.ID]; now != nil {
			t.Standing = now.Standing
		}
	}
	return err
}

// Blocked tells whether something must be done before the task can be.
func (t *Task) Blocked() bool {
	return !t.Completed() && t.DeletedAt == nil && len(t.Standing.OpenBlockers) > 0
}

// Structured tells whether anything but its own dates decides on when the task can be
// begun.
func (t *Task) Structured() bool {
	return t.ParentID != nil || len(t.BlockedBy) > 0 || t.StartDate != nil || t.Waiting() || t.Standing.HasParts()
}

// Ready tells whether the task can be begun: it is open, not on hold, has started, all
// that blocks it is done or deleted, and it has no open part.
func (t *Task) Ready(now time.Time) bool {
	return !t.Completed() && t.DeletedAt == nil && !t.Waiting() && t.Started(now) && !t.Blocked() && t.Standing.OpenParts == 0
}

// Structure selects tasks by how they stand among others.
type Structure struct {
	Ready    input.Optional[bool]  `json:"ready,omitzero" null:"absent" doc:"Can be begun now. Likewise blocked, waiting, top_level."`
	Blocked  input.Optional[bool]  `json:"blocked,omitzero" null:"absent" unlisted:"true" doc:"Something has to be done before it."`
	Waiting  input.Optional[bool]  `json:"waiting,omitzero" null:"absent" unlisted:"true" doc:"Is on hold."`
	TopLevel input.Optional[bool]  `json:"top_level,omitzero" null:"absent" unlisted:"true" doc:"Is no part."`
	ParentID input.Optional[int64] `json:"parent_id,omitzero" null:"absent" doc:"The parts of this task." minimum:"1"`
}

// structure adds to a filter. A task that is not the user's has no parts to list.
func (s *Service) structure(ctx context.Context, user person.Settings, in Structure, f *Filter) error {
	for _, one := range []struct {
		given input.Optional[bool]
		into  **bool
	}{{in.Ready, &f.Ready}, {in.Blocked, &f.Blocked}, {in.Waiting, &f.Waiting}, {in.TopLevel, &f.TopLevel}} {
		if one.given.Set && !one.given.Null {
			*one.into = &one.given.Value
		}
	}
	f.Now = s.clock()
	if !in.ParentID.Set || in.ParentID.Null {
		return nil
	}
	f.ParentID = in.ParentID.Value
	_, err := s.store.Task(ctx, user.UserID, f.ParentID)
	if errors.Is(err, fault.ErrNotFound) {
		return noTask("parent_id", f.ParentID)
	}
	return err
}

// noTask is the error for a task that is not the user's, or is deleted.
func noTask(field string, id int64) error {
	return &fault.Error{
		Code: fault.NotFound, Field: field, Message: field + ": there is no task " + itoa(id) + " among yours",
		Hint: "list_tasks or search_tasks gives the ids; a deleted task can be restored with reopen_task",
	}
}
