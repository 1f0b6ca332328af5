package task

import (
	"context"
	"errors"
	"time"

	"tickler/internal/fault"
	"tickler/internal/person"
)

// Service implements what a caller can do with tasks. Every method acts on behalf of
// one user, whose settings determine how dates are read. Errors that the caller can
// act on are *fault.Error.
type Service struct {
	store Store
	now   func() time.Time
}

// NewService makes a service on top of store; now is the clock.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now}
}

// clock returns the current instant in the form it is stored: UTC, microseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// Get returns a task, or NOT_FOUND.
func (s *Service) Get(ctx context.Context, user person.Settings, id int64) (*Task, error) {
	t, err := s.store.Task(ctx, user.UserID, id)
	if err != nil {
		return nil, taskError(err, id)
	}
	return t, nil
}

// Deletion is the result of deleting a task.
type Deletion struct {
	Task        *Task
	SeriesEnded bool // the task was the open occurrence of a series
	Parts       int  // parts that were deleted with it
}

// Delete removes a task from all lists, with its parts. Reopen restores them.
func (s *Service) Delete(ctx context.Context, user person.Settings, id int64) (Deletion, error) {
	var result Deletion
	err := s.change(ctx, user, id, func(tx Tx, t *Task) error {
		var err error
		result, err = s.delete(ctx, tx, t)
		return err
	})
	return result, err
}

func (s *Service) delete(ctx context.Context, tx Tx, t *Task) (Deletion, error) {
	parts, err := s.deleteParts(ctx, tx, t)
	if err != nil {
		return Deletion{}, err
	}
	now, before := s.clock(), t.Clone()
	t.DeletedAt = &now
	t.disarm()
	t.touch(now)
	return Deletion{Task: t, SeriesEnded: t.Recurrence != nil && !t.Completed(), Parts: parts}, tx.Save(ctx, Change{Kind: Deleted, Before: before, Task: t})
}

// change runs fn on a task that exists and is not deleted, with its row locked.
func (s *Service) change(ctx context.Context, user person.Settings, id int64, fn func(Tx, *Task) error) error {
	return s.changeAny(ctx, user, id, func(tx Tx, t *Task) error {
		if t.DeletedAt != nil {
			return &fault.Error{Code: fault.NotFound, Field: "task_id", Message: "task " + itoa(id) + " is deleted", Hint: "reopen_task restores it"}
		}
		return fn(tx, t)
	})
}

func (s *Service) changeAny(ctx context.Context, user person.Settings, id int64, fn func(Tx, *Task) error) error {
	err := s.store.Tx(ctx, user.UserID, func(tx Tx) error {
		t, err := tx.LockTask(ctx, id)
		if err != nil {
			return err
		}
		return fn(tx, t)
	})
	return taskError(err, id)
}

func (t *Task) touch(now time.Time) {
	t.UpdatedAt = now
	t.Version++
}

func taskError(err error, id int64) error {
	if errors.Is(err, fault.ErrNotFound) {
		return &fault.Error{
			Code: fault.NotFound, Field: "task_id", Message: "there is no task " + itoa(id) + " among yours",
			Hint: "list_tasks or search_tasks gives the ids; a deleted task can be restored with reopen_task",
		}
	}
	return err
}
