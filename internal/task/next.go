package task

import (
	"context"
	"errors"
	"iter"
	"time"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// nextDate returns the date that follows this occurrence if it is completed at the
// given time; nil if the series has ended.
//
// From the due date: the first date of the series after this occurrence's date, its
// due date and the completion. Completing early therefore never gives a date twice,
// and completing late never piles up missed dates. Where missed dates are kept, the
// completion is ignored: each date comes, one after the other. From completion, or
// without a due date: one step of the rule from the completion, but never the date
// just done; if the rule names its days, one after that date.
func (t *Task) nextDate(completed time.Time) (*recurrence.Occurrence, error) {
	series, err := t.series()
	if err != nil {
		return nil, err
	}
	r := t.Recurrence
	from := recurrence.Occurrence{Time: t.given(), Index: r.Occurrence}
	after, zone := completed, series.Zone
	if series.AllDay { // completing on a day covers that day
		after = endOfDay(recurrence.Wall(completed, zone), zone)
	}
	switch {
	case t.DueDate == nil || r.Base == FromCompletion:
		t.countFromCompletion(&series, &from, completed)
	case r.Missed == KeepMissed:
		from.Time, after = r.date(t), time.Time{}
	}
	next, ok := series.Next(from, after)
	if ok && t.DueDate != nil && (next.Time.Equal(*t.DueDate) || next.Time.Equal(r.date(t))) {
		next, ok = series.Next(recurrence.Occurrence{Time: next.Time, Wall: next.Wall, Index: from.Index}, after)
	}
	if !ok {
		return nil, nil
	}
	if series.Zone != zone { // the rule counted hours
		next.Time = next.Time.In(zone)
		next.Wall = recurrence.Wall(next.Time, zone)
	}
	return &next, nil
}

// countFromCompletion starts the series at the completion. The day is when somebody
// happened to have time, so a month without that day uses its last day. The time of
// day is that of the series. Hours count as they pass, whatever clocks do.
func (t *Task) countFromCompletion(series *recurrence.Series, from *recurrence.Occurrence, completed time.Time) {
	rule := series.Rule
	wall := recurrence.Wall(completed, series.Zone)
	series.Derived = true
	switch {
	case rule.CountsHours():
		_, offset := completed.In(series.Zone).Zone()
		series.Zone = time.FixedZone("", offset)
	case series.AllDay:
		wall = clockOn(wall, endOfDayClock)
	case t.DueDate == nil: // the hours come from the rule
		wall = clockOn(wall, time.Time{})
	case !rule.Subdaily():
		wall = clockOn(wall, t.meant())
	}
	series.Start, series.StartIndex = wall, from.Index
	if !rule.NamesDay() {
		from.Time = time.Time{} // step from the completion, however early it was
	}
	// Completing on the day itself covers that day, whatever the hour. If the rule
	// has several times of day, the later ones still come.
	if begin := recurrence.Resolve(wall, series.Zone); !rule.Subdaily() && len(rule.Clock()) < 2 && begin.After(from.Time) {
		from.Time = begin
	}
}

// meant is the wall time that was meant by the due date. It differs from the clock
// where the zone skips it, and where only this date was moved.
func (t *Task) meant() time.Time {
	if date := t.Recurrence.Date; !date.IsZero() {
		return date
	}
	return recurrence.Wall(*t.DueDate, t.Zone())
}

// passedOver counts the dates of the series between this occurrence and the next
// one, which went by while it was late.
func (t *Task) passedOver(next time.Time) int {
	if t.DueDate == nil || t.Recurrence.Base == FromCompletion {
		return 0
	}
	series, err := t.series()
	if err != nil {
		return 0
	}
	return series.Between(t.given(), next)
}

// given is the later of the due date and the date of the series the task stands for:
// what follows must come after both.
func (t *Task) given() time.Time {
	if t.DueDate == nil {
		return time.Time{}
	}
	if date := t.Recurrence.date(t); date.After(*t.DueDate) {
		return date
	}
	return *t.DueDate
}

// date is the instant of the date of the series the task stands for.
func (r *Recurrence) date(t *Task) time.Time {
	if r.Date.IsZero() {
		return *t.DueDate
	}
	return recurrence.Resolve(r.Date, t.Zone())
}

// SeriesDate is the instant of the date of the series that a recurring task stands
// for: its due date, unless that alone was moved.
func (t *Task) SeriesDate() time.Time { return t.Recurrence.date(t) }

// moveTo moves the task to another occurrence of its series.
func (t *Task) moveTo(next *recurrence.Occurrence) {
	hadDue := t.DueDate != nil
	if !hadDue {
		t.AllDay = t.wholeDays()
	}
	t.moveStart(next)
	due := next.Time.UTC()
	t.DueDate, t.DueWall = &due, nil
	t.Recurrence.Occurrence, t.Recurrence.Date = next.Index, next.Wall
	if !hadDue || t.Recurrence.Base == FromCompletion {
		t.Recurrence.Start, t.Recurrence.StartOccurrence = next.Wall, next.Index
	}
}

// Successor returns the occurrence that follows a completed one, ready to be stored;
// nil if the series has ended. It copies title, description, priority, category,
// tags, rule and reminders.
func (t *Task) Successor(user person.Settings, now time.Time) (*Task, error) {
	if t.Recurrence == nil || !t.Completed() {
		return nil, nil
	}
	current := t.Clone()
	current.float(user)
	date, err := current.nextDate(*t.CompletedAt)
	if err != nil || date == nil {
		return nil, err
	}
	next := current
	next.ID, next.Version = 0, 1
	next.CompletedAt, next.DeletedAt, next.DeletedWith = nil, nil, nil
	next.WaitingFor, next.BlockedBy, next.Standing = "", nil, Standing{}
	previous := t.ID
	next.PreviousTaskID = &previous
	next.CreatedAt, next.UpdatedAt = now, now
	next.moveTo(date)
	next.forgetMoments()
	next.arm(user, now)
	return next, nil
}

// forgetMoments drops what concerned this occurrence only.
func (t *Task) forgetMoments() {
	t.AbsoluteReminder, t.SnoozedUntil, t.RemindAt = nil, nil, nil
	t.RemindedAt, t.RemindedDue = nil, nil
	t.Skipped, t.Notes, t.HeldUntil = nil, nil, nil
}

// CreateSuccessor stores the occurrence that follows a completed one, with its
// event, and returns it. It returns nil, without an error, when there is nothing to
// do: the task is open again or permanently deleted, does not recur, its series has
// ended, what it is a part of is done or deleted, or it already has a successor.
// Calling it again is therefore safe. The parts of the task come anew with it, in the
// same transaction.
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
		if next, err = t.Successor(user, s.clock()); err != nil || next == nil {
			return err
		}
		next, err = s.insertSuccessor(ctx, tx, t, next, user)
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

// NextDates lists up to n dates that follow this one in its series, in the task's
// zone. The first is what completing the task would give, now or on the due date if
// that is still ahead; each further one assumes that the one before it is done when
// due.
func (t *Task) NextDates(now time.Time, n int) ([]time.Time, error) {
	var dates []time.Time
	for at, err := range t.following(now) {
		if err != nil || len(dates) == n {
			return dates, err
		}
		dates = append(dates, at)
	}
	return dates, nil
}

// following walks through the dates that NextDates lists, to the end of the series.
func (t *Task) following(now time.Time) iter.Seq2[time.Time, error] {
	return func(yield func(time.Time, error) bool) {
		if t.Recurrence == nil {
			return
		}
		step, completed := t.Clone(), now
		for first := true; ; first = false {
			if step.DueDate != nil && (!first || step.DueDate.After(now)) {
				completed = *step.DueDate
			}
			next, err := step.nextDate(completed)
			if err != nil {
				yield(time.Time{}, err)
				return
			}
			if next == nil {
				return
			}
			step.moveTo(next)
			if !yield(next.Time, nil) {
				return
			}
		}
	}
}
