package history

import (
	"cmp"
	"math"
	"slices"

	"tickler/internal/journal"
)

// Step is an entry of a trail, without who made the change and what it was: a task may
// have thousands, with its description before and after in each.
type Step struct {
	Object   journal.Object
	ObjectID int64
	ID       int64
	Undoes   int64 // 0 if none
	Action   journal.Action
	Inserted bool     // the task had been removed for good
	Fields   []string // names of the settings that changed; for settings only
}

// arrives tells whether a step is of a task that was not there before.
func (s Step) arrives() bool { return s.Action == journal.Created || s.Inserted }

// trail is what happened to an object from an entry on.
type trail struct {
	steps []Step // oldest first
	// By place among the steps: which one each takes back, -1 for none, and how many
	// that stand take each back.
	undoes, undoers []int
	taken           int64 // the oldest entry that this undo has taken back, 0 for none
}

func newTrail(steps []Step) *trail {
	t := &trail{steps: steps, undoes: make([]int, len(steps)), undoers: make([]int, len(steps))}
	for i, s := range steps {
		t.undoes[i] = t.place(s.Undoes)
	}
	for i := len(steps) - 1; i >= 0; i-- { // what takes a step back is later than that
		if t.undoers[i] == 0 && t.undoes[i] >= 0 {
			t.undoers[t.undoes[i]]++
		}
	}
	return t
}

// place returns where among the steps an entry is, or -1.
func (t *trail) place(id int64) int {
	i, found := slices.BinarySearchFunc(t.steps, id, func(s Step, id int64) int { return cmp.Compare(s.ID, id) })
	if !found {
		return -1
	}
	return i
}

// wasUndone tells whether an entry was taken back, and that was not taken back in
// turn.
func (t *trail) wasUndone(id int64) bool {
	i := t.place(id)
	return i >= 0 && t.undoers[i] > 0
}

// takeBack notes that this undo has taken an entry back: what that had taken back
// stands again, and so on.
func (t *trail) takeBack(id int64) {
	if t.taken == 0 || id < t.taken {
		t.taken = id
	}
	more := true
	for i := t.place(id); i >= 0; i = t.undoes[i] {
		stood := t.undoers[i] == 0
		if more {
			t.undoers[i]++
		} else {
			t.undoers[i]--
		}
		stands := t.undoers[i] == 0
		if stood == stands {
			return
		}
		more = stands
	}
}

// live lists the changes after an entry that still stand, newest first: not those that
// were taken back since, nor what took those back. wanted is how many are enough, 0 for
// all. One that this undo made has no id yet.
func (t *trail) live(after int64, wanted int) (standing []Step) {
	if t.taken != 0 && t.taken <= after {
		standing = append(standing, Step{ID: math.MaxInt64, Undoes: t.taken})
	}
	for i := len(t.steps) - 1; i >= 0 && t.steps[i].ID > after && (wanted == 0 || len(standing) < wanted); i-- {
		if t.undoers[i] > 0 || t.steps[i].Undoes > after {
			continue
		}
		if s := t.steps[i]; !s.Action.Notice() {
			standing = append(standing, s)
		}
	}
	return standing
}

// newest returns the newest change after an entry that still stands, nil if none does.
func (t *trail) newest(after int64) *Step {
	if standing := t.live(after, 1); len(standing) > 0 {
		return &standing[0]
	}
	return nil
}
