package task

import (
	"context"
	"crypto/sha256"
	"errors"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"tickler/internal/fault"
	"tickler/internal/label"
	"tickler/internal/person"
)

// Import is a task from elsewhere. Its idempotency key, which is required,
// identifies it there: a task is imported once, whatever has become of it since.
// Missing categories are created, as tags are.
type Import struct {
	AddInput
	TimeZone         string // the zone the due date is meant in; "": the user's
	CreatedAt        *time.Time
	CompletedAt      *time.Time // already done; no successor is created
	AbsoluteReminder *time.Time
	SnoozedUntil     *time.Time
	Series           *Recurrence // its place in the series; the rule is in AddInput
	SeriesDate       *time.Time  // the date of the series it stands for, as wall time
	PreviousTaskID   *int64
	// Comments are in the order in which they were added. Without a time, or with one to
	// come, they are of now.
	Comments []Comment
}

// errDryRun rolls back a dry run.
var errDryRun = errors.New("dry run")

// Import adds a task from elsewhere, with its event; a dry run only tells whether it
// could. Created is false if it was imported before. Reminders that have passed are
// not sent late.
func (s *Service) Import(ctx context.Context, user person.Settings, in Import, dryRun bool) (Addition, error) {
	now := s.clock()
	meant := user
	if in.TimeZone != "" {
		if _, err := person.LoadZone("time_zone", in.TimeZone); err != nil {
			return Addition{}, err
		}
		meant.TimeZone = in.TimeZone
	}
	in.Fields = in.Fields.withoutEmpty()
	t, err := s.draft(meant, in.Fields)
	if err != nil {
		return Addition{}, err
	}
	t.place(in)
	t.float(user)
	t.AbsoluteReminder, t.SnoozedUntil = in.AbsoluteReminder, in.SnoozedUntil
	t.rearm(user, now)
	if in.CreatedAt != nil && in.CreatedAt.Before(now) {
		t.CreatedAt = in.CreatedAt.UTC().Truncate(time.Microsecond)
	}
	sum := sha256.Sum256([]byte(in.IdempotencyKey))
	key := Idempotency{Key: in.IdempotencyKey, Digest: sum[:]}
	var result Addition
	draft := t
	err = s.store.Tx(ctx, user.UserID, func(tx Tx) error {
		t := draft.Clone()
		result = Addition{Task: t, Created: true}
		found, err := replay(ctx, tx, key, &result)
		if err != nil || found {
			return err
		}
		if t.Category, err = label.ObtainCategory(ctx, tx, in.Category.Value); err != nil {
			return err
		}
		if t.Tags, err = label.ResolveTags(ctx, tx, in.Tags.Value, nil); err != nil {
			return err
		}
		if err := t.arrange(ctx, tx, &Task{}, in.Fields, nil); err != nil {
			return err
		}
		inserted, err := tx.Insert(ctx, t, key)
		if err != nil {
			return err
		}
		if !inserted {
			return &fault.Error{Code: fault.Conflict, Message: "its place in the series is taken by another task, or it is being imported at this moment"}
		}
		if in.CompletedAt != nil {
			if err := finish(ctx, tx, t, *in.CompletedAt, now); err != nil {
				return err
			}
		}
		if err := t.importComments(ctx, tx, in.Comments, now); err != nil {
			return err
		}
		if dryRun {
			return errDryRun
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return Addition{}, err
	}
	return result, nil
}

// finish marks a task as done that was completed elsewhere. This is an update, not a
// completion, so that no successor is created.
func finish(ctx context.Context, tx Tx, t *Task, at, now time.Time) error {
	if at = at.UTC().Truncate(time.Microsecond); at.After(now) {
		at = now
	}
	before := t.Clone()
	t.CompletedAt = &at
	t.disarm()
	t.touch(now)
	return tx.Save(ctx, Change{Kind: Updated, Before: before, Task: t})
}

// importComments adds what was said about a task elsewhere.
func (t *Task) importComments(ctx context.Context, tx Tx, said []Comment, now time.Time) error {
	if len(said) == 0 {
		return nil
	}
	comments := slices.Clone(said)
	for i := range comments {
		c := &comments[i]
		c.TaskID = t.ID
		if c.CreatedAt = c.CreatedAt.UTC().Truncate(time.Microsecond); c.CreatedAt.IsZero() || c.CreatedAt.After(now) {
			c.CreatedAt = now
		}
		if c.UpdatedAt = c.UpdatedAt.UTC().Truncate(time.Microsecond); c.UpdatedAt.Before(c.CreatedAt) || c.UpdatedAt.After(now) {
			c.UpdatedAt = c.CreatedAt
		}
	}
	return tx.ImportComments(ctx, t, comments, now)
}

// place puts a task at its place in its series. The id of the series differs between
// users, and is the same for all its tasks.
func (t *Task) place(in Import) {
	t.PreviousTaskID = in.PreviousTaskID
	if t.Recurrence == nil || in.Series == nil {
		return
	}
	r := t.Recurrence
	r.SeriesID = uuid.NewSHA1(in.Series.SeriesID, []byte(strconv.FormatInt(t.UserID, 10)))
	r.Start, r.StartOccurrence, r.Occurrence = in.Series.Start, in.Series.StartOccurrence, in.Series.Occurrence
	switch {
	case !in.DueDate.Set: // the task had no due date
		t.DueDate, t.AllDay, r.Date = nil, false, time.Time{}
	case in.SeriesDate != nil:
		r.Date = *in.SeriesDate
	}
}

// exported is how many tasks or comments are read at a time when all are.
const exported = 100

// Everything yields all of the user's tasks that are not deleted, oldest first. If
// reading fails, the last thing it yields is the error.
func (s *Service) Everything(ctx context.Context, user person.Settings) iter.Seq2[*Task, error] {
	return paged(&Task{CreatedAt: time.Unix(0, 0).UTC()}, func(last *Task) ([]*Task, error) {
		return s.store.Oldest(ctx, user.UserID, last.CreatedAt, last.ID, exported)
	})
}

// EveryComment yields all comments on the user's tasks that are not deleted, task by
// task, those of one task oldest first. If reading fails, the last thing it yields is
// the error.
func (s *Service) EveryComment(ctx context.Context, user person.Settings) iter.Seq2[Comment, error] {
	return paged(Comment{}, func(last Comment) ([]Comment, error) {
		return s.store.CommentsAfter(ctx, user.UserID, last.TaskID, last.ID, exported)
	})
}

// paged yields what page reads after the last one, exported at a time, or an error as
// the last thing.
func paged[T any](last T, page func(last T) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			some, err := page(last)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, last = range some {
				if !yield(last, nil) {
					return
				}
			}
			if len(some) < exported {
				return
			}
		}
	}
}
