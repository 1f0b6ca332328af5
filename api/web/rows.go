package web

import (
	"strings"

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
	Picked     bool          // this one was
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
	titles := map[int64]string{}
	for _, one := range tasks {
		titles[one.ID] = one.Title
	}
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
		r.Standing = standing(one, titles)
		if one.Priority != task.Medium {
			r.Notable = one.Priority
		}
		all[i] = r
	}
	return all
}

// standing is how a task stands among others, in a few words. titles are those of the
// tasks of the same list.
func standing(t operation.View, titles map[int64]string) (all []string) {
	if t.Completed || t.DeletedAt != "" {
		return nil
	}
	if t.WaitingFor != "" {
		all = append(all, "waiting for "+t.WaitingFor)
	}
	open := t.BlockedBy
	if t.Detail != nil {
		open = t.OpenBlockers
	}
	if len(open) > 0 {
		all = append(all, after(open, titles))
	}
	if p := t.Parts; p != nil && p.Open > 0 {
		all = append(all, plural(p.Open, "open part"))
	}
	return all
}

// after names what has to be done before a task, as far as it stands in the same list.
func after(blockers []int64, titles map[int64]string) string {
	var names []string
	for _, one := range blockers {
		if title, there := titles[one]; there {
			names = append(names, quoted(title))
		}
	}
	switch text := "after " + strings.Join(names, ", "); {
	case len(names) == 0:
		return "after other tasks"
	case len(names) < len(blockers):
		return text + " and others"
	default:
		return text
	}
}
