package task

import (
	"strings"

	"tickler/internal/fault"
	"tickler/internal/input"
)

// AddInput is a new task. Only Title is required.
type AddInput struct {
	Title           string         `json:"title" doc:"What to do." minLength:"1" maxLength:"200" example:"Pay the rent"`
	Description     string         `json:"description,omitempty" doc:"Details." maxLength:"10000"`
	Priority        Priority       `json:"priority,omitempty" doc:"Default medium." enum:"low,medium,high,urgent"`
	DueDate         string         `json:"due_date,omitempty" doc:"Date (that day) or date-time; without offset in the user's zone." example:"2026-03-01T17:30"`
	Category        string         `json:"category,omitempty" doc:"Name of an existing category." sample:"Work"`
	CategoryID      int64          `json:"category_id,omitempty" doc:"Its id, instead of the name." minimum:"1"`
	Tags            []string       `json:"tags,omitempty" doc:"Tag names; unknown ones are created." maxItems:"10"`
	TagIDs          []int64        `json:"tag_ids,omitempty" doc:"Tag ids, beside or instead of names." maxItems:"10"`
	RecurrenceRule  string         `json:"recurrence_rule,omitempty" doc:"RFC 5545 RRULE, or daily, weekdays, weekly, monthly, yearly." example:"FREQ=WEEKLY;BYDAY=MO,TH"`
	RecurrenceBase  RecurrenceBase `json:"recurrence_base,omitempty" doc:"What the next date counts from. Default due." enum:"due,completion"`
	ReminderOffsets []int          `json:"reminder_offsets,omitempty" doc:"Minutes before due; [] for none. Default: the user's." maxItems:"10" example:"[1440,60]"`
	IdempotencyKey  string         `json:"idempotency_key,omitempty" doc:"Any unique text: a repeated call with it returns the first task instead of adding another." maxLength:"128"`
}

// UpdateInput changes the given fields of a task; null clears a field.
type UpdateInput struct {
	TaskID          int64                          `json:"task_id" doc:"The task to change." minimum:"1"`
	Title           input.Optional[string]         `json:"title,omitempty" doc:"What to do." minLength:"1" maxLength:"200"`
	Description     input.Optional[string]         `json:"description,omitempty" doc:"Details." maxLength:"10000"`
	Priority        input.Optional[Priority]       `json:"priority,omitempty" doc:"Null: medium." enum:"low,medium,high,urgent"`
	DueDate         input.Optional[string]         `json:"due_date,omitempty" doc:"Date (that day) or date-time; without offset in the user's zone." example:"2026-03-01"`
	Category        input.Optional[string]         `json:"category,omitempty" doc:"Name of an existing category." sample:"Work"`
	CategoryID      input.Optional[int64]          `json:"category_id,omitempty" doc:"Its id, instead of the name." minimum:"1"`
	Tags            input.Optional[[]string]       `json:"tags,omitempty" doc:"Replaces all tags; unknown ones are created." maxItems:"10"`
	TagIDs          input.Optional[[]int64]        `json:"tag_ids,omitempty" doc:"Replaces all tags, together with tags." maxItems:"10"`
	RecurrenceRule  input.Optional[string]         `json:"recurrence_rule,omitempty" doc:"RFC 5545 RRULE or shorthand; null ends the recurrence." example:"monthly"`
	RecurrenceBase  input.Optional[RecurrenceBase] `json:"recurrence_base,omitempty" doc:"What the next date counts from." enum:"due,completion"`
	ReminderOffsets input.Optional[[]int]          `json:"reminder_offsets,omitempty" doc:"Minutes before due; [] for none; null: the user's default." maxItems:"10"`
	IfVersion       int                            `json:"if_version,omitempty" doc:"Change only if the task still has this version, else CONFLICT."`
}

func checkTitle(title string) (string, error) {
	title = strings.TrimSpace(title)
	if err := input.CheckText("title", title, MaxTitle); err != nil {
		return "", err
	}
	if title == "" {
		return "", fault.Invalid("title", "is empty; allowed are 1 to %d characters, for example \"Pay the rent\"", MaxTitle)
	}
	return title, nil
}

func checkPriority(field string, p Priority) error {
	return input.CheckEnum(field, p, Priorities()...)
}
