// Package transfer exports everything that a person has, as one document, and
// imports tasks from such a document, from calendars and from what other programs
// for tasks export.
package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/journal"
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
	// changes yields what was changed in a user's data, newest first.
	changes func(ctx context.Context, user person.Settings) iter.Seq2[journal.Entry, error]
}

// NewService makes a service; now is the clock.
func NewService(tasks *task.Service, labels *label.Service, people *person.Service, now func() time.Time) *Service {
	return &Service{tasks: tasks, labels: labels, people: people, now: now, places: newPlaces(), changes: noChanges}
}

// WithHistory makes exports hold the history that changes yields, newest first.
func (s *Service) WithHistory(changes func(ctx context.Context, user person.Settings) iter.Seq2[journal.Entry, error]) *Service {
	s.changes = changes
	return s
}

// Report is the result of importing a file.
type Report struct {
	Format   string   `json:"format" enum:"tickler,icalendar,todoist,ticktick,google-tasks,microsoft-todo,tasks-org,vikunja,table,checklist"`
	DryRun   bool     `json:"dry_run" doc:"Whether nothing was changed."`
	Created  int      `json:"created"`
	Skipped  int      `json:"skipped"`
	Settings []string `json:"settings,omitempty" doc:"Settings that were taken over."`
	Notes    []string `json:"notes,omitempty" doc:"How the file was read, and what of it is no task."`
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

// content is what a file holds.
type content struct {
	name   string // of the file, "" if not known
	format string
	items  []item
	notes  []string // about the whole file
	labels labels
	// same counts rows that are alike, since those of a CSV have no id.
	same     map[[sha256.Size]byte]int
	hashed   []byte
	comments int // of all tasks
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
	if err := c.commented(len(i.in.Comments)); err != nil {
		return err
	}
	if len(c.items) == cap(c.items) { // doubled, since append would copy large files more often
		c.items = slices.Grow(c.items, max(16, min(len(c.items), MaxTasks-len(c.items))))
	}
	c.items = append(c.items, i)
	return nil
}

// alike is the key of a task that has no id, by all that it says. The same again in
// the file is another task.
func (c *content) alike(parts ...string) string {
	c.hashed = c.hashed[:0] // kept, since all parts of all tasks are a whole file again
	for _, part := range parts {
		c.hashed = append(append(c.hashed, part...), 0)
	}
	identity := sha256.Sum256(c.hashed)
	c.same[identity]++
	return key(c.format, string(identity[:]), strconv.Itoa(c.same[identity]))
}

// note reports something about the whole file.
func (c *content) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); len(c.notes) < maxNotes && !slices.Contains(c.notes, text) {
		c.notes = append(c.notes, text)
	}
}

// Import imports a file, whose format is recognised by its content, and reads it as it
// arrives. Each task is handled by itself: one that cannot be imported does not affect
// the others, and a field that does not fit does not cost its task. A dry run changes
// nothing and reports what would be done. A user's imports run one at a time, and only
// a few of all users: others are RATE_LIMITED after waiting some seconds. If the file
// cannot be read to its end, nothing is imported and the error is that of reading.
func (s *Service) Import(ctx context.Context, user person.Settings, mediaType string, from io.Reader, dryRun bool) (Report, error) {
	return s.ImportTelling(ctx, user, mediaType, from, dryRun, func(int, int) {})
}

// ImportTelling is Import for somebody who looks on: told is called when the file has
// been read, and before each task, with how many of all are done.
func (s *Service) ImportTelling(ctx context.Context, user person.Settings, mediaType string, from io.Reader, dryRun bool, told func(done, all int)) (Report, error) {
	if !slices.Contains(MediaTypes(), mediaType) {
		return Report{}, fault.Invalid("Content-Type", "must be one of %s, or multipart/form-data with one file", strings.Join(MediaTypes(), ", "))
	}
	leave, err := s.places.take(ctx, user.UserID)
	if err != nil {
		return Report{}, err
	}
	defer leave()
	content, err := s.read(user, mediaType, from)
	if err != nil {
		return Report{}, err
	}
	if err := s.checkWork(user, content.items); err != nil {
		return Report{}, err
	}
	report := Report{Format: content.format, DryRun: dryRun, Notes: content.notes}
	if content.settings != nil && !dryRun {
		if err := s.prepare(ctx, &user, content, &report); err != nil {
			return report, err
		}
	}
	return s.importAll(ctx, user, report, content, told)
}

// importAll imports the tasks one by one.
func (s *Service) importAll(ctx context.Context, user person.Settings, report Report, content content, told func(done, all int)) (Report, error) {
	planned, err := s.predictLabels(ctx, user)
	if err != nil {
		return report, err
	}
	if report.DryRun {
		for _, c := range content.labels.categories {
			planned.categories.add(c.Name)
		}
		for _, t := range content.labels.tags {
			planned.tags.add(t.Name)
		}
	}
	imported := map[int64]int64{} // ids by those in the file
	placed := make([]int64, len(content.items))
	report.Rows = make([]Row, len(content.items))
	seen := map[string]bool{}
	for done, n := range inOrder(content.items) {
		told(done, len(content.items))
		one := content.items[n]
		content.items[n] = item{} // release the memory of what is done
		one.finish()
		row := Row{Row: one.row, Title: fault.Clip(one.in.Title.Value), Reason: one.reason}
		if row.Reason == "" && seen[one.in.IdempotencyKey] {
			row.Reason = "it is in the file twice"
		}
		seen[one.in.IdempotencyKey] = true
		if row.Reason == "" {
			planned.fit(&one)
			one.belong(placed, report.DryRun)
			if err := s.importOne(ctx, user, &one, report.DryRun, imported, &row); err != nil {
				return report, err
			}
		}
		row.Outcome, row.Notes = "created", one.notes
		if row.Reason != "" {
			row.Outcome = "skipped"
			report.Skipped++
		} else {
			planned.accept(&one)
			report.Created++
		}
		report.Rows[n], placed[n] = row, row.TaskID
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
func (s *Service) importOne(ctx context.Context, user person.Settings, one *item, dryRun bool, imported map[int64]int64, row *Row) error {
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
	added, err := s.tasks.Import(ctx, user, one.ready(), dryRun)
	for err != nil && !passes(err) && one.drop(err) {
		added, err = s.tasks.Import(ctx, user, one.ready(), dryRun)
	}
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
	if err == nil && added.Created {
		for _, remark := range added.Task.Notes {
			one.note("%s", remark)
		}
	}
	return nil
}
