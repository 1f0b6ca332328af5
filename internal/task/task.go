// Package task holds tasks with their series and reminders, the rules for their
// fields and state changes, and the use cases on them. It knows nothing of SQL, HTTP
// or Dapr.
package task

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Priority orders tasks by importance.
type Priority string

// Priorities from least to most important.
const (
	Low    Priority = "low"
	Medium Priority = "medium"
	High   Priority = "high"
	Urgent Priority = "urgent"
)

// Priorities lists the allowed values, least important first.
func Priorities() []Priority { return []Priority{Low, Medium, High, Urgent} }

// Limits on what a caller may give.
const (
	MaxTitle          = 200           // characters
	MaxDescription    = 10_000        // characters
	MaxEstimate       = 365 * 24 * 60 // minutes
	MaxQuery          = 500           // characters
	MaxIdempotencyKey = 128           // characters
)

// RecurrenceBase says what the next date of a recurring task is counted from.
type RecurrenceBase string

// The two bases. FromDue is the default.
const (
	FromDue        RecurrenceBase = "due"
	FromCompletion RecurrenceBase = "completion"
)

// Task is a person's task. Instants are UTC with microsecond precision.
type Task struct {
	ID          int64
	UserID      int64
	Title       string
	Description string
	Priority    Priority
	Category    *label.Category
	Tags        []label.Tag
	CompletedAt *time.Time
	// EstimateMinutes is how long the task will take, nil if unknown.
	EstimateMinutes *int

	DueDate  *time.Time // the instant; for a whole day its last second
	AllDay   bool       // due on a day, without a time
	TimeZone string     // IANA zone the due date was meant in
	// DueWall is the wall time that was meant with the due date, where the zone skips
	// it; nil: what the clock shows.
	DueWall *time.Time

	ParentID    *int64     // the task that this one is a part of
	BlockedBy   []int64    // tasks that must be done first, ascending
	StartDate   *time.Time // not before this instant
	StartAllDay bool       // a day was given: StartDate is its beginning in TimeZone
	WaitingFor  string     // on hold until somebody answers; "" if it is not
	DeletedWith *int64     // the task whose deletion took this part along
	Standing    Standing   // as read last; not stored with the task

	Recurrence     *Recurrence
	PreviousTaskID *int64 // the occurrence before this one

	ReminderOffsets  []int       // minutes before due; nil: the user's default
	AbsoluteReminder *time.Time  // also reminds at this instant, whatever the due date
	SnoozedUntil     *time.Time  // and at this one, when a snooze ends
	NagMinutes       int         // interval of reminders from the due date until done; 0: none
	ReminderTimes    []time.Time // the instants of all of these, ascending
	NagFrom          *time.Time  // when nagging begins
	RemindAt         *time.Time  // the next reminder; nil: none left
	RemindedAt       *time.Time  // when it last reminded
	RemindedDue      *time.Time  // the due date it reminded about then
	HeldUntil        *time.Time  // when a reminder waiting for delivery is tried next

	Skipped []SkippedDate // skipped dates that can be undone, the latest last
	Notes   []string      // remarks for the answer about what was just done; not stored

	CreatedAt time.Time
	UpdatedAt time.Time
	DeletedAt *time.Time
	Version   int

	work *recurrence.Work // limits the search for dates of the series; see Within
}

// Recurrence makes a task part of a series.
type Recurrence struct {
	Rule            string // RFC 5545 RRULE, canonical
	Base            RecurrenceBase
	SeriesID        uuid.UUID
	Start           time.Time // the anchor: wall time in the task's zone, held in UTC
	StartOccurrence int       // 1-based place of the anchor in the series
	Occurrence      int       // 1-based place of this task in the series
	// Date is the date of the series that this task stands for, as wall time. It
	// differs from the due date if only this occurrence was moved, or if the zone
	// skips the wall time. Zero means that there is no date, or that it is the due
	// date.
	Date   time.Time
	Missed Missed
}

// Missed says what becomes of dates that went by while an occurrence was late.
type Missed string

// The choices for missed dates. SkipMissed is the default.
const (
	SkipMissed Missed = "skip" // the next date is in the future
	KeepMissed Missed = "keep" // each comes, one after the other
)

// SkippedDate is the state of a task before a date of its series was skipped.
type SkippedDate struct {
	Due              *time.Time `json:"due"`
	Date             time.Time  `json:"date"`
	Start            time.Time  `json:"start"`
	StartOccurrence  int        `json:"start_occurrence"`
	Occurrence       int        `json:"occurrence"`
	AllDay           bool       `json:"all_day"`
	AbsoluteReminder *time.Time `json:"absolute_reminder,omitempty"`
	StartDate        *time.Time `json:"start_date,omitempty"`
}

// maxSkipped is how many skips can be undone.
const maxSkipped = 20

// note adds a remark for the answer.
func (t *Task) note(format string, args ...any) {
	t.Notes = append(t.Notes, fmt.Sprintf(format, args...))
}

// Completed tells whether the task is done.
func (t *Task) Completed() bool { return t.CompletedAt != nil }

// Zone is the zone the task's due date is meant in.
func (t *Task) Zone() *time.Location { return person.Zone(t.TimeZone) }

// Clone returns a copy that shares nothing with the task.
func (t *Task) Clone() *Task {
	c := *t
	c.Category, c.Recurrence = copied(t.Category), copied(t.Recurrence)
	c.Tags = slices.Clone(t.Tags)
	c.ReminderOffsets, c.ReminderTimes = slices.Clone(t.ReminderOffsets), slices.Clone(t.ReminderTimes)
	c.Skipped, c.Notes = slices.Clone(t.Skipped), slices.Clone(t.Notes)
	c.PreviousTaskID, c.EstimateMinutes = copied(t.PreviousTaskID), copied(t.EstimateMinutes)
	c.ParentID, c.DeletedWith, c.BlockedBy = copied(t.ParentID), copied(t.DeletedWith), slices.Clone(t.BlockedBy)
	c.Standing.OpenBlockers = slices.Clone(t.Standing.OpenBlockers)
	for _, instant := range []**time.Time{&c.CompletedAt, &c.DueDate, &c.DueWall, &c.StartDate, &c.AbsoluteReminder, &c.SnoozedUntil, &c.NagFrom, &c.RemindAt, &c.RemindedAt, &c.RemindedDue, &c.HeldUntil, &c.DeletedAt} {
		*instant = copied(*instant)
	}
	return &c
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// Change is a state change of a task. The store writes it and its event in one
// transaction.
type Change struct {
	Kind   ChangeKind
	Before *Task // nil: it is new
	Task   *Task // after the change
	// With is the task whose change of the same kind took this part along, 0 for none.
	// Undoing that change undoes this one.
	With int64
}

// ChangeKind is the kind of a state change.
type ChangeKind string

// The kinds of change. All but Created, Completed and Deleted are reported as an
// update.
const (
	Created   ChangeKind = "created"
	Updated   ChangeKind = "updated"
	Completed ChangeKind = "completed"
	Reopened  ChangeKind = "reopened" // was completed, is open again
	Skipped   ChangeKind = "skipped"  // moved to the next date of its series
	Deleted   ChangeKind = "deleted"
	Restored  ChangeKind = "restored" // was deleted, is back
)
