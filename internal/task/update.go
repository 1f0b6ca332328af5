package task

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"tickler/internal/fault"
	"tickler/internal/person"
)

// UpdateResult is the result of updating a task.
type UpdateResult struct {
	Task    *Task
	Changed []string // public names of the changed fields, sorted
}

// Update changes the given fields of a task. A field given with its present value
// does not count as changed.
func (s *Service) Update(ctx context.Context, user person.Settings, in UpdateInput) (UpdateResult, error) {
	edited, err := s.Edit(ctx, user, EditInput{UpdateInput: in})
	return edited.UpdateResult, err
}

// alter stores the difference between before and t, if there is any.
func alter(ctx context.Context, tx Tx, before, t *Task, now time.Time) (UpdateResult, error) {
	_, fields := Differences(before, t)
	result := UpdateResult{Task: t, Changed: slices.Sorted(maps.Keys(fields))}
	// Callers see whole days in due_date.
	result.Changed = slices.DeleteFunc(result.Changed, func(name string) bool { return name == "due_day" })
	if len(fields) == 0 {
		return result, nil
	}
	t.touch(now)
	err := tx.Save(ctx, Change{Kind: Updated, Before: before, Task: t})
	if err == nil && !slices.Equal(before.BlockedBy, t.BlockedBy) {
		err = stand(ctx, tx, t)
	}
	return result, err
}

// checkVersion refuses an update if the task has changed since its caller read it.
func (t *Task) checkVersion(version int) error {
	if version == 0 || version == t.Version {
		return nil
	}
	return &fault.Error{
		Code: fault.Conflict, Field: "if_version",
		Message: fmt.Sprintf("the task has version %d by now, not %d; somebody changed it meanwhile", t.Version, version),
		Hint:    "get_task shows it as it is; then update with its version",
	}
}
