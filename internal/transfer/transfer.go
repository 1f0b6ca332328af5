// Package transfer exports everything that a person has, as one document, and
// imports tasks from such a document, from Todoist or from a calendar.
package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// MaxTasks is how many tasks one file may hold.
const MaxTasks = 10_000

// Service exports and imports.
type Service struct {
	tasks  *task.Service
	labels *label.Service
	people *person.Service
	now    func() time.Time
	places *places
}

// NewService makes a service; now is the clock.
func NewService(tasks *task.Service, labels *label.Service, people *person.Service, now func() time.Time) *Service {
	return &Service{tasks: tasks, labels: labels, people: people, now: now, places: newPlaces()}
}

// Report is the result of importing a file.
type Report struct {
	Format   string   `json:"format" enum:"tickler,todoist,icalendar"`
	DryRun   bool     `json:"dry_run" doc:"Whether nothing was changed."`
	Created  int      `json:"created"`
	Skipped  int      `json:"skipped"`
	Settings []string `json:"settings,omitempty" doc:"Settings that were taken over."`
	Rows     []Row    `json:"rows" doc:"One for each task of the file."`
}

// Row is the result of importing one task.
type Row struct {
	Row     int      `json:"row" doc:"Place in the file: of a CSV the line, else the number of the task."`
	Title   string   `json:"title,omitempty"`
	Outcome string   `json:"outcome" enum:"created,skipped"`
	TaskID  int64    `json:"task_id,omitempty" doc:"The task that it is now; none in a dry run."`
	Reason  string   `json:"reason,omitempty" doc:"Why it was skipped."`
	Notes   []string `json:"notes,omitempty" doc:"What could not be taken over as it was."`
}

// item is a task of a file, ready to be imported.
type item struct {
	row    int
	in     task.Import
	notes  []string
	reason string // why it is not imported at all

	id, previous int64 // in a document of our own
}

// content is what a file holds.
type content struct {
	format string
	items  []item
	labels labels
	// settings are those to be taken over; nil: none.
	settings *Settings
}

// labels are those that a file brings beside its tasks.
type labels struct{ categories, tags []Label }

// add adds a task, unless there are too many.
func (c *content) add(i item) error {
	if len(c.items) == MaxTasks {
		return tooMany("tasks", MaxTasks)
	}
	c.items = append(c.items, i)
	return nil
}

// Formats by media type. What they hold in memory is bounded by MaxTasks, by the
// limits of a task, and by the size of the file, whatever its content.
var formats = map[string]func(s *Service, user person.Settings, f *file) (content, error){
	"application/json": (*Service).readDocument,
	"text/csv":         (*Service).readTodoist,
	"text/calendar":    (*Service).readCalendar,
}

// Import imports a file of a media type, and reads it as it arrives. Each task is
// handled by itself: one that cannot be imported does not affect the others. A dry
// run changes nothing and reports what would be done. A user's imports run one at a
// time, and only a few of all users: others are RATE_LIMITED after waiting some
// seconds. If the file cannot be read to its end, nothing is imported and the error
// is that of reading.
func (s *Service) Import(ctx context.Context, user person.Settings, mediaType string, from io.Reader, dryRun bool) (Report, error) {
	read, known := formats[mediaType]
	if !known {
		return Report{}, fault.Invalid("Content-Type", "must be application/json for an export of Tickler, text/csv for one of Todoist, text/calendar for iCalendar")
	}
	leave, err := s.places.take(ctx, user.UserID)
	if err != nil {
		return Report{}, err
	}
	defer leave()
	content, err := read(s, user, &file{from: from})
	if err != nil {
		return Report{}, err
	}
	if err := s.checkWork(user, content.items); err != nil {
		return Report{}, err
	}
	report := Report{Format: content.format, DryRun: dryRun}
	if content.settings != nil && !dryRun {
		if err := s.prepare(ctx, &user, content, &report); err != nil {
			return report, err
		}
	}
	return s.importAll(ctx, user, report, content)
}

// importAll imports the tasks one by one.
func (s *Service) importAll(ctx context.Context, user person.Settings, report Report, content content) (Report, error) {
	report.Rows = []Row{}
	var planned *plannedLabels
	if report.DryRun {
		var err error
		if planned, err = s.predictLabels(ctx, user); err != nil {
			return report, err
		}
		for _, c := range content.labels.categories {
			_ = planned.categories.add(c.Name, "category", label.CheckCategoryRoom)
		}
		for _, t := range content.labels.tags {
			_ = planned.tags.add(t.Name, "tag", label.CheckTagRoom)
		}
	}
	imported := map[int64]int64{} // ids by those in the file
	seen := map[string]bool{}
	for n, one := range content.items {
		content.items[n] = item{} // release the memory of what is done
		row := Row{Row: one.row, Title: fault.Clip(one.in.Title.Value), Notes: one.notes, Reason: one.reason}
		if row.Reason == "" && seen[one.in.IdempotencyKey] {
			row.Reason = "it is in the file twice"
		}
		seen[one.in.IdempotencyKey] = true
		if row.Reason == "" {
			if err := s.importOne(ctx, user, one, report.DryRun, imported, &row); err != nil {
				return report, err
			}
		}
		if row.Reason == "" && planned != nil {
			row.Reason = planned.refuse(one.in)
		}
		row.Outcome = "created"
		if row.Reason != "" {
			row.Outcome = "skipped"
			report.Skipped++
		} else {
			report.Created++
		}
		report.Rows = append(report.Rows, row)
	}
	return report, nil
}

// passes reports whether an error is temporary, so that the task is not reported as
// one that cannot be imported.
func passes(err error) bool {
	var e *fault.Error
	return errors.Is(err, fault.ErrUnavailable) || errors.As(err, &e) && (e.Code == fault.RateLimited || e.Code == fault.Unavailable)
}

// importOne imports a task. It returns an error only for what stops the whole
// import.
func (s *Service) importOne(ctx context.Context, user person.Settings, one item, dryRun bool, imported map[int64]int64, row *Row) error {
	if one.id != 0 {
		mine, err := s.tasks.Get(ctx, user, one.id)
		if passes(err) {
			return err
		}
		if err == nil && one.in.CreatedAt != nil && mine.CreatedAt.Equal(*one.in.CreatedAt) {
			imported[one.id] = one.id
			row.Reason, row.TaskID = "it is here already: this is where it was exported from", one.id
			return nil
		}
	}
	if id, ok := imported[one.previous]; ok && one.previous != 0 {
		one.in.PreviousTaskID = &id
	}
	added, err := s.tasks.Import(ctx, user, one.in, dryRun)
	var e *fault.Error
	switch {
	case passes(err):
		return err
	case errors.As(err, &e):
		row.Reason = e.Plain().Message
	case err != nil:
		return err
	case !added.Created:
		row.Reason = "it was imported before"
		if added.Task.DeletedAt != nil {
			row.Reason += ", and deleted since; POST /v1/tasks/{task_id}/reopen restores it"
		}
		row.TaskID, imported[one.id] = added.Task.ID, added.Task.ID
	case !dryRun:
		row.TaskID, imported[one.id] = added.Task.ID, added.Task.ID
	}
	return nil
}

// maxNotes is how many notes one task can have.
const maxNotes = 10

// note reports what could not be imported as it was.
func (i *item) note(text string) {
	switch {
	case len(i.notes) < maxNotes:
		i.notes = append(i.notes, text)
	case len(i.notes) == maxNotes:
		i.notes = append(i.notes, "and more of the kind")
	}
}

// key identifies what is imported.
func key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "import:" + hex.EncodeToString(sum[:])
}

// shorten cuts a title that is too long, and keeps it whole in the description.
func (i *item) shorten() {
	i.in.Title = input.Some(strings.Join(strings.Fields(i.in.Title.Value), " "))
	title := []rune(i.in.Title.Value)
	if len(title) <= task.MaxTitle {
		return
	}
	i.in.Title = input.Some(string(title[:task.MaxTitle-1]) + "…")
	i.in.Description = input.Some(strings.TrimSpace(string(title) + "\n\n" + i.in.Description.Value))
	i.note("the title was too long; it stands whole in the description")
}

// tag adds a tag if its name is valid.
func (i *item) tag(name string) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
	case len([]rune(name)) > label.MaxTagName:
		i.note(fmt.Sprintf("%q is too long for a tag", fault.Clip(name)))
	case len(i.in.Tags.Value) >= label.MaxTagsPerTask:
		i.note(fmt.Sprintf("%q is one tag too many", name))
	default:
		i.in.Tags = input.Some(append(i.in.Tags.Value, name))
	}
}
