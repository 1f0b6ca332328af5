package operation

import (
	"context"

	"tickler/internal/person"
	"tickler/internal/task"
)

type reminderInput struct {
	task.ReminderInput
	format
}

// reminderAnswer is the result of setting a reminder.
type reminderAnswer struct {
	RemindAt string `json:"remind_at,omitempty" doc:"When it reminds next."`
	taskAnswer
}

func (o *Operations) reminders() []Operation {
	return []Operation{
		define(Operation{
			Name: "set_reminder", Title: "Set a reminder",
			Summary:     "Sets when a task reminds, with exactly one of remind_before_minutes, remind_at and snooze_minutes.",
			Example:     `{"task_id": 7, "remind_before_minutes": [1440, 60]}`,
			Details:     "Returns remind_at, the next.",
			Destructive: true,
		}, o.remind),
	}
}

func (o *Operations) remind(ctx context.Context, user person.Settings, in reminderInput) (reminderAnswer, error) {
	set, err := o.tasks.SetReminder(ctx, user, in.ReminderInput)
	if err != nil {
		return reminderAnswer{}, err
	}
	out, err := o.changeAnswer(user, set, in.form(), "nothing changed: it reminds so already")
	at := set.Task.RemindAt
	switch {
	case at == nil && out.Note == "":
		out.Note = "it does not remind any more"
	case at != nil && !at.After(o.now()):
		out.Note = "that moment has passed already: it reminds at once"
	}
	return reminderAnswer{RemindAt: task.FormatTime(at, user.Zone()), taskAnswer: out}, err
}
