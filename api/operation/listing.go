package operation

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/task"
)

type (
	listInput struct {
		task.ListInput
		format
	}
	searchInput struct {
		task.SearchInput
		format
	}
)

// taskPage is the answer of operations that return a page of tasks.
type taskPage struct {
	Tasks           []View       `json:"tasks" open:"true"`
	Total           int          `json:"total" doc:"How many match in all."`
	EstimateMinutes int          `json:"estimate_minutes,omitempty" unlisted:"true" doc:"Of all that match, together."`
	Agenda          []agendaView `json:"agenda,omitempty" open:"true" doc:"Dates of open series; to_come: no task yet."`
	NextCursor      string       `json:"next_cursor,omitempty" doc:"For the next page."`
	Note            string       `json:"note,omitempty"`
	TimeZone        string       `json:"time_zone"`
}

func (o *Operations) list(ctx context.Context, user person.Settings, in listInput) (taskPage, error) {
	found, err := o.tasks.List(ctx, user, in.ListInput)
	return o.taskPage(user, found, in.form()), err
}

func (o *Operations) search(ctx context.Context, user person.Settings, in searchInput) (taskPage, error) {
	in.Highlight = in.form() == Detailed
	found, err := o.tasks.Search(ctx, user, in.SearchInput)
	out := o.taskPage(user, found, in.form())
	if found.Estimated {
		out.Note = "very many match: total is an estimate, and the newest tasks come first; another word, a category, a tag or a priority narrows it"
	}
	if len(found.Forgiven) > 0 && len(found.Hits) > 0 {
		out.Note = joinNotes(out.Note, fmt.Sprintf("nothing matches %s exactly: these have words that are nearly the same, so see whether they are meant", quotedWords(found.Forgiven)))
	}
	if len(found.Alone) > 0 {
		out.Note = "no task has all of these words; by itself each of these finds some: " + quotedWords(found.Alone)
	}
	switch found.Forgiving {
	case task.ForgivesSome:
		out.Note = joinNotes(out.Note, "typos were forgiven in the first words only, since there are many: fewer words find more")
	case task.ForgivesNone:
		out.Note = "nothing matches exactly; looking for titles that nearly match took too long and was left: fewer or other words may find some"
	}
	return out, err
}

// quotedWords names words of a query, no more than a sentence holds.
func quotedWords(words []string) string {
	var all []string
	for _, word := range words {
		all = append(all, strconv.Quote(fault.Clip(word)))
	}
	return strings.Join(all, ", ")
}

// briefly is the longest description that a long page shows, to save the agent's
// context.
const briefly = 20

// preview is how many characters of each description a list shows.
func preview(tasks int) int {
	if tasks > 20 {
		return briefly
	}
	return 120
}

func (o *Operations) taskPage(user person.Settings, found task.Listing, form Form) taskPage {
	out := taskPage{Tasks: []View{}, Total: found.Total, EstimateMinutes: found.EstimateMinutes, NextCursor: found.NextCursor, TimeZone: user.TimeZone, Agenda: viewAgenda(user, found.Agenda)}
	if found.Cut {
		out.Note = "the agenda has more dates than are shown; a shorter range, a category or a tag shows fewer series and dates"
	}
	for _, hit := range found.Hits {
		view := viewTask(hit.Task, user, form, o.now(), preview(len(found.Hits)))
		view.RelevanceScore = hit.Relevance
		if view.Detail != nil {
			view.Highlights = hit.Highlights
		}
		out.Tasks = append(out.Tasks, view)
	}
	return out
}
