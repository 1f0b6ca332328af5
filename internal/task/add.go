package task

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Addition is the result of adding a task.
type Addition struct {
	Task    *Task
	Created bool // false: the idempotency key had been used, this is its task
}

// Add creates a task. With an idempotency key the call can be repeated: the
// same key with the same content returns the task that was made the first time.
func (s *Service) Add(ctx context.Context, user person.Settings, in AddInput) (Addition, error) {
	t, err := s.draft(user, in)
	if err != nil {
		return Addition{}, err
	}
	if err := input.CheckText("idempotency_key", in.IdempotencyKey, MaxIdempotencyKey); err != nil {
		return Addition{}, err
	}
	key := Idempotency{Key: in.IdempotencyKey, Digest: digest(in)}
	result := Addition{Task: t, Created: true}
	err = s.store.Tx(ctx, user.UserID, func(tx Tx) error {
		if key.Key != "" { // before all else: a repeated call must not depend on what changed since
			found, err := replay(ctx, tx, key, &result)
			if err != nil || found {
				return err
			}
		}
		if t.Category, err = label.ResolveCategory(ctx, tx, in.Category, in.CategoryID); err != nil {
			return err
		}
		if t.Tags, err = label.ResolveTags(ctx, tx, in.Tags, in.TagIDs); err != nil {
			return err
		}
		inserted, err := tx.Insert(ctx, t, key)
		if err != nil || inserted {
			return err
		}
		_, err = replay(ctx, tx, key, &result) // somebody used the key this very moment
		return err
	})
	if err != nil {
		return Addition{}, err
	}
	return result, nil
}

// replay finds the task that was added with a key before.
func replay(ctx context.Context, tx Tx, key Idempotency, result *Addition) (found bool, err error) {
	first, used, err := tx.TaskByKey(ctx, key.Key)
	if errors.Is(err, fault.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !bytes.Equal(used.Digest, key.Digest) {
		return false, &fault.Error{
			Code: fault.Conflict, Field: "idempotency_key",
			Message: fmt.Sprintf("this key was already used to add task %d with other content; use a new key for a new task", first.ID),
		}
	}
	*result = Addition{Task: first}
	return true, nil
}

// draft checks the fields that need no store.
func (s *Service) draft(user person.Settings, in AddInput) (*Task, error) {
	now := s.clock()
	t := &Task{
		UserID: user.UserID, Priority: Medium, TimeZone: user.TimeZone,
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	var err error
	if t.Title, err = checkTitle(in.Title); err != nil {
		return nil, err
	}
	if err := input.CheckText("description", in.Description, MaxDescription); err != nil {
		return nil, err
	}
	t.Description = in.Description
	if in.Priority != "" {
		if err := checkPriority("priority", in.Priority); err != nil {
			return nil, err
		}
		t.Priority = in.Priority
	}
	if in.DueDate != "" {
		due, err := readDue("due_date", in.DueDate, user, now)
		if err != nil {
			return nil, err
		}
		t.DueDate, t.AllDay = &due.Time, due.AllDay
	}
	if err := person.CheckOffsets("reminder_offsets", in.ReminderOffsets); err != nil {
		return nil, err
	}
	t.ReminderOffsets = in.ReminderOffsets
	if in.RecurrenceBase != "" && in.RecurrenceRule == "" {
		return nil, fault.Invalid("recurrence_base", "needs a recurrence_rule, for example \"weekly\"")
	}
	if in.RecurrenceRule != "" {
		if err := t.setRule(in.RecurrenceRule, in.RecurrenceBase, now); err != nil {
			return nil, err
		}
	}
	t.arm(user.ReminderOffsets, now)
	return t, nil
}

// digest identifies the content of an addition.
func digest(in AddInput) []byte {
	in.IdempotencyKey = ""
	// Marshalling a struct of strings and numbers cannot fail.
	content, _ := json.Marshal(in)
	sum := sha256.Sum256(content)
	return sum[:]
}
