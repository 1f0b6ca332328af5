package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/recurrence"
	"tickler/internal/task"
)

// item is a task of a file, ready to be imported.
type item struct {
	row    int
	in     task.Import
	kept   []string // lines for the description: what has no field of its own
	notes  []string
	reason string // why it is not imported at all

	id, previous int64         // in a document of our own
	uid, parent  string        // ids in a file of another program; parent: what it is part of
	list         string        // the id of its list, until its name is read
	apart        time.Duration // in wall time, from the start that a calendar counts a series from to the due date
	among        *relations    // nil: it stands alone
}

const (
	// maxNotes is how many notes one task can have.
	maxNotes = 20
	// maxKept bounds each line that is kept of a task, and maxLines how many are.
	maxKept      = 1000
	maxKeptLines = 50
	// maxTags bounds the tags that are looked at.
	maxTags = 50
)

// note reports what could not be imported as it was.
func (i *item) note(format string, args ...any) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	switch {
	case slices.Contains(i.notes, text):
	case len(i.notes) < maxNotes:
		i.notes = append(i.notes, text)
	case len(i.notes) == maxNotes:
		i.notes = append(i.notes, "and more of the kind")
	}
}

// keep puts what has no field into the description, and notes it.
func (i *item) keep(name, text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	i.line(name + ": " + text)
	if name != strings.ToUpper(name) {
		name = strings.ToLower(name[:1]) + name[1:]
	}
	i.note("%s could not be taken over; it stands in the description", name)
}

// line adds a line at the end of the description.
func (i *item) line(text string) {
	switch text = cutTo(text, maxKept); {
	case slices.Contains(i.kept, text):
	case len(i.kept) < maxKeptLines:
		i.kept = append(i.kept, text)
	default:
		i.note("more than %d lines would have to be kept in the description; the others were left out", maxKeptLines)
	}
}

// partOf keeps what the task is a part of.
func (i *item) partOf(title string) {
	if title != "" {
		i.keep("Part of", cutTo(title, task.MaxTitle))
	}
}

// describe adds a paragraph to the description, until that is too long anyway.
func (i *item) describe(text string) {
	if len(i.in.Description.Value) <= maxEntry {
		i.in.Description = input.Some(strings.TrimSpace(i.in.Description.Value + "\n\n" + strings.TrimSpace(text)))
	}
}

// leftOut notes the names of fields that were not read.
func (i *item) leftOut(names []string) {
	const most = 10
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "…")
	}
	if len(names) > 0 {
		i.note("left out: %s", strings.Join(names, ", "))
	}
}

// tag adds a tag. Whether it can be one is found out when the task is imported.
func (i *item) tag(name string) {
	if name = strings.TrimSpace(name); name != "" && len(i.in.Tags.Value) < maxTags {
		i.in.Tags = input.Some(append(i.in.Tags.Value, name))
	}
}

// dueAt sets the moment at which the task is due, and the zone that it is meant in.
func (i *item) dueAt(at time.Time, zone *time.Location) {
	i.in.DueDate, i.in.TimeZone = input.Some(at.In(zone).Format(time.RFC3339)), zone.String()
}

// dueOn sets the day on which the task is due.
func (i *item) dueOn(day time.Time) { i.in.DueDate = input.Some(day.Format(time.DateOnly)) }

// recurs sets the rule, and keeps one that cannot be read.
func (i *item) recurs(rule string) bool {
	_, err := recurrence.Parse(rule)
	if err != nil {
		i.line("Recurrence: " + rule)
		i.note("the rule %q could not be taken over, and stands in the description: %s", fault.Clip(rule), err)
		return false
	}
	i.in.RecurrenceRule = input.Some(rule)
	return true
}

// place puts the task at another place of its series than the first: it is due on
// date, wall time as in RFC 5545, the series begins at start.
func (i *item) place(start, date time.Time, occurrence int) {
	i.in.Series = &task.Recurrence{SeriesID: uuid.NewSHA1(uuid.Nil, []byte(i.in.IdempotencyKey)), Start: start, StartOccurrence: 1, Occurrence: occurrence}
	i.in.SeriesDate = &date
}

// key identifies what is imported.
func key(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "import:" + hex.EncodeToString(sum[:])
}

// untitled gives a task a title that has none.
func (i *item) untitled() {
	i.in.Title = input.Some("(no title)")
	i.note("it had no title")
}

// done marks the task as completed: at the first of the moments that is known, else
// now, since what lies ahead cannot be done.
func (i *item) done(moments ...*time.Time) {
	at := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, one := range moments {
		if one != nil {
			at = *one
			break
		}
	}
	i.in.CompletedAt = &at
}
