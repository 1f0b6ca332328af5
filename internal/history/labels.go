package history

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"tickler/internal/journal"
	"tickler/internal/label"
)

// label takes back a change of a category or tag.
func (u *undo) label(ctx context.Context, e journal.Entry, since *trail) error {
	if standing := since.newest(e.ID); standing != nil {
		return u.block(ctx, e, changedSince, standing)
	}
	switch e.Action {
	case journal.Created, journal.Restored:
		return u.removeLabel(ctx, e)
	case journal.Updated:
		return u.relabel(ctx, e)
	case journal.Deleted:
		return u.addLabelAgain(ctx, e)
	}
	u.lasting(e, "this cannot be taken back")
	return nil
}

// recorded are the fields of a label in an entry. Those that did not change are
// missing.
type recorded struct {
	Name  *string `json:"name"`
	Color *string `json:"color"`
}

// all reads the user's labels of a kind, and prevents others from changing any.
func (u *undo) labels(ctx context.Context, object journal.Object) (all []label.Tag, most int, err error) {
	if object == journal.Tag {
		all, err = u.tx.Tags(ctx, true)
		return all, label.MaxTagsPerUser, err
	}
	categories, err := u.tx.Categories(ctx, true)
	for _, c := range categories {
		all = append(all, label.Tag(c))
	}
	return all, label.MaxCategories, err
}

func (u *undo) relabel(ctx context.Context, e journal.Entry) error {
	all, _, err := u.labels(ctx, e.Object)
	if err != nil {
		return err
	}
	var former recorded
	if err := json.Unmarshal(e.Before, &former); err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(l label.Tag) bool { return l.ID == e.ObjectID })
	if i < 0 {
		return u.block(ctx, e, "it was deleted since", nil)
	}
	before := all[i]
	if former.Name != nil {
		before.Name = *former.Name
	}
	var given map[string]json.RawMessage // tells a colour that was none from one that did not change
	if err := json.Unmarshal(e.Before, &given); err != nil {
		return err
	}
	if _, changed := given["color"]; changed {
		before.Color = ""
		if former.Color != nil {
			before.Color = *former.Color
		}
	}
	u.tx.TakeBack(e, nil)
	save := func() (bool, error) { return u.tx.SaveTag(ctx, before) }
	if e.Object == journal.Category {
		save = func() (bool, error) { return u.tx.SaveCategory(ctx, label.Category(before)) }
	}
	saved, err := save()
	if err != nil {
		return err
	}
	if !saved {
		return u.block(ctx, e, "another has its former name by now", nil)
	}
	u.done(e)
	return nil
}

// removeLabel removes a label that was created, or that was given back to its tasks.
// Tasks that got it otherwise stand in the way.
func (u *undo) removeLabel(ctx context.Context, e journal.Entry) error {
	having, err := u.tx.TasksWith(ctx, e.Object, e.ObjectID)
	if err != nil {
		return err
	}
	followed, err := u.tx.Consequences(ctx, e)
	if err != nil {
		return err
	}
	var others, moved []int64
	for id, version := range having {
		switch known, there := followed[id]; {
		case !there:
			others = append(others, id)
		case known.Version != version:
			moved = append(moved, id)
		}
	}
	if len(others) > 0 || len(moved) > maxApart {
		return u.block(ctx, e, fmt.Sprintf("tasks have it by other changes, for example task %d", slices.Min(append(others, moved...))), nil)
	}
	for part := range slices.Chunk(slices.Sorted(slices.Values(moved)), pageSize) {
		if err := u.readFollowed(ctx, part, followed); err != nil {
			return err
		}
		for _, id := range part {
			_, trail, err := u.known(ctx, id)
			if err != nil {
				return err
			}
			if standing := trail.newest(followed[id].Entry); standing != nil {
				return u.block(ctx, e, fmt.Sprintf("task %d, which has it, was changed since", id), standing)
			}
			u.forget(id)
		}
	}
	u.tx.TakeBack(e, followed)
	remove := func() (int, error) { return u.tx.RemoveTag(ctx, e.ObjectID, u.now) }
	if e.Object == journal.Category {
		remove = func() (int, error) { return u.tx.RemoveCategory(ctx, e.ObjectID, u.now) }
	} else if into := e.MergedInto(); into != 0 { // it came back from a merging of tags
		remove = func() (int, error) { return u.tx.MergeTag(ctx, e.ObjectID, into, u.now) }
	}
	tasks, err := remove()
	if err != nil {
		return err
	}
	u.result.Count += tasks
	u.forgetAll() // those in the trash lost it too
	u.done(e)
	return nil
}

// addLabelAgain brings a deleted label back, and gives it to the tasks that had it.
func (u *undo) addLabelAgain(ctx context.Context, e journal.Entry) error {
	all, most, err := u.labels(ctx, e.Object)
	if err != nil {
		return err
	}
	if len(all) >= most {
		return u.block(ctx, e, fmt.Sprintf("there are %d by now, the most allowed", most), nil)
	}
	var was recorded
	if err := json.Unmarshal(e.Before, &was); err != nil {
		return err
	}
	back := label.Tag{ID: e.ObjectID}
	if was.Name != nil {
		back.Name = *was.Name
	}
	if was.Color != nil {
		back.Color = *was.Color
	}
	u.tx.TakeBack(e, nil)
	added, err := u.tx.AddLabelAgain(ctx, e, back)
	if err != nil {
		return err
	}
	if !added {
		return u.block(ctx, e, "another has its name by now", nil)
	}
	u.done(e)
	followed, err := u.tx.Consequences(ctx, e)
	if err != nil {
		return err
	}
	given, err := u.tx.GiveAgain(ctx, e, followed, u.now)
	if err != nil {
		return err
	}
	u.result.Count += len(given)
	u.forgetAll() // those in the trash got it too
	for _, id := range given {
		delete(followed, id)
	}
	return u.apart(ctx, e, followed)
}

// apart takes back one by one what followed from a change, of tasks that have changed
// since.
func (u *undo) apart(ctx context.Context, e journal.Entry, followed Consequences) error {
	if len(followed) > maxApart {
		return u.block(ctx, e, fmt.Sprintf("%d tasks that it concerned were changed since", len(followed)), nil)
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(followed)), pageSize) {
		if err := u.readFollowed(ctx, part, followed); err != nil {
			return err
		}
		ids := make([]int64, len(part))
		for i, id := range part {
			ids[i] = followed[id].Entry
		}
		entries, err := u.tx.Entries(ctx, ids)
		if err != nil {
			return err
		}
		for _, one := range entries {
			if err := u.task(ctx, one); err != nil {
				return err
			}
			u.forget(one.ObjectID)
		}
	}
	return nil
}

// readFollowed reads tasks with their trails from what followed on.
func (u *undo) readFollowed(ctx context.Context, ids []int64, followed Consequences) error {
	for _, id := range ids {
		u.oldest = min(u.oldest, followed[id].Entry)
	}
	return u.readTasks(ctx, ids)
}
