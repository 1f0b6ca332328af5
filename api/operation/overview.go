package operation

import (
	"context"
	"time"

	"tickler/internal/person"
	"tickler/internal/task"
)

type overviewInput struct {
	task.OverviewInput
	format
}

// overviewPart is one part of an overview.
type overviewPart struct {
	Count           int    `json:"count"`
	EstimateMinutes int    `json:"estimate_minutes,omitempty" unlisted:"true" doc:"Of all of them together."`
	Tasks           []View `json:"tasks" open:"true"`
}

type overviewAnswer struct {
	Overdue  overviewPart `json:"overdue"`
	Today    overviewPart `json:"today" open:"true"`
	Upcoming overviewPart `json:"upcoming" open:"true"`
	Undated  overviewPart `json:"undated" open:"true"`
	// Ready and Waiting are there for those who use the structure of tasks.
	Ready    *overviewPart `json:"ready,omitempty" open:"true"`
	Waiting  *overviewPart `json:"waiting,omitempty" open:"true" doc:"On hold."`
	Agenda   []agendaView  `json:"agenda,omitempty" open:"true" doc:"Dates of open series; to_come: no task yet."`
	Note     string        `json:"note,omitempty"`
	Now      string        `json:"now"`
	Until    string        `json:"until" doc:"Where upcoming ends."`
	TimeZone string        `json:"time_zone"`
}

func (o *Operations) overviews() []Operation {
	return []Operation{
		define(Operation{
			Name: "get_overview", Title: "Get an overview", Core: true,
			Summary:  "What now? Open tasks that are overdue, due today, upcoming and undated, each part with its count.",
			Example:  `{"days": 7}`,
			Details:  "Days are those of the user's zone. Where count is larger than the tasks shown, a larger limit or list_tasks has the rest.",
			ReadOnly: true, Idempotent: true,
		}, o.overview),
	}
}

func (o *Operations) overview(ctx context.Context, user person.Settings, in overviewInput) (overviewAnswer, error) {
	found, err := o.tasks.Overview(ctx, user, in.OverviewInput)
	if err != nil {
		return overviewAnswer{}, err
	}
	show := func(p task.Page) overviewPart {
		return overviewPart{Count: p.Total, EstimateMinutes: p.EstimateMinutes, Tasks: o.taskPage(user, task.Listing{Page: p}, in.form()).Tasks}
	}
	out := overviewAnswer{
		Overdue: show(found.Overdue), Today: show(found.Today), Upcoming: show(found.Upcoming), Undated: show(found.Undated),
		Now: task.FormatTime(&found.Now, user.Zone()), Until: task.FormatTime(&found.Until, user.Zone()), TimeZone: user.TimeZone,
		Agenda: viewAgenda(user, found.Agenda),
	}
	if found.Ready != nil {
		ready := show(*found.Ready)
		out.Ready = &ready
	}
	if found.Waiting != nil && found.Waiting.Total > 0 {
		waiting := show(*found.Waiting)
		out.Waiting = &waiting
	}
	if found.Cut {
		out.Note = "the agenda has more dates than are shown; fewer days, a category or a tag show all"
	}
	return out, nil
}

// Date returns the date that many days from today, in the user's zone.
func (o *Operations) Date(user person.Settings, days int) string {
	return o.now().In(user.Zone()).AddDate(0, 0, days).Format(time.DateOnly)
}

// agendaView is a date of an open series.
type agendaView struct {
	TaskID  int64  `json:"task_id"`
	Title   string `json:"title"`
	DueDate string `json:"due_date"`
	ToCome  bool   `json:"to_come,omitempty"`
}

func viewAgenda(user person.Settings, entries []task.AgendaEntry) []agendaView {
	var views []agendaView
	for _, one := range entries {
		views = append(views, agendaView{TaskID: one.Task.ID, Title: one.Task.Title, DueDate: one.Task.DateText(one.Due, user.Zone()), ToCome: one.ToCome})
	}
	return views
}
