package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"

	"tickler/internal/journal"
	"tickler/internal/limit"
	"tickler/internal/person"
	"tickler/internal/task"
)

const (
	documentFormat  = "tickler"
	documentVersion = 1
	wallForm        = "2006-01-02T15:04:05"
)

// Document is everything that a person has, except channels, the calendar feed and
// tokens, which are secrets. Categories and tags are referred to by name; ids only
// distinguish tasks within one document.
type Document struct {
	Format     string         `json:"format" enum:"tickler"`
	Version    int            `json:"version" doc:"Of the format: 1."`
	ExportedAt string         `json:"exported_at"`
	Settings   Settings       `json:"settings"`
	Categories []Label        `json:"categories"`
	Tags       []Label        `json:"tags"`
	Tasks      []ExportedTask `json:"tasks" doc:"All that are not deleted, oldest first."`
	// Write adds these.
	Comments   []ExportedComment `json:"comments,omitempty" doc:"On these tasks; those of one task oldest first."`
	History    []ExportedChange  `json:"history,omitempty" doc:"What was changed in the last 90 days, newest first. Import passes it over."`
	HistoryCut bool              `json:"history_cut,omitempty" doc:"There is more, which is older."`
}

// Settings are the person's own.
type Settings struct {
	TimeZone        string `json:"time_zone"`
	ReminderOffsets []int  `json:"reminder_offsets"`
	QuietHours      string `json:"quiet_hours,omitempty"`
	AllDayTime      string `json:"all_day_time,omitempty"`
}

// Label is a category or tag.
type Label struct {
	Name  string `json:"name"`
	Color string `json:"color,omitempty"`
}

// ExportedTask is a task. Instants are in UTC.
type ExportedTask struct {
	ID               int64    `json:"id"`
	Title            string   `json:"title"`
	Description      string   `json:"description,omitempty"`
	Priority         string   `json:"priority"`
	Category         string   `json:"category,omitempty"`
	Tags             []string `json:"tags,omitempty"`
	EstimateMinutes  *int     `json:"estimate_minutes,omitempty" doc:"How long it will take."`
	DueDate          string   `json:"due_date,omitempty" doc:"A date for a whole day, else an instant."`
	TimeZone         string   `json:"time_zone" doc:"In which the due date is meant."`
	DueWall          string   `json:"due_wall,omitempty" doc:"The wall time that was meant with due_date, where time_zone skips it."`
	Series           *Series  `json:"series,omitempty"`
	PreviousTaskID   int64    `json:"previous_task_id,omitempty" doc:"The occurrence that this one follows."`
	ReminderOffsets  *[]int   `json:"reminder_offsets,omitempty" doc:"Minutes before due; left out: those of the settings."`
	AbsoluteReminder string   `json:"absolute_reminder,omitempty"`
	ParentID         int64    `json:"parent_id,omitempty" doc:"The task that it is a part of."`
	BlockedBy        []int64  `json:"blocked_by,omitempty" doc:"The tasks that must be done first."`
	StartDate        string   `json:"start_date,omitempty" doc:"Not before: a date for a day, else an instant."`
	WaitingFor       string   `json:"waiting_for,omitempty"`
	NagMinutes       int      `json:"nag_minutes,omitempty" doc:"Reminds every so many minutes from the due date on, until done."`
	SnoozedUntil     string   `json:"snoozed_until,omitempty"`
	CompletedAt      string   `json:"completed_at,omitempty"`
	CreatedAt        string   `json:"created_at"`
	UpdatedAt        string   `json:"updated_at"`
}

// Series is how a task recurs, and its place in its series.
type Series struct {
	Rule            string `json:"rule" doc:"RFC 5545 RRULE."`
	Base            string `json:"base" enum:"due,completion"`
	ID              string `json:"id" doc:"The same for all tasks of the series."`
	Start           string `json:"start" doc:"The anchor: wall time in the task's zone."`
	StartOccurrence int    `json:"start_occurrence"`
	Occurrence      int    `json:"occurrence" doc:"Place of the task, from 1."`
	Date            string `json:"date,omitempty" doc:"The date of the series that the task stands for, as start, where it was moved."`
	Missed          string `json:"missed,omitempty" enum:"skip,keep"`
}

// Exported is everything that a user has, ready to be written.
type Exported struct {
	head     Document // without tasks, comments and history
	tasks    iter.Seq2[*task.Task, error]
	comments iter.Seq2[task.Comment, error]
	changes  iter.Seq2[journal.Entry, error]
}

// Export reads the head of a document. Write reads the tasks as it goes.
func (s *Service) Export(ctx context.Context, user person.Settings) (Exported, error) {
	doc := Document{
		Format: documentFormat, Version: documentVersion, ExportedAt: instant(s.now()),
		Settings:   Settings{TimeZone: user.TimeZone, ReminderOffsets: append([]int{}, user.ReminderOffsets...)},
		Categories: []Label{}, Tags: []Label{}, Tasks: []ExportedTask{},
	}
	delivery, err := s.people.Delivery(ctx, user)
	if err != nil {
		return Exported{}, err
	}
	doc.Settings.QuietHours = delivery.QuietHours.String()
	doc.Settings.AllDayTime = time.Time{}.Add(time.Duration(user.AllDayTime) * time.Minute).Format("15:04")
	categories, err := s.labels.Categories(ctx, user)
	if err != nil {
		return Exported{}, err
	}
	for _, c := range categories {
		doc.Categories = append(doc.Categories, Label{c.Label.Name, c.Label.Color})
	}
	tags, err := s.labels.Tags(ctx, user)
	if err != nil {
		return Exported{}, err
	}
	for _, t := range tags {
		doc.Tags = append(doc.Tags, Label{t.Label.Name, t.Label.Color})
	}
	return Exported{head: doc, tasks: s.tasks.Everything(ctx, user), comments: s.tasks.EveryComment(ctx, user), changes: s.changes(ctx, user)}, nil
}

// Write writes a Document, a few tasks at a time. After an error the document is
// incomplete.
func (e Exported) Write(to io.Writer) error {
	var text bytes.Buffer // of one part
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	put := func(part any, before, after string) error {
		text.Reset()
		text.WriteString(before)
		if err := encoder.Encode(part); err != nil {
			return err
		}
		content, found := bytes.CutSuffix(text.Bytes(), []byte(after+"\n"))
		if !found {
			return fmt.Errorf("a part of a document does not end in %q", after)
		}
		_, err := to.Write(content)
		return err
	}
	if err := put(e.head, "", "]}"); err != nil { // the tasks are its last member, and empty
		return err
	}
	separator := "\n"
	for t, err := range e.tasks {
		if err == nil {
			err = put(export(t), separator, "")
		}
		if err != nil {
			return err
		}
		separator = ",\n"
	}
	if err := e.writeComments(to, put); err != nil {
		return err
	}
	return e.writeHistory(to, put)
}

func export(t *task.Task) ExportedTask {
	out := ExportedTask{
		ID: t.ID, Title: t.Title, Description: t.Description, Priority: string(t.Priority), TimeZone: t.TimeZone,
		AbsoluteReminder: optional(t.AbsoluteReminder), SnoozedUntil: optional(t.SnoozedUntil),
		CompletedAt: optional(t.CompletedAt), CreatedAt: instant(t.CreatedAt), UpdatedAt: instant(t.UpdatedAt),
		EstimateMinutes: t.EstimateMinutes, NagMinutes: t.NagMinutes, DueDate: optional(t.DueDate),
	}
	if out.BlockedBy, out.WaitingFor, out.StartDate = t.BlockedBy, t.WaitingFor, optional(t.StartDate); t.StartAllDay {
		out.StartDate = t.StartText(t.Zone())
	}
	if t.ParentID != nil {
		out.ParentID = *t.ParentID
	}
	if t.DueWall != nil {
		out.DueWall = t.DueWall.Format(wallForm)
	}
	if t.DueDate != nil && t.AllDay {
		out.DueDate = t.DueDate.In(t.Zone()).Format(time.DateOnly)
	}
	if t.Category != nil {
		out.Category = t.Category.Name
	}
	for _, tag := range t.Tags {
		out.Tags = append(out.Tags, tag.Name)
	}
	if t.ReminderOffsets != nil {
		out.ReminderOffsets = &t.ReminderOffsets
	}
	if t.PreviousTaskID != nil {
		out.PreviousTaskID = *t.PreviousTaskID
	}
	if r := t.Recurrence; r != nil {
		out.Series = &Series{r.Rule, string(r.Base), r.SeriesID.String(), r.Start.Format(wallForm), r.StartOccurrence, r.Occurrence, "", string(r.Missed)}
		if !r.Date.IsZero() {
			out.Series.Date = r.Date.Format(wallForm)
		}
	}
	return out
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func optional(t *time.Time) string {
	if t == nil {
		return ""
	}
	return instant(*t)
}

// Limits of our own document, and of each of its tasks.
var (
	documentParts = limit.JSON{Depth: 4, Items: 100, Values: 500}
	maxLabels     = 1000
)
