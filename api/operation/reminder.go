package operation

import (
	"context"

	"tickler/internal/person"
	"tickler/internal/task"
)

type reminderInput struct {
	task.ReminderInput
	format `unlisted:"true"`
}

// reminderAnswer is the result of setting a reminder.
type reminderAnswer struct {
	RemindAt  string   `json:"remind_at,omitempty" doc:"When it reminds next."`
	Reminders []string `json:"reminders,omitempty" doc:"All still to come."`
	taskAnswer
}

func (o *Operations) reminders() []Operation {
	return []Operation{
		define(Operation{
			Name: "set_reminder", Title: "Set a reminder", Core: true,
			Summary:     "Sets when a task reminds, with exactly one of the fields beside task_id.",
			Example:     `{"task_id": 7, "remind_before_minutes": [1440, 60]}`,
			Details:     "Returns remind_at, the next, and all still to come.",
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
	zone, t := user.Zone(), set.Task
	at, _ := t.RemindsNext(user, o.now())
	if at == nil {
		out.Note = joinNotes(out.Note, "it does not remind any more")
	} else if until := user.QuietHours.HeldUntil(*at, t.Priority == task.Urgent, zone); until.After(*at) {
		out.Note = joinNotes(out.Note, "that is in the quiet hours: it comes at their end, "+task.FormatTime(&until, zone))
	}
	answer := reminderAnswer{RemindAt: task.FormatTime(at, zone), taskAnswer: out}
	for _, one := range t.RemindersToCome() {
		answer.Reminders = append(answer.Reminders, task.FormatTime(&one, zone))
	}
	return answer, err
}
