package transfer

import (
	"fmt"
	"strings"
	"time"

	"tickler/internal/input"
	"tickler/internal/task"
)

// due reads when the task is due, and from when on it can be done.
func (p *spreadsheet) due(i *item, found map[column]string) {
	text, clock, start := found[dueColumn], found[dueTimeColumn], found[startColumn]
	when, ok := p.dates.read(text)
	if begin, end, isRange := strings.Cut(rangeSign.ReplaceAllString(text, "→"), "→"); !ok && isRange {
		_, begins := p.dates.read(begin)
		_, ends := p.dates.read(end)
		switch {
		case begins && ends && start == "" && len(end) > len("12:00 AM"):
			text, start = end, begin
		case begins:
			i.keep("Due", text)
			text = begin
		}
		when, ok = p.dates.read(text)
	}
	if ok && clock != "" {
		timed, both := p.dates.read(when.Due + " " + timeOf(clock))
		if both = both && when.AllDay && !timed.AllDay; both {
			when = timed
		} else {
			i.keep("Time", clock)
		}
	}
	switch {
	case text == "":
		i.keep("Time", clock)
	case !ok:
		i.keep("Due", strings.TrimSpace(text+" "+clock))
	default:
		i.in.DueDate = input.Some(when.Due)
		if when.NextYear {
			i.note("the date %q names no year and has passed in this one, so the next was taken: %s", text, when.Due)
		}
		if when.Rule != "" && i.in.RecurrenceRule.Value == "" && i.recurs(when.Rule) && when.FromCompletion {
			i.in.RecurrenceBase = input.Some(task.FromCompletion)
		}
	}
	if start == "" {
		return
	}
	if from, ok := p.dates.read(start); ok && from.Rule == "" {
		i.in.StartDate = input.Some(from.Due)
	} else {
		i.keep("Start", start)
	}
}

// done reads whether the task is completed.
func (p *spreadsheet) done(i *item, found map[column]string) {
	for _, one := range []column{doneColumn, cancelledColumn} {
		text := found[one]
		if text == "" {
			continue
		}
		set, known := flag(text)
		at := (*time.Time)(nil)
		if !known {
			at = p.dates.moment(text)
		}
		switch {
		case !known && at == nil:
			i.keep(map[column]string{doneColumn: "Done", cancelledColumn: "Cancelled or archived"}[one], text)
		case at != nil || set:
			if i.in.CompletedAt == nil || at != nil && one == doneColumn {
				i.done(at)
			}
			if one == cancelledColumn {
				i.note("it was cancelled or archived there, and counts as completed here")
			}
		}
	}
	text := found[statusColumn]
	switch meaning := statuses[heading(text)]; meaning {
	case openStatus:
	case doneStatus, droppedStatus:
		if i.in.CompletedAt == nil {
			i.done(nil)
		}
		if meaning == droppedStatus {
			i.note("its status was %q, and it counts as completed here", text)
		}
	default:
		i.keep("Status", text)
	}
}

// reminds reads a reminder at a moment.
func (p *spreadsheet) reminds(i *item, found map[column]string) {
	text := strings.TrimSpace(found[reminderColumn] + " " + timeOf(found[reminderTimeColumn]))
	if on, known := flag(found[remindsColumn]); text == "" || known && !on {
		return
	}
	when, ok := p.dates.read(text)
	if ok && when.AllDay && when.Rule == "" {
		when, ok = p.dates.read(fmt.Sprintf("%s %02d:%02d", when.Due, p.user.AllDayTime/60, p.user.AllDayTime%60))
	}
	at := (*time.Time)(nil)
	if ok {
		at = p.dates.moment(when.Due)
	}
	if at == nil {
		i.keep("Reminder", text)
		return
	}
	i.remindAt(*at, text, p.user)
}
