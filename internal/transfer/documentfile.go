package transfer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
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
	d.attachComments()
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
	said    []task.Comment
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
	case "comments":
		return d.list(d.comment)
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
		return fmt.Errorf("it has no field %v. Of other JSON, exports of %s can be imported", name, strings.Join([]string{googleFormat, microsoftFormat, tasksOrgFormat, vikunjaFormat}, ", "))
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
	if t.StartDate != "" {
		i.in.StartDate = input.Some(t.StartDate)
	}
	if t.WaitingFor != "" {
		i.in.WaitingFor = input.Some(t.WaitingFor)
	}
	if t.ParentID != 0 {
		i.parent = strconv.FormatInt(t.ParentID, 10)
	}
	for _, id := range t.BlockedBy {
		i.relations().needs = append(i.relations().needs, strconv.FormatInt(id, 10))
	}
	i.uid = strconv.FormatInt(t.ID, 10)
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
