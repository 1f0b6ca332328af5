package task

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tickler/internal/fault"
)

// Limits on the structure of tasks.
const (
	MaxDepth    = 5    // levels of a tree, the first being that of its root
	MaxParts    = 200  // open parts of one task
	MaxTree     = 2000 // tasks of a tree, beside its root
	MaxBlockers = 50   // of one task
	MaxEntwined = 10_000
)

// Trees reads and locks how tasks stand to each other, within a transaction.
type Trees interface {
	// LockStructure makes other transactions that give tasks parents or blockers wait,
	// so that two of them cannot close a circle together. Tasks must be locked before.
	LockStructure(ctx context.Context) error
	// Tree is LockTree without the locks. Under LockStructure no task moves, comes back or
	// gets a rule meanwhile.
	Tree(ctx context.Context, id int64) ([]Part, error)
	// LockTree reads the parts of a task, their parts and so on, deleted or not, and
	// locks their rows. Parents come before their parts. It reads MaxTree + 1 at most.
	LockTree(ctx context.Context, id int64) ([]Part, error)
	// Joined tells whether a task has parts, or these have, that did not come to be in the
	// same call as the task itself.
	Joined(ctx context.Context, id int64) (bool, error)
	// LockTasks locks the rows of tasks, in an order that prevents deadlocks.
	LockTasks(ctx context.Context, ids []int64) error
	// CountTree counts the parts of a task, their parts and so on, deleted or not, but
	// neither the task without nor what is below that.
	CountTree(ctx context.Context, id, without int64) (int, error)
	// Ancestors reads a task and what it is a part of, up to the root, which is last.
	// They come without their descriptions.
	Ancestors(ctx context.Context, id int64) ([]*Task, error)
	// TasksByID reads tasks, deleted or not. What is gone for good is missing.
	TasksByID(ctx context.Context, ids []int64) (map[int64]*Task, error)
	// Needed reads what must be done before these tasks can be: they themselves, what
	// blocks them, their parts, and so on. It reads MaxEntwined + 1 at most.
	Needed(ctx context.Context, ids []int64) ([]Need, error)
	// NewIDs draws ids for tasks that are to be inserted with the ids that they have.
	NewIDs(ctx context.Context, n int) ([]int64, error)
}

// Part is a task of a tree, without its content: a tree holds up to MaxTree tasks, and
// what they say is read a page at a time (see eachPart).
type Part struct {
	ID, ParentID               int64
	Version                    int
	Completed, Deleted, Recurs bool
	DeletedWith                *int64
}

// treeIDs are the ids of a task and its parts.
func treeIDs(t *Task, parts []Part) []int64 {
	ids := []int64{t.ID}
	for _, part := range parts {
		ids = append(ids, part.ID)
	}
	return ids
}

// Need is a task among those that must be done before another.
type Need struct {
	ID        int64
	Title     string
	ParentID  *int64
	BlockedBy []int64
}

// arrange gives the task the parent and blockers of the input, once it is known that
// they go together with everything else. before is the task as it is stored; an empty
// one if it is new. beside are the titles of tasks that are added together with it, some
// of which are not stored yet.
func (t *Task) arrange(ctx context.Context, tx Trees, before *Task, f Fields, beside map[int64]string) error {
	if err := t.join(f); err != nil {
		return err
	}
	return t.checkPlace(ctx, tx, before, company{beside: beside})
}

// join gives the task the parent and blockers of the input.
func (t *Task) join(f Fields) error {
	if f.ParentID.Set {
		t.ParentID = nil
		if !f.ParentID.Null && f.ParentID.Value != 0 {
			t.ParentID = &f.ParentID.Value
		}
	}
	if f.BlockedBy.Set {
		ids := slices.Compact(slices.Sorted(slices.Values(f.BlockedBy.Value)))
		if len(ids) > MaxBlockers {
			return &fault.Error{Code: fault.LimitExceeded, Field: "blocked_by", Message: fmt.Sprintf("blocked_by has %d tasks; at most %d are allowed", len(ids), MaxBlockers), Hint: "let one task stand for several: give it those as parts"}
		}
		if t.BlockedBy = ids; len(ids) == 0 {
			t.BlockedBy = nil
		}
	}
	return nil
}

// CheckPlace refuses a place among other tasks that breaks a rule, for a task that had
// it before. Blockers that were deleted since stay. before is the task as it is stored.
func (t *Task) CheckPlace(ctx context.Context, tx Trees, before *Task) error {
	return t.checkPlace(ctx, tx, before, company{again: true})
}

// company is what is known of the tasks that are to be a task's blockers.
type company struct {
	beside map[int64]string // titles of tasks that are added together with it
	again  bool             // they were its blockers before, so it does not matter if they are deleted
}

func (t *Task) checkPlace(ctx context.Context, tx Trees, before *Task, with company) error {
	moved := t.ParentID != nil && (before.DeletedAt != nil || !sameID(before.ParentID, t.ParentID))
	ruled := t.Recurrence != nil && before.Recurrence == nil && (t.ParentID != nil || t.Standing.HasParts())
	var added []int64
	for _, id := range t.BlockedBy {
		if !slices.Contains(before.BlockedBy, id) {
			added = append(added, id)
		}
	}
	if !moved && !ruled && len(added) == 0 {
		return nil
	}
	if err := tx.LockStructure(ctx); err != nil {
		return err
	}
	if moved || ruled {
		if err := t.checkTree(ctx, tx, before, moved); err != nil {
			return err
		}
	}
	if len(added) > 0 && !with.again {
		found, err := tx.TasksByID(ctx, added)
		if err != nil {
			return err
		}
		for _, id := range added {
			if _, comes := with.beside[id]; !comes && (found[id] == nil || found[id].DeletedAt != nil) {
				return noTask("blocked_by", id)
			}
		}
	}
	if moved || len(added) > 0 {
		return t.checkCircle(ctx, tx, len(added) > 0, with.beside)
	}
	return nil
}

// checkTree refuses a place in a tree that is too deep or too wide, or in which two
// tasks that belong together recur by rules of their own.
func (t *Task) checkTree(ctx context.Context, tx Trees, before *Task, moved bool) error {
	var above []*Task
	var below []Part
	var err error
	if t.ParentID != nil {
		if above, err = tx.Ancestors(ctx, *t.ParentID); err != nil {
			return err
		}
		if len(above) == 0 || above[0].DeletedAt != nil && moved {
			return noTask("parent_id", *t.ParentID)
		}
	}
	if before.ID != 0 {
		if below, err = tx.Tree(ctx, t.ID); err != nil {
			return err
		}
	}
	if moved {
		if t.ID != 0 && slices.ContainsFunc(above, func(a *Task) bool { return a.ID == t.ID }) {
			return &fault.Error{Code: fault.Conflict, Field: "parent_id", Message: fmt.Sprintf("task %d cannot be moved under task %d, which is itself or a part of it", t.ID, *t.ParentID)}
		}
		if levels := len(above) + 1 + height(t.ID, below); levels > MaxDepth {
			return tooDeep(levels)
		}
		if above[0].Standing.OpenParts >= MaxParts && !t.Completed() {
			return &fault.Error{Code: fault.LimitExceeded, Field: "parent_id", Message: fmt.Sprintf("task %d has %d open parts, the most allowed", *t.ParentID, MaxParts), Hint: "complete or delete some, or put several under a part of their own"}
		}
	}
	if moved && !sameID(before.ParentID, t.ParentID) { // a task that is restored in its place was counted all along
		root := above[len(above)-1]
		others, err := tx.CountTree(ctx, root.ID, t.ID)
		if err != nil {
			return err
		}
		if others+1+len(below) > MaxTree {
			return &fault.Error{Code: fault.LimitExceeded, Field: "parent_id", Message: fmt.Sprintf("the tree of task %d would have more than %d parts, the most allowed", root.ID, MaxTree)}
		}
	}
	over := slices.ContainsFunc(above, func(a *Task) bool { return a.Recurrence != nil && a.DeletedAt == nil })
	under := slices.ContainsFunc(below, func(p Part) bool { return p.Recurs && !p.Deleted })
	if over && (t.Recurrence != nil || under) || t.Recurrence != nil && under {
		return ruleOfPart()
	}
	return nil
}

func tooDeep(levels int) error {
	return &fault.Error{Code: fault.LimitExceeded, Field: "parent_id", Message: fmt.Sprintf("the tree would be %d levels deep; at most %d are allowed, with its root", levels, MaxDepth), Hint: "make it a part of a task further up, or no part"}
}

func ruleOfPart() error {
	return fault.Invalid("recurrence_rule", "is not allowed for a part of a task that recurs: its parts come anew with each occurrence").
		WithHint("clear the recurrence_rule of the part, or of the task that it is a part of")
}

// height is how many levels of parts there are below a task. Parents come before parts.
func height(id int64, below []Part) int {
	level, highest := map[int64]int{id: 0}, 0
	for _, part := range below {
		if part.Deleted {
			continue
		}
		level[part.ID] = level[part.ParentID] + 1
		highest = max(highest, level[part.ID])
	}
	return highest
}

// checkCircle refuses an order in which a task would have to be done before itself. A
// task has to be done after what blocks it, and after its parts.
func (t *Task) checkCircle(ctx context.Context, tx Trees, blockers bool, beside map[int64]string) error {
	from := slices.Clone(t.BlockedBy)
	if t.ID != 0 {
		from = append(from, t.ID)
	}
	needed, err := tx.Needed(ctx, from)
	if err != nil {
		return err
	}
	if len(needed) > MaxEntwined {
		return &fault.Error{Code: fault.LimitExceeded, Field: "blocked_by", Message: fmt.Sprintf("more than %d tasks would depend on each other", MaxEntwined)}
	}
	titles, next := map[int64]string{}, map[int64][]int64{}
	for _, one := range needed {
		titles[one.ID] = one.Title
		if one.ID == t.ID {
			continue
		}
		next[one.ID] = append(next[one.ID], one.BlockedBy...)
		if one.ParentID != nil {
			next[*one.ParentID] = append(next[*one.ParentID], one.ID)
		}
	}
	next[t.ID] = append(next[t.ID], t.BlockedBy...)
	if t.ParentID != nil {
		next[*t.ParentID] = append(next[*t.ParentID], t.ID)
	}
	circle := walk(t.ID, next)
	if circle == nil {
		return nil
	}
	titles[t.ID] = t.Title
	field := "parent_id"
	if blockers {
		field = "blocked_by"
	}
	return circular(field, circle, titles, beside)
}

// circular is the error that names a circle, to those who may read: its path tells what
// depends on what. beside are titles of tasks whose ids will not be.
func circular(field string, circle []int64, titles, beside map[int64]string) error {
	var ids, named []string
	for _, id := range circle {
		name := itoa(id)
		if title, comes := beside[id]; comes { // its id will not be
			name = strconv.Quote(fault.Clip(title))
		} else if id == 0 {
			name = "this one"
		}
		ids, named = append(ids, name), append(named, fmt.Sprintf("%s %q", name, fault.Clip(titles[id])))
	}
	e := &fault.Error{Code: fault.Conflict, Field: field, Message: field + " would make a circle, in which each task waits for the next or has it as a part"}
	return e.Quoting(": "+strings.Join(ids, " → "), "it goes through "+strings.Join(named[:len(named)-1], ", ")+"; take one of them out of blocked_by, or give it another parent_id")
}

// walk returns the shortest way from a task back to itself, nil if there is none.
func walk(from int64, next map[int64][]int64) []int64 {
	came := map[int64]int64{}
	for queue := []int64{from}; len(queue) > 0; queue = queue[1:] {
		for _, id := range next[queue[0]] {
			if id == from {
				circle := []int64{from}
				for at := queue[0]; at != from; at = came[at] {
					circle = append(circle, at)
				}
				slices.Reverse(circle[1:])
				return append(circle, from)
			}
			if _, seen := came[id]; !seen {
				came[id] = queue[0]
				queue = append(queue, id)
			}
		}
	}
	return nil
}

func sameID(a, b *int64) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }
