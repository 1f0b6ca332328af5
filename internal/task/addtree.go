package task

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
)

// MaxRef is how long the name of an item in a call may be, in characters.
const MaxRef = 100

// References name other items of the same call, which have no ids yet.
type References struct {
	Ref           string   `json:"ref,omitempty" doc:"A name for it in this call." maxLength:"100" example:"tiles"`
	ParentRef     string   `json:"parent_ref,omitempty" doc:"The ref of the item that it is a part of." maxLength:"100" example:"bathroom"`
	BlockedByRefs []string `json:"blocked_by_refs,omitempty" doc:"The refs of items to be done first." maxItems:"50" sample:"[\"tiles\"]"`
}

// TreeItem is a new task that may refer to others of the same call.
type TreeItem struct {
	AddInput
	References
}

// All lists the refs of other items.
func (r References) All() []string {
	all := slices.Clone(r.BlockedByRefs)
	if r.ParentRef != "" {
		all = append(all, r.ParentRef)
	}
	return all
}

// ItemError is the error of one of the items that were to be added together.
type ItemError struct {
	Index int
	Err   error
}

func (e *ItemError) Error() string { return fmt.Sprintf("item %d: %v", e.Index, e.Err) }
func (e *ItemError) Unwrap() error { return e.Err }

// ofItem adds which item is at fault. When the database cannot be reached, none is.
func ofItem(i int, err error) error {
	if e := (*fault.Error)(nil); !errors.As(err, &e) && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	return &ItemError{i, err}
}

// AddTree creates tasks that refer to each other, all or none. An item whose
// idempotency key was used before stands for the task that was added then. The error is
// an *ItemError where one item is at fault.
func (s *Service) AddTree(ctx context.Context, user person.Settings, items []TreeItem) ([]Addition, error) {
	place := map[string]int{}
	for i, item := range items {
		if err := item.check(); err != nil {
			return nil, &ItemError{i, err}
		}
		if item.Ref == "" {
			continue
		}
		if _, taken := place[item.Ref]; taken {
			return nil, &ItemError{i, fault.Invalid("ref", "%q is that of another item too; give each its own", fault.Clip(item.Ref))}
		}
		place[item.Ref] = i
	}
	for i, item := range items {
		for _, ref := range item.All() {
			if _, known := place[ref]; !known {
				return nil, &ItemError{i, UnknownRef(item, ref)}
			}
		}
	}
	order, err := parentsFirst(items, place)
	if err != nil {
		return nil, err
	}
	drafts := make([]*Task, len(items))
	for i := range items {
		items[i].Fields = items[i].Fields.withoutEmpty()
		if drafts[i], err = s.draft(user, items[i].Fields); err != nil {
			return nil, &ItemError{i, err}
		}
	}
	var added []Addition
	add := func(tx Tx) error {
		added = make([]Addition, len(items))
		for i, t := range drafts {
			added[i] = Addition{Task: t.Clone(), Created: true}
		}
		return addTogether(ctx, tx, items, order, place, added)
	}
	err = s.store.Tx(ctx, user.UserID, add)
	if errors.Is(err, errKeyUsed) { // and now the task that was added with it can be read
		err = s.store.Tx(ctx, user.UserID, add)
	}
	return added, err
}

// errKeyUsed is the error when another call adds a task with the same key at the same
// moment: others of this call may refer to the id that its own task was to have.
var errKeyUsed = &fault.Error{Code: fault.Conflict, Field: "idempotency_key", Message: "another call used this key at the same moment; nothing was added", Hint: "repeat the call"}

func (item TreeItem) check() error {
	if err := input.CheckText("idempotency_key", item.IdempotencyKey, MaxIdempotencyKey); err != nil {
		return err
	}
	for _, ref := range append(item.All(), item.Ref) {
		if err := input.CheckText("ref", ref, MaxRef); err != nil {
			return err
		}
	}
	if item.ParentRef != "" && item.ParentID.Set && !item.ParentID.Null {
		return fault.Invalid("parent_ref", "and parent_id were both given; give one of them")
	}
	return nil
}

// UnknownRef is the error for a ref that no item has.
func UnknownRef(item TreeItem, ref string) error {
	field := "blocked_by_refs"
	if ref == item.ParentRef {
		field = "parent_ref"
	}
	return fault.Invalid(field, "%q is the ref of no item in this call; give that item the same ref, or the id of a task that exists as parent_id or in blocked_by", fault.Clip(ref))
}

// parentsFirst orders items so that each comes after the one that it is a part of.
func parentsFirst(items []TreeItem, place map[string]int) (order []int, err error) {
	state := make([]int, len(items)) // 1: being placed, 2: placed
	var put func(i int) error
	put = func(i int) error {
		switch state[i] {
		case 1:
			return &ItemError{i, &fault.Error{Code: fault.Conflict, Field: "parent_ref", Message: "parent_ref would make the item a part of itself"}}
		case 2:
			return nil
		}
		state[i] = 1
		if ref := items[i].ParentRef; ref != "" {
			if err := put(place[ref]); err != nil {
				return err
			}
		}
		state[i] = 2
		order = append(order, i)
		return nil
	}
	for i := range items {
		if err := put(i); err != nil {
			return nil, err
		}
	}
	return order, nil
}

func addTogether(ctx context.Context, tx Tx, items []TreeItem, order []int, place map[string]int, added []Addition) error {
	beside := map[int64]string{}
	for i, item := range items { // first of all: a repeated call must not depend on what changed since
		if item.IdempotencyKey == "" {
			continue
		}
		if _, err := replay(ctx, tx, item.key(), &added[i]); err != nil {
			return ofItem(i, err)
		}
	}
	ids, err := tx.NewIDs(ctx, len(items))
	if err != nil {
		return err
	}
	for i := range items {
		if added[i].Created {
			added[i].Task.ID = ids[i]
			beside[ids[i]] = added[i].Task.Title
		}
	}
	alone := standAlone(items, added)
	if alone {
		if err := checkAlone(items, order, place, added); err != nil {
			return err
		}
	}
	for _, i := range order {
		if !added[i].Created {
			continue
		}
		t, f := added[i].Task, items[i].Fields
		if ref := items[i].ParentRef; ref != "" {
			f.ParentID = input.Some(added[place[ref]].Task.ID)
		}
		blockers := slices.Clone(f.BlockedBy.Value)
		for _, ref := range items[i].BlockedByRefs {
			blockers = append(blockers, added[place[ref]].Task.ID)
		}
		if len(blockers) > 0 {
			f.BlockedBy = input.Some(blockers)
		}
		err := t.file(ctx, tx, f)
		if err == nil && alone {
			err = t.join(f)
		} else if err == nil {
			err = t.arrange(ctx, tx, &Task{}, f, beside)
		}
		if err != nil {
			return ofItem(i, err)
		}
		inserted, err := tx.Insert(ctx, t, items[i].key())
		if err != nil {
			return err
		}
		if !inserted {
			return &ItemError{i, errKeyUsed}
		}
	}
	all := make([]*Task, len(added))
	for i, one := range added {
		all[i] = one.Task
	}
	return stand(ctx, tx, all...)
}

// standAlone tells whether all items are new and refer to nothing but each other. Then
// stored tasks need not be read to check the tree.
func standAlone(items []TreeItem, added []Addition) bool {
	for i, item := range items {
		if !added[i].Created || item.ParentID.Set || item.BlockedBy.Set {
			return false
		}
	}
	return true
}

// checkAlone is checkPlace for items that stand alone. One call has fewer of them than
// a task may have parts.
func checkAlone(items []TreeItem, order []int, place map[string]int, added []Addition) error {
	titles, next, level, recurs := map[int64]string{}, map[int64][]int64{}, map[int]int{}, map[int]bool{}
	for _, i := range order {
		t := added[i].Task
		titles[t.ID], level[i], recurs[i] = t.Title, 1, t.Recurrence != nil
		if ref := items[i].ParentRef; ref != "" {
			parent := place[ref]
			level[i] = level[parent] + 1
			if recurs[parent] && t.Recurrence != nil {
				return &ItemError{i, ruleOfPart()}
			}
			recurs[i] = recurs[i] || recurs[parent]
			next[added[parent].Task.ID] = append(next[added[parent].Task.ID], t.ID)
		}
		if level[i] > MaxDepth {
			return &ItemError{i, tooDeep(level[i])}
		}
		for _, ref := range items[i].BlockedByRefs {
			next[t.ID] = append(next[t.ID], added[place[ref]].Task.ID)
		}
	}
	for _, i := range order {
		if circle := walk(added[i].Task.ID, next); circle != nil {
			return &ItemError{i, circular("blocked_by_refs", circle, titles, titles)}
		}
	}
	return nil
}

// key is the item's idempotency key. Its content includes what it refers to.
func (item TreeItem) key() Idempotency {
	if item.IdempotencyKey == "" {
		return Idempotency{}
	}
	return Idempotency{Key: item.IdempotencyKey, Digest: digest(item.AddInput, item.ParentRef, item.BlockedByRefs)}
}
