package web

import (
	"tickler/api/operation"
	"tickler/internal/task"
)

// row is a task in a list.
type row struct {
	operation.View
	When, Late string // when it is due, and that it is overdue
	Minutes    string // how long it takes
	Repeats    string
	Notable    task.Priority // "" for the usual one
	Pick       bool          // several are being chosen
	Coming     bool          // a date of a series that has no task yet
	Standing   []string      // how it stands among others
}

// HasMeta reports whether there is a second line.
func (r row) HasMeta() bool {
	return r.Late != "" || r.Category != "" || r.Minutes != "" || r.Repeats != "" || len(r.Tags) > 0 || len(r.Standing) > 0 || r.Notable != ""
}

// rows makes the rows of a list. when writes a due date.
func (c clock) rows(tasks []operation.View, when func(string) string) []row {
	all := make([]row, len(tasks))
	for i, one := range tasks {
		r := row{View: one, Repeats: c.repeats(one.RecurrenceRule, one.DueDate)}
		if one.DueDate != "" {
			r.When = when(one.DueDate)
		}
		if one.Overdue {
			r.Late, r.When = "was due "+c.full(one.DueDate), ""
		}
		switch {
		case one.DeletedAt != "":
			r.When = "deleted " + c.full(one.DeletedAt)
		case one.Completed && one.CompletedAt != "":
			r.When = "done " + c.full(one.CompletedAt)
		}
		if one.EstimateMinutes > 0 {
			r.Minutes = duration(one.EstimateMinutes)
		}
		r.Standing = standing(one)
		if one.Priority != task.Medium {
			r.Notable = one.Priority
		}
		all[i] = r
	}
	return all
}

// standing is how a task stands among others, in a few words.
func standing(t operation.View) (all []string) {
	if t.Completed || t.DeletedAt != "" {
		return nil
	}
	if t.WaitingFor != "" {
		all = append(all, "waiting for "+t.WaitingFor)
	}
	if len(t.BlockedBy) > 0 {
		all = append(all, "blocked")
	}
	if p := t.Parts; p != nil {
		all = append(all, plural(p.Open, "open part"))
	}
	return all
}
