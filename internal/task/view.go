package task

import "time"

// View is a task as callers see it: dates in the user's zone with its offset.
// The concise form is what an agent needs to go on; the detailed form adds the
// fields below Detail. Empty fields are left out.
type View struct {
	ID             int64    `json:"id"`
	Title          string   `json:"title"`
	Description    string   `json:"description,omitempty"`
	Priority       Priority `json:"priority"`
	Completed      bool     `json:"completed"`
	DueDate        string   `json:"due_date,omitempty" doc:"RFC 3339, in the user's zone."`
	AllDay         bool     `json:"all_day,omitempty"`
	Overdue        bool     `json:"overdue,omitempty"`
	Category       string   `json:"category,omitempty"`
	Tags           []string `json:"tags,omitempty"`
	RecurrenceRule string   `json:"recurrence_rule,omitempty"`
	RemindAt       string   `json:"remind_at,omitempty" doc:"The next reminder."`
	RelevanceScore *float64 `json:"relevance_score,omitempty"`

	*Detail
}

// Detail is the rest of a task, for those who ask for it.
type Detail struct {
	CompletedAt     string         `json:"completed_at,omitempty"`
	TimeZone        string         `json:"time_zone,omitempty"`
	CategoryID      int64          `json:"category_id,omitempty"`
	TagIDs          []int64        `json:"tag_ids,omitempty"`
	RecurrenceBase  RecurrenceBase `json:"recurrence_base,omitempty"`
	SeriesID        string         `json:"series_id,omitempty"`
	Occurrence      int            `json:"occurrence,omitempty"`
	PreviousTaskID  *int64         `json:"previous_task_id,omitempty"`
	ReminderOffsets []int          `json:"reminder_offsets,omitempty" doc:"Minutes before due."`
	Highlights      []string       `json:"highlights,omitempty" doc:"Of a search: where it matches, between **."`
	Reminders       []string       `json:"reminders,omitempty" doc:"All still to come."`
	ReminderSent    bool           `json:"reminder_sent"`
	CreatedAt       string         `json:"created_at"`
	UpdatedAt       string         `json:"updated_at"`
	Version         int            `json:"version"`
}

// Form is how much of a task an answer holds.
type Form string

// The two forms of an answer. Concise is the default.
const (
	Concise  Form = "concise"
	Detailed Form = "detailed"
)

// View renders the task for a user. The concise form shows the first preview
// characters of the description, all of them when preview is 0.
func (t *Task) View(user Settings, form Form, now time.Time, preview int) View {
	zone := user.Zone()
	v := View{
		ID: t.ID, Title: t.Title, Description: t.Description, Priority: t.Priority,
		Completed: t.Completed(), DueDate: t.FormatDue(user), AllDay: t.AllDay,
		Overdue:        !t.Completed() && t.DueDate != nil && t.DueDate.Before(now),
		RecurrenceRule: t.rule(), RemindAt: FormatTime(t.RemindAt, zone),
	}
	if t.Category != nil {
		v.Category = t.Category.Name
	}
	for _, tag := range t.Tags {
		v.Tags = append(v.Tags, tag.Name)
	}
	if form != Detailed {
		if r := []rune(v.Description); preview > 0 && len(r) > preview {
			v.Description = string(r[:preview]) + "…"
		}
		return v
	}
	v.Detail = &Detail{
		CompletedAt: FormatTime(t.CompletedAt, zone), TimeZone: t.TimeZone,
		CategoryID: t.CategoryID(), TagIDs: t.TagIDs(), RecurrenceBase: t.base(),
		PreviousTaskID: t.PreviousTaskID, ReminderOffsets: t.ReminderOffsets, ReminderSent: t.RemindAt == nil,
		CreatedAt: FormatTime(&t.CreatedAt, zone), UpdatedAt: FormatTime(&t.UpdatedAt, zone), Version: t.Version,
	}
	for _, at := range t.ReminderTimes {
		if t.RemindAt != nil && !at.Before(*t.RemindAt) {
			v.Reminders = append(v.Reminders, FormatTime(&at, zone))
		}
	}
	if t.Recurrence != nil {
		v.SeriesID, v.Occurrence = t.Recurrence.SeriesID.String(), t.Recurrence.Occurrence
	}
	return v
}

// dueZone is the zone in which the task's dates are shown: the user's, but for
// an all-day task its own, since elsewhere its end may be on another day.
func (t *Task) dueZone(user Settings) *time.Location {
	if t.AllDay {
		return t.Zone()
	}
	return user.Zone()
}

// FormatDue writes the due date as it is shown to a user; none is "".
func (t *Task) FormatDue(user Settings) string { return FormatTime(t.DueDate, t.dueZone(user)) }

// FormatTime writes an instant as RFC 3339 in zone, to the second; nil is "".
func FormatTime(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	return t.In(zone).Format(time.RFC3339)
}

// RecurrenceView tells in an answer how a task recurs.
type RecurrenceView struct {
	Words    string   `json:"words"`
	Next     []string `json:"next"`
	Warnings []string `json:"warnings,omitempty"`
}

// RecurrenceView renders the recurrence of the task, or nil when it has none.
func (t *Task) RecurrenceView(user Settings, now time.Time) (*RecurrenceView, error) {
	up, err := t.Upcoming(now)
	if err != nil || up == nil {
		return nil, err
	}
	v := &RecurrenceView{Words: up.Words, Next: []string{}, Warnings: up.Warnings}
	for _, at := range up.Next {
		v.Next = append(v.Next, FormatTime(&at, t.dueZone(user)))
	}
	return v, nil
}
