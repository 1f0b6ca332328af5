package history

import (
	"context"
	"encoding/json"
	"errors"

	"tickler/internal/fault"
	"tickler/internal/journal"
)

// comment takes back a change of a comment. As with the change itself, only its author
// and the person may.
func (u *undo) comment(ctx context.Context, e journal.Entry, since *trail) error {
	if standing := since.newest(e.ID); standing != nil {
		return u.block(ctx, e, changedSince, standing)
	}
	if e.Action == journal.Deleted {
		return u.restoreComment(ctx, e)
	}
	present, err := u.tx.Comment(ctx, 0, e.ObjectID)
	if errors.Is(err, fault.ErrNotFound) {
		return u.block(ctx, e, "it is gone with its task", nil)
	}
	if err != nil {
		return err
	}
	if !present.May {
		return u.block(ctx, e, anothersComment, nil)
	}
	u.tx.TakeBack(e, nil)
	if e.Action == journal.Updated {
		former := *present
		former.UpdatedAt = u.now
		if err := former.PutBack(e.Before); err != nil {
			return err
		}
		err = u.tx.SaveComment(ctx, *present, former)
	} else {
		err = u.tx.RemoveComment(ctx, *present, u.now)
	}
	if err != nil {
		return err
	}
	u.done(e)
	return nil
}

const anothersComment = "only who wrote it and the person change it"

func (u *undo) restoreComment(ctx context.Context, e journal.Entry) error {
	former, err := u.tx.DeletedComment(ctx, e)
	if err != nil {
		return err
	}
	if !former.May {
		return u.block(ctx, e, anothersComment, nil)
	}
	u.tx.TakeBack(e, nil)
	restored, err := u.tx.RestoreComment(ctx, former, u.now)
	if err != nil {
		return err
	}
	if !restored {
		return u.block(ctx, e, "its task is gone", nil)
	}
	u.done(e)
	return nil
}

// Commented is the task that a comment is on, from one of its entries; 0 if the entry is
// of something else.
func Commented(e journal.Entry) int64 {
	if e.Object != journal.Comment {
		return 0
	}
	for _, text := range []json.RawMessage{e.After, e.Before} {
		var of struct {
			TaskID int64 `json:"task_id"`
		}
		if json.Unmarshal(text, &of) == nil && of.TaskID != 0 {
			return of.TaskID
		}
	}
	return 0
}
