package transfer

import (
	"slices"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/input"
)

// change is a to-do that changes one date of a recurring one: RFC 5545, section
// 3.8.4.4.
type change struct {
	item
	of     date // the date that it changes
	valid  bool
	moved  date // to when; where it tells
	moves  bool
	alarms bool // whether it has its own
}

func (r *calendarFile) change(i item, todo *ical.Component) change {
	c := change{item: i, alarms: i.in.ReminderOffsets.Set}
	c.of, c.valid = r.date(&c.item, todo.Props.Get(ical.PropRecurrenceID))
	if c.moved, c.moves = r.due(&c.item, todo); !c.moves {
		if start := todo.Props.Get(ical.PropDateTimeStart); start != nil {
			c.moved, c.moves = r.date(&c.item, start)
		}
	}
	return c
}

// applyChanges changes the dates of recurring to-dos. A date that was done or
// cancelled is left out of the series; what was done is a task of its own. The date
// that the task stands for moves. Later ones are kept.
func (r *calendarFile) applyChanges() error {
	slices.SortStableFunc(r.changes, func(a, b change) int { return a.of.at.Compare(b.of.at) })
	out := map[string][]date{}
	for _, c := range r.changes {
		if c.in.CompletedAt != nil || c.reason != "" {
			out[c.uid] = append(out[c.uid], c.of)
		}
	}
	for uid, dates := range out {
		if n, found := r.series[uid]; found {
			r.exclude(&r.items[n], dates)
		}
	}
	for _, c := range r.changes {
		n, found := r.series[c.uid]
		switch {
		case !found || !c.valid:
			if c.reason == "" {
				c.reason = "it changes one date of a recurring to-do, which is not in the file"
			}
			if err := r.add(c.item); err != nil {
				return err
			}
		case c.reason != "":
		case c.in.CompletedAt != nil:
			if err := r.add(c.item); err != nil {
				return err
			}
		default:
			r.move(&r.items[n], c)
		}
	}
	return nil
}

// move applies a change to the date that the task stands for, or keeps it.
func (r *calendarFile) move(i *item, c change) {
	due, dated := i.due(r.user)
	same := dated && (c.of.at.Equal(due.Time) || (c.of.day || due.AllDay) && c.of.wall.Format(time.DateOnly) == due.Wall.Format(time.DateOnly))
	if own := i.in.SeriesDate; !same && own != nil { // a feed of our own says which date it is
		same = c.of.wall.Equal(*own) || c.of.day && c.of.wall.Format(time.DateOnly) == own.Format(time.DateOnly)
	}
	if !same || !c.moves {
		if c.moves {
			i.keep("Moved", c.of.text()+" to "+c.moved.text())
		} else {
			i.note("that one of its dates, %s, was changed could not be taken over", c.of.text())
		}
		return
	}
	if i.in.Series == nil {
		i.place(due.Wall, due.Wall, 1)
	} else if i.in.SeriesDate == nil {
		i.in.SeriesDate = &due.Wall
	}
	zone := i.zone(r.user)
	if r.setDue(i, c.moved); !c.moved.day && due.AllDay == c.moved.day {
		i.dueAt(c.moved.at, zone) // the series stays in its zone
	}
	if c.alarms {
		i.in.ReminderOffsets = input.Some(c.in.ReminderOffsets.Value)
		i.in.AbsoluteReminder, i.in.SnoozedUntil = c.in.AbsoluteReminder, c.in.SnoozedUntil
	}
	if title := c.in.Title.Value; title != i.in.Title.Value {
		i.note("that this date has another title, %q, could not be taken over", cutTo(title, 60))
	}
}
