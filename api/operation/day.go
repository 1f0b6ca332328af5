package operation

import (
	"context"

	"tickler/internal/task"
)

type (
	reminderInput struct {
		task.ReminderInput
		format
	}
	overviewInput struct {
		task.OverviewInput
		format
	}
)

// reminded is the result of setting a reminder.
type reminded struct {
	RemindAt string `json:"remind_at,omitempty" doc:"When it reminds next."`
	oneTask
}

// part is one part of an overview.
type part struct {
	Count int         `json:"count"`
	Tasks []task.View `json:"tasks" open:"true"`
}

type overview struct {
	Overdue  part   `json:"overdue"`
	Today    part   `json:"today" open:"true"`
	Upcoming part   `json:"upcoming" open:"true"`
	Undated  part   `json:"undated" open:"true"`
	Now      string `json:"now"`
	Until    string `json:"until" doc:"Where upcoming ends."`
	TimeZone string `json:"time_zone"`
}

func (o *Operations) day() []Operation {
	return []Operation{
		define("get_overview", "Get an overview",
			`What now? Open tasks that are overdue, due today, upcoming and undated, each part with its count. Example: {"days": 7}. Days are those of the user's zone.`,
			Hints{ReadOnly: true, Idempotent: true}, o.overview),
		define("set_reminder", "Set a reminder",
			`Sets when a task reminds, with exactly one of remind_before_minutes, remind_at and snooze_minutes. Example: {"task_id": 7, "remind_before_minutes": [1440, 60]}. Returns remind_at, the next.`,
			Hints{Destructive: true}, o.remind),
		define("user_settings", "User settings",
			`Without arguments reads the user's settings, else changes those given. Also tells what time it is. Example: {"time_zone": "Europe/Berlin"}.`,
			Hints{Destructive: true}, o.settings),
	}
}

func (o *Operations) overview(ctx context.Context, user task.Settings, in overviewInput) (overview, error) {
	found, err := o.service.Overview(ctx, user, in.OverviewInput)
	if err != nil {
		return overview{}, err
	}
	show := func(p task.Page) part {
		return part{Count: p.Total, Tasks: o.many(user, task.Listing{Page: p}, in.form()).Tasks}
	}
	return overview{
		Overdue: show(found.Overdue), Today: show(found.Today), Upcoming: show(found.Upcoming), Undated: show(found.Undated),
		Now: task.FormatTime(&found.Now, user.Zone()), Until: task.FormatTime(&found.Until, user.Zone()), TimeZone: user.TimeZone,
	}, nil
}

func (o *Operations) remind(ctx context.Context, user task.Settings, in reminderInput) (reminded, error) {
	set, err := o.service.SetReminder(ctx, user, in.ReminderInput)
	if err != nil {
		return reminded{}, err
	}
	out, err := o.altered(user, set, in.form(), "nothing changed: it reminds so already")
	at := set.Task.RemindAt
	switch {
	case at == nil && out.Note == "":
		out.Note = "it does not remind any more"
	case at != nil && !at.After(o.now()):
		out.Note = "that moment has passed already: it reminds at once"
	}
	return reminded{RemindAt: task.FormatTime(at, user.Zone()), oneTask: out}, err
}
