package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/google/uuid"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
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
	History    []ExportedChange `json:"history,omitempty" doc:"What was changed in the last 90 days, newest first. Import passes it over."`
	HistoryCut bool             `json:"history_cut,omitempty" doc:"There is more, which is older."`
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
	head    Document // without tasks and history
	tasks   iter.Seq2[*task.Task, error]
	changes iter.Seq2[journal.Entry, error]
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
	return Exported{head: doc, tasks: s.tasks.Everything(ctx, user), changes: s.changes(ctx, user)}, nil
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
	return e.writeHistory(to, put)
}

func export(t *task.Task) ExportedTask {
	out := ExportedTask{
		ID: t.ID, Title: t.Title, Description: t.Description, Priority: string(t.Priority), TimeZone: t.TimeZone,
		AbsoluteReminder: optional(t.AbsoluteReminder), SnoozedUntil: optional(t.SnoozedUntil),
		CompletedAt: optional(t.CompletedAt), CreatedAt: instant(t.CreatedAt), UpdatedAt: instant(t.UpdatedAt),
		EstimateMinutes: t.EstimateMinutes, NagMinutes: t.NagMinutes, DueDate: optional(t.DueDate),
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

// readDocument reads what Export wrote. Settings are imported; existing categories
// and tags stay as they are.
func (j *jsonFile) readDocument() error {
	d := document{jsonFile: j}
	j.content.format, j.settings = documentFormat, &Settings{}
	err := j.members(d.member)
	if err == nil {
		err = j.end()
	}
	if err != nil {
		return j.file.refuse(err, "is not what GET /v1/export writes: %s")
	}
	if d.format != documentFormat || d.version != documentVersion {
		return fault.Invalid("format", "must be %q and version %d, as GET /v1/export writes", documentFormat, documentVersion)
	}
	return nil
}

// document is a Document as it is read, member by member.
type document struct {
	*jsonFile
	format  string
	version int
}

func (d *document) member(name string) error {
	switch name {
	case "format":
		return d.value(&d.format)
	case "version":
		return d.value(&d.version)
	case "exported_at":
		var when string
		return d.value(&when)
	case "settings":
		return d.value(d.settings)
	case "categories":
		return d.list(func() error { return d.label(&d.labels.categories, "categories") })
	case "tags":
		return d.list(func() error { return d.label(&d.labels.tags, "tags") })
	case "history":
		return d.passHistory()
	case "history_cut":
		var cut bool
		return d.value(&cut)
	case "tasks":
		return d.list(func() error {
			if len(d.items) == MaxTasks {
				return tooMany("tasks", MaxTasks)
			}
			var t ExportedTask
			if err := d.value(&t); err != nil {
				return err
			}
			return d.add(t.item(len(d.items) + 1))
		})
	default:
		return fmt.Errorf("it has no field %v", name)
	}
}

func (d *document) label(all *[]Label, what string) error {
	if len(*all) == maxLabels {
		return tooMany(what, maxLabels)
	}
	var one Label
	err := d.value(&one)
	*all = append(*all, one)
	return err
}

// prepare creates what tasks refer to.
func (s *Service) prepare(ctx context.Context, user *person.Settings, content content, report *Report) error {
	settings := content.settings
	wanted := person.SettingsInput{TimeZone: settings.TimeZone, ReminderOffsets: input.Some(settings.ReminderOffsets), AllDayTime: settings.AllDayTime}
	if settings.QuietHours != "" {
		wanted.QuietHours = input.Some(settings.QuietHours)
	}
	after, err := s.people.UpdateSettings(ctx, *user, wanted)
	if err != nil {
		return err
	}
	*user, report.Settings = after.Settings, after.Changed
	for _, c := range content.labels.categories {
		if _, err := s.labels.CreateCategory(ctx, *user, label.CreateCategoryInput{Name: c.Name, Color: c.Color}); !harmless(err) {
			return err
		}
	}
	for _, t := range content.labels.tags {
		if _, err := s.labels.CreateTag(ctx, *user, label.CreateTagInput{Name: t.Name, Color: t.Color}); !harmless(err) {
			return err
		}
	}
	return nil
}

// harmless reports whether an error about a label can be ignored: it exists, or the
// tasks that have it will report it.
func harmless(err error) bool {
	var e *fault.Error
	return err == nil || (errors.As(err, &e) && (e.Code == fault.Conflict || e.Code == fault.LimitExceeded))
}

func (t ExportedTask) item(row int) item {
	i := item{row: row, id: t.ID, previous: t.PreviousTaskID, in: task.Import{
		AddInput: task.AddInput{
			Fields: task.Fields{
				Title: input.Some(t.Title), Description: input.Some(t.Description), Priority: input.Some(task.Priority(t.Priority)),
				DueDate: input.Some(t.DueDate), Category: input.Some(t.Category), Tags: input.Some(t.Tags),
			},
			IdempotencyKey: key(documentFormat, strconv.FormatInt(t.ID, 10), t.CreatedAt),
		},
		TimeZone: t.TimeZone,
	}}
	if t.DueWall != "" {
		i.in.DueDate = input.Some(t.DueWall)
	}
	if t.EstimateMinutes != nil {
		i.in.EstimateMinutes = input.Some(*t.EstimateMinutes)
	}
	if t.NagMinutes != 0 {
		i.in.Nag = input.Some(task.Nag{EveryMinutes: t.NagMinutes})
	}
	if t.ReminderOffsets != nil {
		i.in.ReminderOffsets = input.Some(append([]int{}, *t.ReminderOffsets...))
	}
	at := func(field, text string) *time.Time {
		if text == "" {
			return nil
		}
		parsed, err := time.Parse(time.RFC3339Nano, text)
		if err != nil || parsed.Year() < 1970 || parsed.Year() > 9999 {
			i.note("%s %q was left out; allowed is an instant in the years 1970 to 9999, for example 2026-03-01T16:30:00Z", field, fault.Clip(text))
			return nil
		}
		return &parsed
	}
	i.in.CreatedAt, i.in.CompletedAt = at("created_at", t.CreatedAt), at("completed_at", t.CompletedAt)
	i.in.AbsoluteReminder, i.in.SnoozedUntil = at("absolute_reminder", t.AbsoluteReminder), at("snoozed_until", t.SnoozedUntil)
	if t.Series != nil {
		t.Series.into(&i)
	}
	return i
}

// into puts the task at its place in the series. Where that is not valid, the rule
// begins anew at the task.
func (s *Series) into(i *item) {
	i.in.RecurrenceRule, i.in.RecurrenceBase = input.Some(s.Rule), input.Some(task.RecurrenceBase(s.Base))
	i.in.Missed = input.Some(task.Missed(s.Missed))
	id, err := uuid.Parse(s.ID)
	start, ok := wallTime(s.Start)
	if err != nil || !ok || s.Occurrence < 1 || s.StartOccurrence < 1 || max(s.Occurrence, s.StartOccurrence) > 1<<30 {
		i.note("the place in the series was left out: it has no valid id, start, start_occurrence or occurrence")
		return
	}
	i.in.Series = &task.Recurrence{SeriesID: id, Start: start, StartOccurrence: s.StartOccurrence, Occurrence: s.Occurrence}
	if s.Date == "" {
		return
	}
	date, ok := wallTime(s.Date)
	if !ok {
		i.note("the date of the series was left out; allowed is for example 2026-03-01T09:00:00")
		return
	}
	i.in.SeriesDate = &date
}

func wallTime(text string) (time.Time, bool) {
	at, err := time.Parse(wallForm, text)
	return at, err == nil && at.Year() >= 1970 && at.Year() <= 9999
}
