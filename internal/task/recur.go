package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/recurrence"
)

const upcomingDates = 3 // how many dates of a series an answer shows

// setRule makes the task the first of a series by rule, anchored at its due
// date. Without a due date the series counts from its first completion; until
// then the anchor is now.
func (t *Task) setRule(text string, base RecurrenceBase, now time.Time) error {
	rule, err := recurrence.Parse(text)
	if err == nil {
		err = rule.CheckTask()
	}
	if err != nil {
		return ruleError(err)
	}
	if base == "" {
		base = FromDue
	}
	if err := input.CheckEnum("recurrence_base", base, FromDue, FromCompletion); err != nil {
		return err
	}
	t.Recurrence = &Recurrence{
		Rule: rule.String(), Base: base, SeriesID: uuid.New(),
		Start: t.anchor(now), StartOccurrence: 1, Occurrence: 1,
	}
	return t.checkSeries()
}

// checkSeries refuses a series that has no date at all.
func (t *Task) checkSeries() error {
	series, err := t.series()
	if err != nil {
		return err
	}
	return ruleError(series.Check())
}

// anchor is the wall time that a series starting with this task counts from.
func (t *Task) anchor(now time.Time) time.Time {
	if t.DueDate != nil {
		return wallTime(*t.DueDate, t.Zone())
	}
	return wallTime(now, t.Zone())
}

// reanchor starts the dates of the series anew from the task's own due date.
// The count goes on: the third of five stays the third of five.
func (t *Task) reanchor(now time.Time) {
	t.Recurrence.Start = t.anchor(now)
	t.Recurrence.StartOccurrence = t.Recurrence.Occurrence
}

func (t *Task) series() (recurrence.Series, error) {
	rule, err := recurrence.Parse(t.Recurrence.Rule)
	if err != nil {
		return recurrence.Series{}, fmt.Errorf("stored rule of task %d: %w", t.ID, err)
	}
	return recurrence.Series{
		Rule: rule, Start: t.Recurrence.Start, Zone: t.Zone(),
		StartIndex: t.Recurrence.StartOccurrence, AllDay: t.AllDay, Work: t.work,
	}, nil
}

// nextDate is the date that follows this occurrence, given when it was (or
// would be) completed; nil when the series has ended.
//
// From the due date: the first date of the series after both the due date and
// the completion, so that early never gives the same date again and late never
// piles up missed ones. From completion, or without a due date: one step of the
// rule from the day of completion, at the due date's time of day.
func (t *Task) nextDate(completed time.Time) (*recurrence.Occurrence, error) {
	series, err := t.series()
	if err != nil {
		return nil, err
	}
	from := recurrence.Occurrence{Index: t.Recurrence.Occurrence}
	if t.DueDate != nil && t.Recurrence.Base == FromDue {
		from.Time, from.Wall = *t.DueDate, wallTime(*t.DueDate, t.Zone())
	} else {
		series.Start = t.completionAnchor(completed, series.Rule)
		series.StartIndex = t.Recurrence.Occurrence
		from.Wall = series.Start
		from.Time = recurrence.Resolve(from.Wall, t.Zone())
	}
	next, ok := series.Next(from, completed)
	if !ok {
		return nil, nil
	}
	return &next, nil
}

// completionAnchor is the moment of completion as wall time. A rule that steps
// by days or more keeps the time of day at which the task was due.
func (t *Task) completionAnchor(completed time.Time, rule *recurrence.Rule) time.Time {
	wall := wallTime(completed, t.Zone())
	if t.DueDate == nil || rule.Subdaily() {
		return wall
	}
	y, m, d := wall.Date()
	h, mi, s := wallTime(*t.DueDate, t.Zone()).Clock()
	return time.Date(y, m, d, h, mi, s, 0, time.UTC)
}

// moveTo gives the task the date of another occurrence of its series.
func (t *Task) moveTo(next *recurrence.Occurrence) {
	due := next.Time.UTC()
	hadDue := t.DueDate != nil
	t.DueDate = &due
	t.Recurrence.Occurrence = next.Index
	if !hadDue || t.Recurrence.Base == FromCompletion {
		t.Recurrence.Start, t.Recurrence.StartOccurrence = next.Wall, next.Index
	}
}

// Successor is the occurrence that follows a completed one: nil when the series
// has ended. It is ready to be stored: title, description, priority, category,
// tags, rule and reminders are copied. defaults are the user's reminder offsets.
func (t *Task) Successor(defaults []int, now time.Time) (*Task, error) {
	if t.Recurrence == nil || !t.Completed() {
		return nil, nil
	}
	date, err := t.nextDate(*t.CompletedAt)
	if err != nil || date == nil {
		return nil, err
	}
	next := t.Clone()
	next.ID, next.Version = 0, 1
	next.CompletedAt, next.DeletedAt = nil, nil
	previous := t.ID
	next.PreviousTaskID = &previous
	next.CreatedAt, next.UpdatedAt = now, now
	next.moveTo(date)
	next.AbsoluteReminder, next.SnoozedUntil, next.RemindAt = nil, nil, nil
	next.arm(defaults, now)
	return next, nil
}

// CreateSuccessor stores the occurrence that follows a completed one, with its event, and
// returns it. It returns nil, and that is no error, when there is nothing to do:
// the task is open again or gone for good, does not recur, its series has ended, or it
// has its successor already. So it may be called any number of times.
func (s *Service) CreateSuccessor(ctx context.Context, userID, id int64) (*Task, error) {
	user, err := s.store.Settings(ctx, userID)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	var next *Task
	err = s.store.Tx(ctx, userID, func(tx Tx) error {
		t, err := tx.LockTask(ctx, id)
		if err != nil {
			return err
		}
		if next, err = t.Successor(user.ReminderOffsets, s.clock()); err != nil || next == nil {
			return err
		}
		inserted, err := tx.Insert(ctx, next, Idempotency{})
		if !inserted {
			next = nil
		}
		return err
	})
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	return next, nil
}

func ignoreNotFound(err error) error {
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	return err
}

// Upcoming describes how a task recurs.
type Upcoming struct {
	Words    string      // the rule in English
	Next     []time.Time // the dates after this one, in the task's zone
	Warnings []string    // where the rule may surprise
}

// Upcoming tells how the task recurs, or nil when it does not. For a task that
// counts from completion the dates assume completion on the due date, or now.
func (t *Task) Upcoming(now time.Time) (*Upcoming, error) {
	if t.Recurrence == nil {
		return nil, nil
	}
	series, err := t.series()
	if err != nil {
		return nil, err
	}
	u := &Upcoming{Words: t.words(series)}
	if t.Recurrence.Base == FromDue {
		u.Warnings = series.Warnings()
	}
	u.Next, err = t.NextDates(now, upcomingDates)
	return u, err
}

// NextDates lists up to n dates that follow this one in its series, in the task's
// zone, as if each were done when it is due, or now where none is.
func (t *Task) NextDates(now time.Time, n int) ([]time.Time, error) {
	if t.Recurrence == nil {
		return nil, nil
	}
	var dates []time.Time
	step := t.Clone()
	for len(dates) < n {
		completed := now
		if step.DueDate != nil {
			completed = *step.DueDate
		}
		next, err := step.nextDate(completed)
		if err != nil {
			return nil, err
		}
		if next == nil {
			break
		}
		step.moveTo(next)
		dates = append(dates, next.Time)
	}
	return dates, nil
}

func (t *Task) words(series recurrence.Series) string {
	words := series.Words()
	if t.Recurrence.Base == FromCompletion {
		words += ", counted from completion"
	}
	return words
}

func ruleError(err error) error {
	var e *recurrence.Error
	if errors.As(err, &e) {
		return &fault.Error{Code: fault.InvalidInput, Field: "recurrence_rule", Message: e.Error()}
	}
	return err
}
