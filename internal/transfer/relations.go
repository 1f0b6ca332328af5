package transfer

import (
	"slices"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/task"
)

// maxParts is how many parts that a task names are looked at.
const maxParts = 200

// relations are how a task of a file stands to others of the file, each by its place
// there from 1; 0 is none.
type relations struct {
	above    int      // what it is a part of
	title    string   // of that
	needs    []string // ids in the file of what must be done first
	parts    []string // ids of those that name no parent themselves
	blockers []int
}

func (i *item) relations() *relations {
	if i.among == nil {
		i.among = &relations{}
	}
	return i.among
}

// shift moves the places of others behind so many items that come before the file.
func (r *relations) shift(before int) {
	if r == nil {
		return
	}
	if r.above != 0 {
		r.above += before
	}
	for n := range r.blockers {
		r.blockers[n] += before
	}
}

// above is the place of what the task is a part of, 0 for none.
func (i *item) above() int {
	if i.among == nil {
		return 0
	}
	return i.among.above
}

// relate finds the tasks that others name by their ids in the file. What is not in the
// file, would be above itself, or has too many above it is named in the description.
func (c *content) relate() {
	places := map[string]int{}
	for n, one := range c.items {
		if _, taken := places[one.uid]; one.uid != "" && !taken {
			places[one.uid] = n + 1
		}
	}
	for n := range c.items {
		one := &c.items[n]
		if one.parent != "" {
			if place := places[one.parent]; place != 0 {
				one.relations().above = place
			} else {
				one.partOf("(" + one.parent + ")")
			}
		}
	}
	for n := range c.items {
		one := &c.items[n]
		if one.among == nil {
			continue
		}
		for _, id := range one.among.parts {
			place := places[id]
			if place == 0 || place == n+1 {
				one.note("its part %q could not be taken over", fault.Clip(id))
			} else if part := &c.items[place-1]; part.parent == "" && part.above() == 0 {
				part.relations().above = n + 1
			}
		}
		one.among.parts = nil
		for _, id := range one.among.needs {
			if place := places[id]; place != 0 && place != n+1 {
				one.among.blockers = append(one.among.blockers, place)
			} else {
				one.keep("Blocked by", id)
			}
		}
		one.among.needs = nil
	}
	for n := range c.items {
		one := &c.items[n]
		one.uid, one.parent = "", ""
		if one.above() == 0 {
			continue
		}
		if one.among.title == "" {
			one.among.title = c.items[one.among.above-1].in.Title.Value
		}
		level := 1 // of a tree; in a circle there is no end to them
		for at := one.among.above; at != 0; at = c.items[at-1].above() {
			if level++; level > task.MaxDepth {
				one.partOf(one.among.title)
				one.among.above = 0
				break
			}
		}
	}
}

// inOrder lists the places of items, from 0, so that each comes after what it is a part
// of and what blocks it, and else as in the file.
func inOrder(items []item) []int {
	order, placed := make([]int, 0, len(items)), make([]bool, len(items))
	type visit struct {
		at    int
		after []int // what is still to be looked at before it
	}
	before := func(n int) []int {
		if items[n].among == nil {
			return nil
		}
		all := slices.Clone(items[n].among.blockers)
		if above := items[n].above(); above != 0 {
			all = append(all, above)
		}
		return all
	}
	for n := range items {
		for stack := []visit{{n, nil}}; len(stack) > 0; {
			top := &stack[len(stack)-1]
			if top.after == nil {
				if placed[top.at] {
					stack = stack[:len(stack)-1]
					continue
				}
				placed[top.at] = true // also what is in a circle is visited once
				top.after = append(before(top.at), 0)
			}
			next := top.after[0]
			if top.after = top.after[1:]; next == 0 {
				order = append(order, top.at)
				stack = stack[:len(stack)-1]
			} else if !placed[next-1] {
				stack = append(stack, visit{next - 1, nil})
			}
		}
	}
	return order
}

// belong refers to the tasks that others of the file have become. placed has their ids
// by place; a dry run makes none.
func (i *item) belong(placed []int64, dryRun bool) {
	if dryRun || i.among == nil {
		return
	}
	if i.among.above != 0 {
		if id := placed[i.among.above-1]; id != 0 {
			i.in.ParentID = input.Some(id)
		} else {
			i.partOf(i.among.title)
		}
	}
	var blockers []int64
	for _, place := range i.among.blockers {
		if id := placed[place-1]; id != 0 {
			blockers = append(blockers, id)
		} else {
			i.note("a task that blocks it was not imported")
		}
	}
	if len(blockers) > 0 {
		i.in.BlockedBy = input.Some(blockers)
	}
}
