package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/task"
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
	// Locked, so that none is added between counting and restoring.
	if err := u.tx.LockTasks(ctx, []int64{former.TaskID}); err != nil {
		return err
	}
	n, err := u.tx.CountComments(ctx, former.TaskID)
	if err != nil {
		return err
	}
	if n >= task.MaxComments {
		return u.block(ctx, e, fmt.Sprintf("its task has %d comments, the most allowed; delete some first", task.MaxComments), nil)
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

// theComment replaces the entry of a task that says that it was commented on by that of
// the comment, which is what can be taken back.
func (u *undo) theComment(ctx context.Context, s Selection, refs []Ref) ([]Ref, error) {
	if s.ChangeID == 0 || refs[0].Object != journal.Task {
		return refs, nil
	}
	chosen, err := u.tx.Entries(ctx, []int64{refs[0].ID})
	if err != nil || len(chosen) == 0 || chosen[0].Action != journal.Commented {
		return refs, err
	}
	var told struct {
		CommentID int64 `json:"comment_id"`
	}
	if err := json.Unmarshal(chosen[0].After, &told); err != nil {
		return nil, err
	}
	same, err := u.tx.Selected(ctx, Selection{CallID: chosen[0].CallID}, MaxUndone)
	if err != nil {
		return nil, err
	}
	// Newest first: what happened to the comment later in the call is not meant.
	for _, r := range slices.Backward(same) {
		if r.Object == journal.Comment && r.ObjectID == told.CommentID {
			return []Ref{r}, nil
		}
	}
	return refs, nil
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
