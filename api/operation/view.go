package operation

import (
	"time"

	"tickler/internal/person"
	"tickler/internal/task"
)

// View is a task as callers see it: dates in the user's zone with its offset.
// The concise form has what an agent needs to continue; the detailed form adds the
// fields of Detail. Empty fields are left out.
type View struct {
	ID                   int64         `json:"id"`
	Title                string        `json:"title"`
	Description          string        `json:"description,omitempty"`
	DescriptionTruncated bool          `json:"description_truncated,omitempty"`
	Priority             task.Priority `json:"priority"`
	Completed            bool          `json:"completed"`
	CompletedAt          string        `json:"completed_at,omitempty"`
	DeletedAt            string        `json:"deleted_at,omitempty"`
	EstimateMinutes      int           `json:"estimate_minutes,omitempty"`
	DueDate              string        `json:"due_date,omitempty" doc:"RFC 3339 in the user's zone; of a whole day that date."`
	AllDay               bool          `json:"all_day,omitempty"`
	Overdue              bool          `json:"overdue,omitempty"`
	ParentID             int64         `json:"parent_id,omitempty"`
	Parts                *PartsView    `json:"parts,omitempty" open:"true" doc:"open, done."`
	BlockedBy            []int64       `json:"blocked_by,omitempty" doc:"What is open of it; detailed: all."`
	StartDate            string        `json:"start_date,omitempty"`
	WaitingFor           string        `json:"waiting_for,omitempty"`
	// TimeZone is in the concise form only if it is another than the user's.
	TimeZone       string      `json:"time_zone,omitempty" doc:"It was meant in."`
	Category       string      `json:"category,omitempty"`
	Tags           []string    `json:"tags,omitempty"`
	RecurrenceRule string      `json:"recurrence_rule,omitempty"`
	Missed         task.Missed `json:"missed,omitempty"` // likewise only if it is keep
	RemindAt       string      `json:"remind_at,omitempty" doc:"The next reminder."`
	Nag            *task.Nag   `json:"nag,omitempty" open:"true"`
	RelevanceScore *float64    `json:"relevance_score,omitempty" unlisted:"true"`

	*Detail
}

// Detail holds the fields that only the detailed form has.
type Detail struct {
	CategoryID      int64               `json:"category_id,omitempty" unlisted:"true"`
	TagIDs          []int64             `json:"tag_ids,omitempty" unlisted:"true"`
	RecurrenceBase  task.RecurrenceBase `json:"recurrence_base,omitempty" unlisted:"true"`
	SeriesID        string              `json:"series_id,omitempty" unlisted:"true"`
	Occurrence      int                 `json:"occurrence,omitempty" unlisted:"true"`
	PreviousTaskID  *int64              `json:"previous_task_id,omitempty" unlisted:"true"`
	ReminderOffsets []int               `json:"reminder_offsets,omitempty" doc:"Minutes before due."`
	Highlights      []string            `json:"highlights,omitempty" unlisted:"true" doc:"Of a search: where it matches, between **."`
	Reminders       []string            `json:"reminders,omitempty" doc:"All still to come."`
	ReminderSent    bool                `json:"reminder_sent" unlisted:"true"`
	CreatedAt       string              `json:"created_at"`
	UpdatedAt       string              `json:"updated_at"`
	Version         int                 `json:"version"`
	Ready           bool                `json:"ready,omitempty" unlisted:"true" doc:"Of a task with structure: can be begun now."`
	OpenBlockers    []int64             `json:"open_blockers,omitempty" unlisted:"true"`
}

// PartsView counts the parts of a task, not those of its parts.
type PartsView struct {
	Open int `json:"open"`
	Done int `json:"done,omitempty"`
}

// Form selects how much of a task is returned.
type Form string

// The two forms of an answer. Concise is the default.
const (
	Concise  Form = "concise"
	Detailed Form = "detailed"
)

// viewTask renders a task for a user. The concise form shows the first preview
// characters of the description, all of them when preview is 0; briefly leaves out a
// longer one.
func viewTask(t *task.Task, user person.Settings, form Form, now time.Time, preview int) View {
	zone := user.Zone()
	v := View{
		ID: t.ID, Title: t.Title, Description: t.Description, Priority: t.Priority,
		Completed: t.Completed(), DueDate: t.FormatDue(user), AllDay: t.AllDay,
		Overdue: !t.Waiting() && !t.Completed() && t.DeletedAt == nil && t.DueDate != nil && t.DueDate.Before(now),
	}
	at, _ := t.RemindsNext(user, now)
	v.RemindAt = task.FormatTime(at, zone)
	v.CompletedAt, v.DeletedAt = task.FormatTime(t.CompletedAt, zone), task.FormatTime(t.DeletedAt, zone)
	v.Nag = t.Nag()
	if t.TimeZone != user.TimeZone && t.DueDate != nil || form == Detailed {
		v.TimeZone = t.TimeZone
	}
	if r := t.Recurrence; r != nil {
		v.RecurrenceRule = r.Rule
		if r.Missed == task.KeepMissed || form == Detailed {
			v.Missed = r.Missed
		}
	}
	if t.ParentID != nil {
		v.ParentID = *t.ParentID
	}
	if s := t.Standing; s.HasParts() {
		v.Parts = &PartsView{Open: s.OpenParts, Done: s.DoneParts}
	}
	v.BlockedBy, v.StartDate, v.WaitingFor = t.Standing.OpenBlockers, t.StartText(zone), t.WaitingFor
	if t.EstimateMinutes != nil {
		v.EstimateMinutes = *t.EstimateMinutes
	}
	if t.Category != nil {
		v.Category = t.Category.Name
	}
	for _, tag := range t.Tags {
		v.Tags = append(v.Tags, tag.Name)
	}
	if form != Detailed {
		if r := []rune(v.Description); preview > 0 && len(r) > preview {
			v.Description, v.DescriptionTruncated = string(r[:preview])+"…", true
			if preview == briefly {
				v.Description = "" // so little of it would tell nothing
			}
		}
		if preview == briefly {
			v.shorten(t.Started(now))
		}
		return v
	}
	v.Detail = &Detail{
		CategoryID: t.CategoryID(), TagIDs: t.TagIDs(),
		PreviousTaskID: t.PreviousTaskID, ReminderOffsets: t.ReminderOffsets, ReminderSent: t.ReminderSent(user, now),
		CreatedAt: task.FormatTime(&t.CreatedAt, zone), UpdatedAt: task.FormatTime(&t.UpdatedAt, zone), Version: t.Version,
	}
	v.BlockedBy, v.OpenBlockers, v.Ready = t.BlockedBy, t.Standing.OpenBlockers, t.Structured() && t.Ready(now)
	for _, at := range t.RemindersToCome() {
		v.Reminders = append(v.Reminders, task.FormatTime(&at, zone))
	}
	if r := t.Recurrence; r != nil {
		v.RecurrenceBase, v.SeriesID, v.Occurrence = r.Base, r.SeriesID.String(), r.Occurrence
	}
	return v
}

// What a long page shows of a task's structure.
const (
	brieflyBlockers = 1
	brieflyWaiting  = 12 // characters
)

// shorten leaves out of a task on a long page what get_task shows.
func (v *View) shorten(started bool) {
	if started {
		v.StartDate = ""
	}
	if v.Parts != nil {
		v.Parts = &PartsView{Open: v.Parts.Open}
	}
	if len(v.BlockedBy) > brieflyBlockers {
		v.BlockedBy = v.BlockedBy[:brieflyBlockers]
	}
	if r := []rune(v.WaitingFor); len(r) > brieflyWaiting {
		v.WaitingFor = string(r[:brieflyWaiting]) + "…"
	}
}

// RecurrenceView describes how a task recurs.
type RecurrenceView struct {
	Words    string   `json:"words"`
	Next     []string `json:"next"`
	Left     *int     `json:"left,omitempty" doc:"With COUNT: how many come after this one."`
	Warnings []string `json:"warnings,omitempty"`
}

// viewRecurrence renders the recurrence of a task, or nil when it has none.
func viewRecurrence(t *task.Task, user person.Settings, now time.Time) (*RecurrenceView, error) {
	up, err := t.Upcoming(now)
	if err != nil || up == nil {
		return nil, err
	}
	v := &RecurrenceView{Words: up.Words, Next: []string{}, Warnings: up.Warnings}
	if up.Left >= 0 {
		v.Left = &up.Left
	}
	for _, at := range up.Next {
		v.Next = append(v.Next, t.DateText(at, user.Zone()))
	}
	return v, nil
}
