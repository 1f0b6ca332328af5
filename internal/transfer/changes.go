package transfer

import (
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/input"
	"tickler/internal/recurrence"
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
	on     bool // it changes all later dates too
}

func (r *calendarFile) change(i item, todo *ical.Component) change {
	of := todo.Props.Get(ical.PropRecurrenceID)
	c := change{item: i, alarms: i.in.ReminderOffsets.Set, on: strings.EqualFold(of.Params.Get(ical.ParamRange), "THISANDFUTURE")}
	c.of, c.valid = r.date(&c.item, of)
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
			c.note("it is one date of a recurring to-do, which is not in the file")
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
	at, wall := due.Time, due.Wall
	if i.apart != 0 { // a calendar names the date by its start
		wall = wall.Add(-i.apart)
		at = recurrence.Resolve(wall, i.zone(r.user))
	}
	same := dated && (c.of.at.Equal(at) || (c.of.day || due.AllDay) && c.of.wall.Format(time.DateOnly) == wall.Format(time.DateOnly))
	if own := i.in.SeriesDate; !same && own != nil { // a feed of our own says which date it is
		same = c.of.wall.Equal(*own) || c.of.day && c.of.wall.Format(time.DateOnly) == own.Format(time.DateOnly)
	}
	of := c.of.text()
	if c.on {
		of += " and all later ones"
	}
	if text := c.in.Description.Value; text != "" && text != i.in.Description.Value {
		i.keep("Description on "+of, text)
	}
	if moves := c.moves && !c.moved.wall.Equal(c.of.wall.Add(i.apart)); !same || !c.moves || c.on {
		if moves {
			i.keep("Moved", of+" to "+c.moved.text())
		} else {
			i.note("that one of its dates, %s, was changed could not be taken over", of)
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
