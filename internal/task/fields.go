package task

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
)

// Fields are what a caller may give a task. The name, limits and meaning of each
// field are defined here and nowhere else. A new field is applied in set, reported
// in told, and stored, exported and shown under the same name.
type Fields struct {
	Title           input.Optional[string]         `json:"title,omitzero" doc:"What to do." minLength:"1" maxLength:"200" example:"Pay the rent"`
	Description     input.Optional[string]         `json:"description,omitzero" doc:"Details." maxLength:"10000"`
	Priority        input.Optional[Priority]       `json:"priority,omitzero" doc:"Default medium." enum:"low,medium,high,urgent"`
	DueDate         input.Optional[string]         `json:"due_date,omitzero" doc:"Date (that day) or date-time; without offset in the user's zone." example:"2026-03-01T17:30"`
	Category        input.Optional[string]         `json:"category,omitzero" doc:"Name of an existing one." sample:"Work"`
	CategoryID      input.Optional[int64]          `json:"category_id,omitzero" unlisted:"true" doc:"Its id, instead of the name." minimum:"1"`
	Tags            input.Optional[[]string]       `json:"tags,omitzero" doc:"All its tags by name; unknown ones are created." maxItems:"10"`
	TagIDs          input.Optional[[]int64]        `json:"tag_ids,omitzero" unlisted:"true" doc:"Tag ids, beside or instead of names." maxItems:"10"`
	RecurrenceRule  input.Optional[string]         `json:"recurrence_rule,omitzero" doc:"RFC 5545 RRULE, or words: weekdays, biweekly, every 3 months, every last friday." example:"FREQ=WEEKLY;BYDAY=MO,TH"`
	RecurrenceBase  input.Optional[RecurrenceBase] `json:"recurrence_base,omitzero" doc:"Next date counts from; default due." enum:"due,completion"`
	EstimateMinutes input.Optional[int]            `json:"estimate_minutes,omitzero" doc:"How long it will take." minimum:"1" maximum:"525600" example:"30"`
	TimeZone        input.Optional[string]         `json:"time_zone,omitzero" doc:"IANA zone of due_date, if not the user's." example:"America/New_York"`
	ParentID        input.Optional[int64]          `json:"parent_id,omitzero" doc:"Task it is a part of." minimum:"1"`
	BlockedBy       input.Optional[[]int64]        `json:"blocked_by,omitzero" doc:"Ids to be done first." maxItems:"50"`
	StartDate       input.Optional[string]         `json:"start_date,omitzero" doc:"Not before; as due_date." example:"2026-02-27"`
	WaitingFor      input.Optional[string]         `json:"waiting_for,omitzero" doc:"On hold until this comes." maxLength:"200" example:"the plumber's offer"`
	Missed          input.Optional[Missed]         `json:"missed,omitzero" doc:"Dates that pass while it is late; default skip." enum:"skip,keep"`
	Nag             input.Optional[Nag]            `json:"nag,omitzero" doc:"Reminds again and again from due until done."`
	ReminderOffsets input.Optional[[]int]          `json:"reminder_offsets,omitzero" doc:"Minutes before due, below zero after; [] for none; default the user's." maxItems:"10" example:"[1440,60]"`
}

// AddInput is a new task. Null means the same as leaving a field out.
type AddInput struct {
	Fields         `required:"title" null:"absent"`
	IdempotencyKey string `json:"idempotency_key,omitempty" doc:"Unique text; a repeated call with it adds nothing more." maxLength:"128"`
}

// UpdateInput changes the given fields of a task; null clears a field, as does its
// name in Clear.
type UpdateInput struct {
	TaskID    int64 `json:"task_id" doc:"Its id." minimum:"1"`
	Fields    `told:"add_task"`
	Clear     []string                     `json:"clear,omitempty" doc:"Names of fields to empty." clears:"true" sample:"[\"due_date\"]"`
	Scope     Scope                        `json:"scope,omitempty" doc:"Of a new due_date in a series; default following." enum:"this,following"`
	Comment   input.Optional[CommentInput] `json:"comment,omitzero" null:"absent" doc:"Adds one." example:"{\"text\":\"The offer is here.\"}"`
	IfVersion int                          `json:"if_version,omitempty" doc:"Only if it still has this version, else CONFLICT." minimum:"1"`
}

// withoutEmpty drops fields that are null or "", which mean nothing in a new task.
func (f Fields) withoutEmpty() Fields {
	all := reflect.ValueOf(&f).Elem()
	for i := range all.NumField() {
		if field := all.Field(i); field.FieldByName("Null").Bool() || field.FieldByName("Value").IsZero() {
			field.SetZero()
		}
	}
	return f
}

// set checks the given fields that need no store, and applies them to the task,
// which may be an empty one. Changing the due date or the rule of an open occurrence
// re-anchors its series from it.
func (t *Task) set(f Fields, scope Scope, user person.Settings, now time.Time) error {
	if f.Title.Set {
		title, err := checkTitle(f.Title.Value) // null counts as ""
		if err != nil {
			return err
		}
		t.Title = title
	}
	if f.Description.Set {
		if err := input.CheckText("description", f.Description.Value, MaxDescription); err != nil {
			return err
		}
		t.Description = f.Description.Value
	}
	if f.Priority.Set {
		t.Priority = Medium
		if !f.Priority.Null {
			if err := checkPriority("priority", f.Priority.Value); err != nil {
				return err
			}
			t.Priority = f.Priority.Value
		}
	}
	if f.EstimateMinutes.Set {
		if t.EstimateMinutes = nil; !f.EstimateMinutes.Null {
			minutes := f.EstimateMinutes.Value
			if minutes < 1 || minutes > MaxEstimate {
				return fault.Invalid("estimate_minutes", "%d is out of range; allowed are minutes from 1 to %d, for example 30", minutes, MaxEstimate)
			}
			t.EstimateMinutes = &minutes
		}
	}
	zone := t.Zone()
	dueChanged, err := t.schedule(f, scope, user, now)
	if err != nil {
		return err
	}
	held, err := t.hold(f, zone, user, now)
	if err != nil {
		return err
	}
	nagChanged := false
	if f.Nag.Set {
		if nagChanged, err = t.setNag(f.Nag.Value); err != nil { // null counts as never
			return err
		}
	}
	offsetsChanged := false
	if f.ReminderOffsets.Set {
		if err := person.CheckOffsets("reminder_offsets", f.ReminderOffsets.Value); err != nil {
			return err
		}
		offsetsChanged = t.setOffsets(f.ReminderOffsets)
	}
	if (dueChanged || held || offsetsChanged || nagChanged) && !t.Completed() {
		t.arm(user, now)
	}
	return nil
}

// file finds or creates the given category and tags, and applies them to the task.
func (t *Task) file(ctx context.Context, tx label.Directory, f Fields) (err error) {
	if f.Category.Set || f.CategoryID.Set {
		if t.Category, err = label.ResolveCategory(ctx, tx, f.Category.Value, f.CategoryID.Value); err != nil {
			return err
		}
	}
	if f.Tags.Set || f.TagIDs.Set {
		t.Tags, err = label.ResolveTags(ctx, tx, f.Tags.Value, f.TagIDs.Value)
	}
	return err
}

// told returns the fields that events report, by their public names, with the values
// as in events; nil where there is none.
var told = []struct {
	name  string
	value func(*Task) any
}{
	{"title", func(t *Task) any { return t.Title }},
	{"description", func(t *Task) any { return t.Description }},
	{"priority", func(t *Task) any { return t.Priority }},
	{"completed", func(t *Task) any { return t.Completed() }},
	{"deleted", func(t *Task) any { return t.DeletedAt != nil }},
	{"estimate_minutes", func(t *Task) any { return orNil(t.EstimateMinutes) }},
	{"due_date", func(t *Task) any { return orNil(t.DueDate) }},
	{"all_day", func(t *Task) any { return t.AllDay }},
	{"due_day", func(t *Task) any { return nullIfZero(t.Day()) }},
	{"time_zone", func(t *Task) any { return t.TimeZone }},
	{"category_id", func(t *Task) any { return nullIfZero(t.CategoryID()) }},
	{"tag_ids", func(t *Task) any { return t.TagIDs() }},
	{"parent_id", func(t *Task) any { return orNil(t.ParentID) }},
	{"blocked_by", func(t *Task) any {
		if len(t.BlockedBy) == 0 {
			return nil
		}
		return t.BlockedBy
	}},
	{"start_date", func(t *Task) any { return orNil(t.StartDate) }},
	{"waiting_for", func(t *Task) any { return nullIfZero(t.WaitingFor) }},
	{"recurrence_rule", func(t *Task) any { return nullIfZero(t.rule()) }},
	{"recurrence_base", func(t *Task) any { return nullIfZero(t.base()) }},
	{"missed", func(t *Task) any { return nullIfZero(t.missed()) }},
	{"nag", func(t *Task) any { return orNil(t.Nag()) }},
	{"previous_task_id", func(t *Task) any { return orNil(t.PreviousTaskID) }},
	{"reminder_offsets", func(t *Task) any {
		if t.ReminderOffsets == nil { // the user's default, which differs from none
			return nil
		}
		return t.ReminderOffsets
	}},
	{"absolute_reminder", func(t *Task) any { return orNil(t.AbsoluteReminder) }},
	{"snoozed_until", func(t *Task) any { return orNil(t.SnoozedUntil) }},
}

// Told returns all fields that events report, by their public names.
func (t *Task) Told() map[string]any {
	values := map[string]any{}
	for _, f := range told {
		values[f.name] = f.value(t)
	}
	return values
}

// Differences returns the fields that differ between two states of a task, with
// their values before and after.
func Differences(before, after *Task) (old, new map[string]any) {
	old, new = map[string]any{}, map[string]any{}
	for _, f := range told {
		// A due date that becomes a whole day, or ceases to be one, has changed even
		// if the instant is the same.
		another := f.name == "due_date" && before.AllDay != after.AllDay
		if f.name == "due_day" && f.value(after) == nil {
			continue // due_date and all_day cover it
		}
		if was, is := f.value(before), f.value(after); another || !same(was, is) {
			old[f.name], new[f.name] = was, is
		}
	}
	return old, new
}

func same(a, b any) bool {
	if x, ok := a.(time.Time); ok {
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	}
	return reflect.DeepEqual(a, b)
}

func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func nullIfZero[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// CategoryID is 0 for a task without a category.
func (t *Task) CategoryID() int64 {
	if t.Category == nil {
		return 0
	}
	return t.Category.ID
}

// TagIDs are the ids of the task's tags, ascending; never nil.
func (t *Task) TagIDs() []int64 {
	ids := make([]int64, len(t.Tags))
	for i, tag := range t.Tags {
		ids[i] = tag.ID
	}
	slices.Sort(ids)
	return ids
}

func (t *Task) rule() string {
	if t.Recurrence == nil {
		return ""
	}
	return t.Recurrence.Rule
}

func (t *Task) base() RecurrenceBase {
	if t.Recurrence == nil {
		return ""
	}
	return t.Recurrence.Base
}

// missed is what becomes of missed dates, "" for the default.
func (t *Task) missed() Missed {
	if t.Recurrence == nil || t.Recurrence.Missed == SkipMissed {
		return ""
	}
	return t.Recurrence.Missed
}

// sameOffsets distinguishes nil, the user's default, from none.
func sameOffsets(a, b []int) bool {
	return (a == nil) == (b == nil) && slices.Equal(a, b)
}

func checkTitle(title string) (string, error) {
	title = strings.TrimSpace(title)
	if err := input.CheckText("title", title, MaxTitle); err != nil {
		return "", err
	}
	if input.Blank(title) {
		return "", fault.Invalid("title", "is empty; allowed are 1 to %d characters, for example \"Pay the rent\"", MaxTitle)
	}
	return title, nil
}

func checkPriority(field string, p Priority) error {
	return input.CheckEnum(field, p, Priorities()...)
}
