package task

import (
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// MaxWaitingFor is how long the text of what a task waits for may be, in characters.
const MaxWaitingFor = 200

// Waiting tells whether the task is on hold until somebody answers. Its reminders rest
// for so long.
func (t *Task) Waiting() bool { return t.WaitingFor != "" }

// Started tells whether the task may be begun at an instant.
func (t *Task) Started(now time.Time) bool { return t.StartDate == nil || !t.StartDate.After(now) }

// hold sets when the task starts and what it waits for, and tells whether that changed
// what it reminds of. It runs after the due date was set; zone is what the task's zone
// was before.
func (t *Task) hold(in Fields, zone *time.Location, user person.Settings, now time.Time) (changed bool, err error) {
	before := t.Clone()
	if !in.StartDate.Set {
		t.keepStartDay(zone)
	} else if err := t.setStart(in, user, now); err != nil {
		return false, err
	}
	if in.WaitingFor.Set {
		text := strings.TrimSpace(in.WaitingFor.Value)
		if err := input.CheckText("waiting_for", text, MaxWaitingFor); err != nil {
			return false, err
		}
		t.WaitingFor = text
	}
	if t.StartDate != nil && t.DueDate != nil && t.StartDate.After(*t.DueDate) {
		field := "due_date"
		if in.StartDate.Set {
			field = "start_date"
		}
		return false, fault.Invalid(field, "would have the task start after it is due; allowed is a start_date up to the due_date").
			Quoting(": it starts "+t.StartText(user.Zone())+" and is due "+t.FormatDue(user), "give both, or clear start_date")
	}
	return !sameInstant(before.StartDate, t.StartDate) || before.Waiting() != t.Waiting(), nil
}

func (t *Task) setStart(in Fields, user person.Settings, now time.Time) error {
	if in.StartDate.Null || in.StartDate.Value == "" {
		t.StartDate, t.StartAllDay = nil, false
		return nil
	}
	zone := user.Zone()
	if in.TimeZone.Value != "" {
		var err error
		if zone, err = person.LoadZone("time_zone", in.TimeZone.Value); err != nil {
			return err
		}
	}
	start, err := readDueIn("start_date", in.StartDate.Value, zone, user, now)
	if err != nil {
		return err
	}
	if start.AllDay {
		start.Time = startOfDay(start.Wall, t.Zone())
	}
	t.StartDate, t.StartAllDay = &start.Time, start.AllDay
	return nil
}

// keepStartDay keeps a start that was given as a day on that day, when the zone of the
// task has changed from another.
func (t *Task) keepStartDay(from *time.Location) {
	if t.StartDate == nil || !t.StartAllDay || from.String() == t.Zone().String() {
		return
	}
	start := startOfDay(recurrence.Wall(*t.StartDate, from), t.Zone())
	t.StartDate = &start
}

// moveStart moves the start with the due date to another occurrence, which it precedes
// by as much wall time as before.
func (t *Task) moveStart(next *recurrence.Occurrence) {
	if t.StartDate == nil {
		return
	}
	if t.DueDate == nil {
		t.StartDate, t.StartAllDay = nil, false // it preceded no date
		return
	}
	t.StartDate = t.shifted(t.StartDate, next.Wall.Sub(recurrence.Wall(*t.DueDate, t.Zone())))
}

// shifted moves an instant by wall time in the task's zone; nil stays nil.
func (t *Task) shifted(at *time.Time, by time.Duration) *time.Time {
	if at == nil {
		return nil
	}
	moved := recurrence.Resolve(recurrence.Wall(*at, t.Zone()).Add(by), t.Zone()).UTC()
	return &moved
}

// StartText formats the start for callers, as DueText does the due date.
func (t *Task) StartText(zone *time.Location) string {
	if t.StartDate != nil && t.StartAllDay {
		return t.StartDate.In(t.Zone()).Format(time.DateOnly)
	}
	return FormatTime(t.StartDate, zone)
}
