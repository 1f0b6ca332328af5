package operation

import (
	"encoding/json"
	"errors"
	"fmt"

	"tickler/internal/fault"
	"tickler/internal/task"
)

// trees are the items of a call that refer to each other. Each tree is added with the
// first of its items whose turn it is.
type trees struct {
	items   []task.TreeItem
	broken  []bool // cannot be decoded
	members map[int][]int
	root    []int // the first item of the tree, by item
	done    map[int]addedTree
	add     func([]task.TreeItem) ([]task.Addition, error)
}

type addedTree struct {
	added []task.Addition
	err   error
}

// gather finds out which items belong together. An item that cannot be decoded belongs
// to those that it names as far as it can be read.
func gather(raw several[task.TreeItem]) *trees {
	t := &trees{
		items: make([]task.TreeItem, len(raw)), broken: make([]bool, len(raw)), root: make([]int, len(raw)),
		members: map[int][]int{}, done: map[int]addedTree{},
	}
	place := map[string]int{}
	for i := range raw {
		item, err := decode[task.TreeItem](raw[i])
		if t.root[i] = i; err != nil {
			t.broken[i] = true
			item = task.TreeItem{}
			_ = json.Unmarshal(raw[i], &item.References)
		}
		t.items[i] = item
		if _, taken := place[item.Ref]; item.Ref != "" && !taken {
			place[item.Ref] = i
		}
	}
	for i, item := range t.items {
		for _, ref := range append(item.All(), item.Ref) {
			if other, known := place[ref]; known {
				t.join(i, other)
			}
		}
	}
	for i := range t.items {
		t.members[t.find(i)] = append(t.members[t.find(i)], i)
	}
	return t
}

func (t *trees) find(i int) int {
	for t.root[i] != i {
		i = t.root[i]
	}
	return i
}

func (t *trees) join(a, b int) {
	a, b = t.find(a), t.find(b)
	t.root[max(a, b)] = min(a, b)
}

// next is the place of the next item that can be decoded.
func (t *trees) next(place int) int {
	for place++; t.broken[place]; place++ {
	}
	return place
}

// joined tells whether an item refers to others, or others to it.
func (t *trees) joined(i int) bool {
	return len(t.members[t.find(i)]) > 1 || len(t.items[i].All()) > 0
}

// result is what became of an item of a tree.
func (t *trees) result(i int) (task.Addition, error) {
	root := t.find(i)
	members := t.members[root]
	tree, done := t.done[root]
	if !done {
		tree = t.addTree(members)
		t.done[root] = tree
	}
	for n, member := range members {
		if member != i {
			continue
		}
		var at *task.ItemError
		switch {
		case tree.err == nil:
			return tree.added[n], nil
		case !errors.As(tree.err, &at):
			return task.Addition{}, tree.err
		case at.Index == n:
			return task.Addition{}, at.Err
		default:
			return task.Addition{}, &fault.Error{
				Code: fault.Conflict, Field: "ref", Message: fmt.Sprintf("it was not added, because item %d, which belongs to the same tree, was refused", members[at.Index]),
				Hint: "mend that item, and send the tree again",
			}
		}
	}
	return task.Addition{}, fmt.Errorf("item %d is in no tree", i)
}

func (t *trees) addTree(members []int) addedTree {
	items := make([]task.TreeItem, len(members))
	for n, i := range members {
		if t.broken[i] {
			return addedTree{err: &task.ItemError{Index: n, Err: errors.New("it cannot be decoded")}}
		}
		items[n] = t.items[i]
	}
	added, err := t.add(items)
	return addedTree{added, err}
}
