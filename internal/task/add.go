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
	"tickler/internal/person"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Addition is the result of adding a task.
type Addition struct {
	Task    *Task
	Created bool // false: the idempotency key was used before; this is the task it created
}

// Add creates a task. With an idempotency key the call can be repeated: the same key
// with the same content returns the task created the first time.
func (s *Service) Add(ctx context.Context, user person.Settings, in AddInput) (Addition, error) {
	in.Fields = in.Fields.withoutEmpty()
	draft, err := s.draft(user, in.Fields)
	if err != nil {
		return Addition{}, err
	}
	if err := input.CheckText("idempotency_key", in.IdempotencyKey, MaxIdempotencyKey); err != nil {
		return Addition{}, err
	}
	key := Idempotency{Key: in.IdempotencyKey, Digest: digest(in)}
	var result Addition
	err = s.store.Tx(ctx, user.UserID, func(tx Tx) error {
		t := draft.Clone()
		result = Addition{Task: t, Created: true}
		if key.Key != "" { // first of all: a repeated call must not depend on what changed since
			found, err := replay(ctx, tx, key, &result)
			if err != nil || found {
				return err
			}
		}
		if err := t.file(ctx, tx, in.Fields); err != nil {
			return err
		}
		if err := t.arrange(ctx, tx, &Task{}, in.Fields, nil); err != nil {
			return err
		}
		inserted, err := tx.Insert(ctx, t, key)
		if err != nil {
			return err
		}
		if inserted && len(t.BlockedBy) > 0 {
			return stand(ctx, tx, t)
		}
		if inserted {
			return nil
		}
		_, err = replay(ctx, tx, key, &result) // a concurrent call used the key
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

// draft makes a task from the fields that need no store.
func (s *Service) draft(user person.Settings, f Fields) (*Task, error) {
	now := s.clock()
	t := &Task{
		UserID: user.UserID, Priority: Medium, TimeZone: user.TimeZone,
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	f.Title.Set = true // a task cannot do without one
	if err := t.set(f, ThisAndFollowing, user, now); err != nil {
		return nil, err
	}
	return t, nil
}

// digest identifies the content of an addition, with what else it says.
func digest(in AddInput, more ...any) []byte {
	in.IdempotencyKey = ""
	sum := sha256.New()
	for _, one := range append([]any{in}, more...) {
		// Marshaling strings and numbers, and writing to a digest, cannot fail.
		content, _ := json.Marshal(one)
		_, _ = sum.Write(content)
	}
	return sum.Sum(nil)
}
