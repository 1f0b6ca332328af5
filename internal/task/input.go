package task

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Optional tells apart a field that was left out, one that was null, and one
// that has a value: in an update, null clears.
type Optional[T any] struct {
	Set   bool // the field was given, as null or with a value
	Null  bool
	Value T
}

// Some is a field that was given with a value.
func Some[T any](value T) Optional[T] { return Optional[T]{Set: true, Value: value} }

// Null is a field that was given as null.
func Null[T any]() Optional[T] { return Optional[T]{Set: true, Null: true} }

// UnmarshalJSON is called only for fields that are present.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	o.Set = true
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		o.Null = true
		return nil
	}
	return json.Unmarshal(data, &o.Value)
}

// Element is a zero value of the type that the option holds, for those who
// describe inputs by reflection.
func (o Optional[T]) Element() any { return o.Value }

// AddInput is a new task. Only Title is required.
type AddInput struct {
	Title           string         `json:"title" doc:"What to do." minLength:"1" maxLength:"200" example:"Pay the rent"`
	Description     string         `json:"description,omitempty" doc:"Details." maxLength:"10000"`
	Priority        Priority       `json:"priority,omitempty" doc:"Default medium." enum:"low,medium,high,urgent"`
	DueDate         string         `json:"due_date,omitempty" doc:"Date (that day) or date-time; without offset in the user's zone." example:"2026-03-01T17:30"`
	Category        string         `json:"category,omitempty" doc:"Name of an existing category." sample:"Work"`
	CategoryID      int64          `json:"category_id,omitempty" doc:"Its id, instead of the name."`
	Tags            []string       `json:"tags,omitempty" doc:"Tag names; unknown ones are created." maxItems:"10"`
	TagIDs          []int64        `json:"tag_ids,omitempty" doc:"Tag ids, beside or instead of names." maxItems:"10"`
	RecurrenceRule  string         `json:"recurrence_rule,omitempty" doc:"RFC 5545 RRULE, or daily, weekdays, weekly, monthly, yearly." example:"FREQ=WEEKLY;BYDAY=MO,TH"`
	RecurrenceBase  RecurrenceBase `json:"recurrence_base,omitempty" doc:"What the next date counts from. Default due." enum:"due,completion"`
	ReminderOffsets []int          `json:"reminder_offsets,omitempty" doc:"Minutes before due; [] for none. Default: the user's." maxItems:"10" example:"[1440,60]"`
	IdempotencyKey  string         `json:"idempotency_key,omitempty" doc:"Any unique text: a repeated call with it returns the first task instead of adding another." maxLength:"128"`
}

// UpdateInput changes the given fields of a task; null clears a field.
type UpdateInput struct {
	TaskID          int64                    `json:"task_id" doc:"The task to change."`
	Title           Optional[string]         `json:"title,omitempty" doc:"What to do." minLength:"1" maxLength:"200"`
	Description     Optional[string]         `json:"description,omitempty" doc:"Details." maxLength:"10000"`
	Priority        Optional[Priority]       `json:"priority,omitempty" doc:"Null: medium." enum:"low,medium,high,urgent"`
	DueDate         Optional[string]         `json:"due_date,omitempty" doc:"Date (that day) or date-time; without offset in the user's zone." example:"2026-03-01"`
	Category        Optional[string]         `json:"category,omitempty" doc:"Name of an existing category." sample:"Work"`
	CategoryID      Optional[int64]          `json:"category_id,omitempty" doc:"Its id, instead of the name."`
	Tags            Optional[[]string]       `json:"tags,omitempty" doc:"Replaces all tags; unknown ones are created." maxItems:"10"`
	TagIDs          Optional[[]int64]        `json:"tag_ids,omitempty" doc:"Replaces all tags, together with tags." maxItems:"10"`
	RecurrenceRule  Optional[string]         `json:"recurrence_rule,omitempty" doc:"RFC 5545 RRULE or shorthand; null ends the recurrence." example:"monthly"`
	RecurrenceBase  Optional[RecurrenceBase] `json:"recurrence_base,omitempty" doc:"What the next date counts from." enum:"due,completion"`
	ReminderOffsets Optional[[]int]          `json:"reminder_offsets,omitempty" doc:"Minutes before due; [] for none; null: the user's default." maxItems:"10"`
	IfVersion       int                      `json:"if_version,omitempty" doc:"Change only if the task still has this version, else CONFLICT."`
}

func checkTitle(title string) (string, error) {
	title = strings.TrimSpace(title)
	if err := checkText("title", title, MaxTitle); err != nil {
		return "", err
	}
	if title == "" {
		return "", Invalid("title", "is empty; allowed are 1 to %d characters, for example \"Pay the rent\"", MaxTitle)
	}
	return title, nil
}

// checkText refuses what Postgres cannot store or what is too long. max counts
// characters, not bytes.
func checkText(field, text string, max int) error {
	if !utf8.ValidString(text) {
		return Invalid(field, "is not valid UTF-8; send text encoded as UTF-8")
	}
	if strings.ContainsRune(text, 0) {
		return Invalid(field, "contains a NUL character; remove it")
	}
	if n := utf8.RuneCountInString(text); n > max {
		return Invalid(field, "has %d characters; at most %d are allowed", n, max)
	}
	return nil
}

func checkPriority(field string, p Priority) error {
	return checkEnum(field, p, Priorities()...)
}

func checkEnum[T ~string](field string, value T, allowed ...T) error {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		if a == value {
			return nil
		}
		names[i] = string(a)
	}
	return Invalid(field, "%q is not allowed; use one of %s, for example %q", string(value), strings.Join(names, ", "), names[len(names)-1])
}
