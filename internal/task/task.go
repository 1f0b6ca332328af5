// Package task holds tasks, their series and reminders, the rules for their
// fields and state changes, and the use cases on them. It knows nothing of SQL,
// HTTP or Dapr.
package task

import (
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

// RecurrenceBase says what the next date of a recurring task counts from.
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
	// EstimateMinutes is how long the task will take; nil: nobody said.
	EstimateMinutes *int

	DueDate  *time.Time // the instant; of an all-day task the last second of the day
	AllDay   bool       // only a day was named
	TimeZone string     // IANA zone in which the due date was meant

	Recurrence     *Recurrence
	PreviousTaskID *int64 // the occurrence that this one follows

	ReminderOffsets  []int       // minutes before due; nil: the user's default
	AbsoluteReminder *time.Time  // reminds at this instant too, whatever the due date
	SnoozedUntil     *time.Time  // and at this one
	ReminderTimes    []time.Time // the instants all these come to, ascending
	RemindAt         *time.Time  // the next of them; nil: none is left

	CreatedAt time.Time
	UpdatedAt time.Time
	DeletedAt *time.Time
	Version   int

	work *recurrence.Work // bounds finding dates of the series; see Within
}

// Recurrence is what makes a task one of a series.
type Recurrence struct {
	Rule            string // RFC 5545 RRULE, canonical
	Base            RecurrenceBase
	SeriesID        uuid.UUID
	Start           time.Time // the anchor: wall time in the task's zone, held in UTC
	StartOccurrence int       // 1-based place of the anchor in the series
	Occurrence      int       // 1-based place of this task in the series
}

// Completed tells whether the task is done.
func (t *Task) Completed() bool { return t.CompletedAt != nil }

// Zone is the zone in which the task's due date is meant.
func (t *Task) Zone() *time.Location { return person.Zone(t.TimeZone) }

// Clone returns a copy that shares nothing with the task.
func (t *Task) Clone() *Task {
	c := *t
	c.Category, c.Recurrence = copied(t.Category), copied(t.Recurrence)
	c.Tags = slices.Clone(t.Tags)
	c.ReminderOffsets, c.ReminderTimes = slices.Clone(t.ReminderOffsets), slices.Clone(t.ReminderTimes)
	c.PreviousTaskID, c.EstimateMinutes = copied(t.PreviousTaskID), copied(t.EstimateMinutes)
	for _, instant := range []**time.Time{&c.CompletedAt, &c.DueDate, &c.AbsoluteReminder, &c.SnoozedUntil, &c.RemindAt, &c.DeletedAt} {
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
}

// ChangeKind is the kind of a state change.
type ChangeKind string

// The kinds of change. Reopening, restoring, skipping and tagging are updates.
const (
	Created   ChangeKind = "created"
	Updated   ChangeKind = "updated"
	Completed ChangeKind = "completed"
	Deleted   ChangeKind = "deleted"
)
