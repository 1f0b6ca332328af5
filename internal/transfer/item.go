package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
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

	id, previous int64  // in a document of our own
	uid, parent  string // ids in a file of another program; parent: what it is part of
	list         string // the id of its list, until its name is read
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
	if len(i.kept) < maxKeptLines {
		i.kept = append(i.kept, cutTo(text, maxKept))
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

// zone is the one that the due date is meant in.
func (i *item) zone(user person.Settings) *time.Location {
	if i.in.TimeZone != "" {
		return person.Zone(i.in.TimeZone)
	}
	return user.Zone()
}

// due is the due date that was read; false if there is none.
func (i *item) due(user person.Settings) (task.Due, bool) {
	if i.in.DueDate.Value == "" {
		return task.Due{}, false
	}
	due, err := task.ParseDue("due_date", i.in.DueDate.Value, i.zone(user))
	return due, err == nil
}

// remindAt adds a reminder at an instant. One of a series reminds at the same
// distance from each date. Its text is for the note if it has no place.
func (i *item) remindAt(at time.Time, text string, user person.Settings) {
	due, dated := i.due(user)
	recurs := i.in.RecurrenceRule.Value != ""
	if (!dated || !recurs) && i.in.AbsoluteReminder == nil {
		i.in.AbsoluteReminder = &at
		if dated {
			i.offsets()
		}
		return
	}
	if !dated {
		if !at.Equal(*i.in.AbsoluteReminder) {
			i.note("the reminder %q could not be taken over: without a due date there can be one", fault.Clip(text))
		}
		return
	}
	before := due.Time.Sub(at)
	if due.AllDay { // counts in wall time from the time of day at which days remind
		y, m, d := due.Wall.Date()
		before = time.Date(y, m, d, 0, user.AllDayTime, 0, 0, time.UTC).Sub(recurrence.Wall(at, user.Zone()))
	}
	i.remind(before, text)
}

// remind adds a reminder some time before the due date, after it if negative.
func (i *item) remind(before time.Duration, text string) {
	minutes := int(before / time.Minute)
	if before%time.Minute != 0 {
		if before > 0 {
			minutes++ // rather early than late
		}
		i.note("the reminder %q was moved to a whole minute", fault.Clip(text))
	}
	offsets := i.in.ReminderOffsets.Value
	switch {
	case slices.Contains(offsets, minutes):
	case minutes < -person.MaxReminderOffset || minutes > person.MaxReminderOffset:
		i.note("the reminder %q could not be taken over: it is more than a year away from the due date", fault.Clip(text))
	case len(offsets) == person.MaxReminderOffsets:
		i.note("the reminder %q could not be taken over: there can be %d", fault.Clip(text), person.MaxReminderOffsets)
	default:
		i.in.ReminderOffsets = input.Some(append(offsets, minutes))
	}
}

// offsets are the reminders so far. Those of a file take the place of the default.
func (i *item) offsets() []int {
	if !i.in.ReminderOffsets.Set {
		i.in.ReminderOffsets = input.Some([]int{})
	}
	return i.in.ReminderOffsets.Value
}

// finish makes the texts such as can be stored.
func (i *item) finish() {
	title := strings.TrimSpace(i.storable(i.in.Title.Value))
	if strings.ContainsAny(title, "\r\n\t") {
		title = strings.Join(strings.Fields(title), " ")
	}
	if utf8.RuneCountInString(title) > task.MaxTitle {
		i.in.Description = input.Some(strings.TrimSpace(title + "\n\n" + i.in.Description.Value))
		i.note("the title was too long; it stands whole in the description")
		title = cutTo(title, task.MaxTitle)
	}
	i.in.Title = input.Some(title)
	description := i.storable(i.in.Description.Value)
	if utf8.RuneCountInString(description) > task.MaxDescription {
		i.note("the description was too long, and was cut")
		description = strings.Clone(cutTo(description, task.MaxDescription))
	}
	i.in.Description = input.Some(description)
	for n, line := range i.kept {
		i.kept[n] = i.storable(line)
	}
	for n, tag := range i.in.Tags.Value {
		i.in.Tags.Value[n] = i.storable(tag)
	}
	i.in.Category.Value = i.storable(i.in.Category.Value)
}

// storable is a text without what Postgres cannot store.
func (i *item) storable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsRune(text, 0) {
		return text
	}
	i.note("it held characters that are none; they were left out")
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// ready is the task with its whole description.
func (i *item) ready() task.Import {
	in := i.in
	if len(i.kept) == 0 {
		return in
	}
	kept := strings.Join(i.kept, "\n")
	if utf8.RuneCountInString(kept) > task.MaxDescription/2 {
		kept = cutTo(kept, task.MaxDescription/2)
	}
	text := in.Description.Value
	if room := task.MaxDescription - 2 - utf8.RuneCountInString(kept); utf8.RuneCountInString(text) > room {
		text = cutTo(text, room)
		i.note("the description was too long, and was cut")
	}
	in.Description = input.Some(strings.TrimSpace(text + "\n\n" + kept))
	return in
}

// drop takes away the field that an error is about, keeps its text and notes it, so
// that one field never costs the task. It tells whether there was something to drop.
func (i *item) drop(err error) bool {
	var e *fault.Error
	if !errors.As(err, &e) {
		return false
	}
	kept := true
	switch e.Field {
	case "due_date":
		kept = i.in.DueDate.Value != ""
		i.line("Due: " + i.in.DueDate.Value)
		i.in.DueDate = input.Optional[string]{}
	case "time_zone":
		kept = i.in.TimeZone != ""
		i.line("Time zone: " + i.in.TimeZone)
		i.in.TimeZone = ""
	case "recurrence_rule", "recurrence_base", "missed", "series":
		kept = i.in.RecurrenceRule.Value != ""
		i.line("Recurrence: " + i.in.RecurrenceRule.Value)
		i.unrepeat()
	case "category":
		kept = i.in.Category.Value != ""
		i.line("Category: " + i.in.Category.Value)
		i.in.Category = input.Optional[string]{}
	case "tags":
		kept = len(i.in.Tags.Value) > 0
		i.line("Tags: " + strings.Join(i.in.Tags.Value, ", "))
		i.in.Tags = input.Optional[[]string]{}
	case "priority":
		kept = i.in.Priority.Value != ""
		i.line("Priority: " + string(i.in.Priority.Value))
		i.in.Priority = input.Optional[task.Priority]{}
	case "estimate_minutes":
		kept = i.in.EstimateMinutes.Set
		i.line(fmt.Sprintf("Estimate: %d minutes", i.in.EstimateMinutes.Value))
		i.in.EstimateMinutes = input.Optional[int]{}
	case "nag":
		kept = i.in.Nag.Set
		i.line(fmt.Sprintf("Nag: every %d minutes", i.in.Nag.Value.EveryMinutes))
		i.in.Nag = input.Optional[task.Nag]{}
	case "reminder_offsets":
		kept = i.in.ReminderOffsets.Set
		i.line(fmt.Sprintf("Reminders: %v minutes before", i.in.ReminderOffsets.Value))
		i.in.ReminderOffsets = input.Optional[[]int]{}
	default:
		return false
	}
	if kept {
		i.note("%s; it stands in the description", e.Plain().Message)
		i.kept[len(i.kept)-1] = i.storable(i.kept[len(i.kept)-1])
	}
	return kept
}

// unrepeat takes the recurrence away.
func (i *item) unrepeat() {
	i.in.RecurrenceRule, i.in.RecurrenceBase, i.in.Missed = input.Optional[string]{}, input.Optional[task.RecurrenceBase]{}, input.Optional[task.Missed]{}
	i.in.Series, i.in.SeriesDate = nil, nil
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

// cutTo cuts a text to so many characters.
func cutTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	n := 0
	for at := range text {
		if n++; n == most { // this one makes room for the mark, if there are more
			if utf8.RuneCountInString(text[at:]) > 1 {
				return text[:at] + "…"
			}
			break
		}
	}
	return text
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
