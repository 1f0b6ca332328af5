package transfer

import (
	"bytes"
	"slices"
	"strings"

	"github.com/emersion/go-ical"

	"tickler/internal/fault"
)

// Properties of a to-do that count once: they can be very many, and what they list
// beyond some is of no use.
var once = []string{ical.PropExceptionDates, ical.PropRecurrenceDates}

// readProps are the properties with a place of their own.
var readProps = []string{
	ical.PropSummary, ical.PropDescription, ical.PropPriority, ical.PropCategories, ical.PropUID, ical.PropRecurrenceID, ical.PropStatus,
	ical.PropDue, ical.PropDateTimeStart, ical.PropDuration, ical.PropRecurrenceRule, ical.PropExceptionDates, ical.PropRecurrenceDates,
	ical.PropCreated, ical.PropCompleted, ical.PropLastModified, ical.PropPercentComplete, ical.PropTrigger, ical.PropAction, ical.PropRelatedTo,
	propSeries, propCategory, propAlarms, propReminder, propEstimate, propNag, propZone,
}

// silent are the properties that say nothing about the task.
var silent = []string{ical.PropDateTimeStamp, ical.PropSequence}

// pass tells whether a property of a to-do is passed over. Its name is remembered
// unless it says nothing about the task. Those of other programs (X-) mean nothing
// here; others are read if they are short.
func (t *toDos) pass(name string, seen map[string]int, whole bool) bool {
	const listed, many, long = 200, 50, 4 << 10
	seen[name]++
	switch {
	case t.open[1] == ical.CompTimezone:
		return false
	case slices.Contains(silent, name):
		return true
	case slices.Contains(once, name):
		if seen[name] > listed {
			t.lose(name)
		}
		return seen[name] > listed
	case strings.HasPrefix(name, "X-") && !strings.HasPrefix(name, "X-TICKLER-"), !slices.Contains(readProps, name) && (!whole || len(t.line) > long || seen[name] > many):
		t.lose(name)
		return true
	}
	t.names(t.line[:min(len(t.line), maxParameters)])
	return false
}

// names remembers the zone that a property names.
func (t *toDos) names(line []byte) {
	head := line[:max(valueAt(line), 0)]
	at := bytes.Index(bytes.ToUpper(head), []byte(";TZID="))
	if at < 0 {
		return
	}
	name, _, _ := strings.Cut(string(head[at+len(";TZID="):]), ";")
	if value := line[len(head):]; bytes.Count(value, []byte(":")) > 1 && !strings.Contains(name, `"`) { // see zoned
		name += string(value[:bytes.LastIndexByte(value, ':')])
	}
	if name = strings.Trim(name, `"`); len(t.named) < maxNotes && !slices.Contains(t.named, name) {
		t.named = append(t.named, name)
	}
}

// lose remembers the name of what is passed over.
func (t *toDos) lose(name string) {
	if name = fault.Clip(name); len(t.lost) < maxNotes && !slices.Contains(t.lost, name) {
		t.lost = append(t.lost, name)
	}
}
