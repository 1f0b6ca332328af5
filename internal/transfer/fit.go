package transfer

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/task"
)

// finish makes the texts such as can be stored.
func (i *item) finish() {
	title := strings.TrimSpace(i.storable(i.in.Title.Value))
	if strings.ContainsAny(title, "\r\n\t") {
		title = strings.Join(strings.Fields(title), " ")
	}
	if title != "" && input.Blank(title) { // of invisible characters only
		i.untitled()
		title = i.in.Title.Value
	}
	if utf8.RuneCountInString(title) > task.MaxTitle {
		i.in.Description = input.Some(strings.TrimSpace(title + "\n\n" + i.in.Description.Value))
		i.note("the title was too long; it stands whole in the description")
		title = cutTo(title, task.MaxTitle)
	}
	i.in.Title = input.Some(title)
	description := i.storable(i.in.Description.Value)
	if utf8.RuneCountInString(description) > task.MaxDescription {
		i.note("the description was too long, and was cut")
		description = strings.Clone(cutTo(description, task.MaxDescription))
	}
	i.in.Description = input.Some(description)
	for n, line := range i.kept {
		i.kept[n] = i.storable(line)
	}
	for n, tag := range i.in.Tags.Value {
		i.in.Tags.Value[n] = i.storable(tag)
	}
	i.in.Category.Value = i.storable(i.in.Category.Value)
	i.finishComments()
}

// storable is a text without what Postgres cannot store.
func (i *item) storable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsRune(text, 0) {
		return text
	}
	i.note("it held characters that are none; they were left out")
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// ready is the task with its whole description.
func (i *item) ready() task.Import {
	in := i.in
	if len(i.kept) == 0 {
		return in
	}
	kept := strings.Join(i.kept, "\n")
	if utf8.RuneCountInString(kept) > task.MaxDescription/2 {
		kept = cutTo(kept, task.MaxDescription/2)
	}
	text := in.Description.Value
	if room := task.MaxDescription - 2 - utf8.RuneCountInString(kept); utf8.RuneCountInString(text) > room {
		text = cutTo(text, room)
		i.note("the description was too long, and was cut")
	}
	in.Description = input.Some(strings.TrimSpace(text + "\n\n" + kept))
	return in
}

// drop takes away the field that an error is about, keeps its text and notes it, so
// that one field never costs the task. It tells whether there was something to drop.
func (i *item) drop(err error) bool {
	var e *fault.Error
	if !errors.As(err, &e) {
		return false
	}
	kept := true
	switch e.Field {
	case "due_date":
		kept = i.in.DueDate.Value != ""
		i.line("Due: " + i.in.DueDate.Value)
		i.in.DueDate = input.Optional[string]{}
	case "time_zone":
		kept = i.in.TimeZone != ""
		i.line("Time zone: " + i.in.TimeZone)
		i.in.TimeZone = ""
	case "recurrence_rule", "recurrence_base", "missed", "series":
		kept = i.in.RecurrenceRule.Value != ""
		i.line("Recurrence: " + i.in.RecurrenceRule.Value)
		i.unrepeat()
	case "category":
		kept = i.in.Category.Value != ""
		i.line("Category: " + i.in.Category.Value)
		i.in.Category = input.Optional[string]{}
	case "tags":
		kept = len(i.in.Tags.Value) > 0
		i.line("Tags: " + strings.Join(i.in.Tags.Value, ", "))
		i.in.Tags = input.Optional[[]string]{}
	case "priority":
		kept = i.in.Priority.Value != ""
		i.line("Priority: " + string(i.in.Priority.Value))
		i.in.Priority = input.Optional[task.Priority]{}
	case "estimate_minutes":
		kept = i.in.EstimateMinutes.Set
		i.line(fmt.Sprintf("Estimate: %d minutes", i.in.EstimateMinutes.Value))
		i.in.EstimateMinutes = input.Optional[int]{}
	case "nag":
		kept = i.in.Nag.Set
		i.line(fmt.Sprintf("Nag: every %d minutes", i.in.Nag.Value.EveryMinutes))
		i.in.Nag = input.Optional[task.Nag]{}
	case "start_date":
		kept = i.in.StartDate.Set
		i.line("Start: " + i.in.StartDate.Value)
		i.in.StartDate = input.Optional[string]{}
	case "waiting_for":
		kept = i.in.WaitingFor.Set
		i.line("Waiting for: " + i.in.WaitingFor.Value)
		i.in.WaitingFor = input.Optional[string]{}
	case "parent_id":
		kept = i.in.ParentID.Set
		i.line("Part of: " + cutTo(i.relations().title, task.MaxTitle))
		i.in.ParentID = input.Optional[int64]{}
	case "blocked_by":
		kept = i.in.BlockedBy.Set
		i.line(fmt.Sprintf("Blocked by: %d tasks", len(i.in.BlockedBy.Value)))
		i.in.BlockedBy = input.Optional[[]int64]{}
	case "reminder_offsets":
		kept = i.in.ReminderOffsets.Set
		i.line(fmt.Sprintf("Reminders: %v minutes before", i.in.ReminderOffsets.Value))
		i.in.ReminderOffsets = input.Optional[[]int]{}
	default:
		return false
	}
	if kept {
		i.note("%s; it stands in the description", e.Plain().Message)
		i.kept[len(i.kept)-1] = i.storable(i.kept[len(i.kept)-1])
	}
	return kept
}

// unrepeat takes the recurrence away.
func (i *item) unrepeat() {
	i.in.RecurrenceRule, i.in.RecurrenceBase, i.in.Missed = input.Optional[string]{}, input.Optional[task.RecurrenceBase]{}, input.Optional[task.Missed]{}
	i.in.Series, i.in.SeriesDate = nil, nil
}

// cutTo cuts a text to so many characters.
func cutTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	n := 0
	for at := range text {
		if n++; n == most { // this one makes room for the mark, if there are more
			if utf8.RuneCountInString(text[at:]) > 1 {
				return text[:at] + "…"
			}
			break
		}
	}
	return text
}
