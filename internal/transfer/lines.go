package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-ical"

	"tickler/internal/fault"
)

const (
	// maxNesting of components: a to-do is in a calendar, and an alarm in a to-do.
	maxNesting = 8
	// maxParameters bounds the part before a property's value, which the library
	// copies once for each of its characters.
	maxParameters = 4 << 10
	// maxLines is how many lines of one to-do are read.
	maxLines = 1000
)

// read are the properties that are imported; of those in once only the first
// counts. Other lines, such as attachments, are skipped.
var (
	read = []string{
		ical.PropSummary, ical.PropDescription, ical.PropPriority, ical.PropCategories, ical.PropUID, ical.PropRecurrenceID, ical.PropStatus,
		ical.PropDue, ical.PropDateTimeStart, ical.PropDuration, ical.PropRecurrenceRule, ical.PropExceptionDates, ical.PropRecurrenceDates,
		ical.PropCreated, ical.PropCompleted, ical.PropLastModified, ical.PropPercentComplete, ical.PropTrigger,
	}
	once = []string{ical.PropExceptionDates, ical.PropRecurrenceDates}
)

// toDos reads the to-dos of a calendar one by one, line by line as in RFC 5545,
// section 3.1: lines are unfolded, and names are case-insensitive.
type toDos struct {
	file  *file
	lines *bufio.Reader
	line  []byte        // the present one
	text  bytes.Buffer  // the present to-do by itself, in a calendar
	again *bufio.Reader // of text, for the library
	open  []string      // components that have begun, the outermost first
	begun bool          // the calendar has
}

func newToDos(f *file) *toDos {
	f.entry()
	return &toDos{file: f, lines: bufio.NewReader(f), again: bufio.NewReader(nil)}
}

func notACalendar(why string) error {
	return fault.Invalid("body", "is no calendar that can be read: %s", why)
}

// next is the next to-do; io.EOF behind the last. What it keeps of a to-do is
// bounded, and so is what the library is given to read.
func (t *toDos) next() (*ical.Component, error) {
	t.text.Reset()
	kept, lines := 0, 0
	seen := map[string]bool{}
	for {
		room := maxParameters
		if t.text.Len() > 0 {
			room = max(room, maxEntry-t.text.Len())
		}
		whole, err := t.unfold(room)
		if err != nil {
			return nil, err
		}
		name, value, err := split(t.line, whole)
		if err != nil {
			return nil, err
		}
		inToDo := t.text.Len() > 0
		switch name {
		case "BEGIN":
			if err := t.enter(strings.ToUpper(strings.TrimSpace(value))); err != nil {
				return nil, err
			}
			if len(t.open) == 2 && t.open[1] == ical.CompToDo {
				t.text.WriteString("BEGIN:VCALENDAR\r\n")
			}
			if t.text.Len() == 0 || !t.wanted() {
				continue
			}
		case "END":
			wanted := t.wanted()
			component, err := t.leave(value)
			if err != nil {
				return nil, err
			}
			if component == ical.CompToDo && inToDo && len(t.open) == 1 {
				t.text.WriteString("END:VTODO\r\nEND:VCALENDAR\r\n")
				return t.decode()
			}
			if !inToDo || !wanted {
				continue
			}
		default:
			if len(t.open) == 0 {
				return nil, notACalendar("a line stands outside of BEGIN:VCALENDAR and END:VCALENDAR")
			}
			if !inToDo || !t.wanted() || !slices.Contains(read, name) || seen[name] && slices.Contains(once, name) {
				continue
			}
			seen[name] = true
		}
		if kept += len(t.line); !whole || kept > maxEntry {
			return nil, errLongEntry
		}
		if lines++; lines > maxLines {
			return nil, fault.Invalid("body", "has a to-do of more than %d lines; at most so many are looked at", maxLines)
		}
		t.text.Write(t.line)
		t.text.WriteString("\r\n")
	}
}

// wanted reports whether the open component is a to-do or an alarm of one.
func (t *toDos) wanted() bool {
	return len(t.open) == 2 && t.open[1] == ical.CompToDo || len(t.open) == 3 && t.open[1] == ical.CompToDo && t.open[2] == ical.CompAlarm
}

func (t *toDos) enter(component string) error {
	switch {
	case len(t.open) == 0 && component != ical.CompCalendar:
		return notACalendar("it does not begin with BEGIN:VCALENDAR")
	case len(t.open) >= maxNesting:
		return notACalendar("components are nested too deep")
	}
	t.begun, t.open = true, append(t.open, component)
	return nil
}

func (t *toDos) leave(value string) (component string, err error) {
	if len(t.open) == 0 {
		return "", notACalendar("something ends that has not begun")
	}
	last := len(t.open) - 1
	if component = t.open[last]; !strings.EqualFold(strings.TrimSpace(value), component) {
		return "", notACalendar("BEGIN:" + fault.Clip(component) + " has no END")
	}
	t.open = t.open[:last]
	return component, nil
}

// unfold reads the next line, with those that continue it; io.EOF behind the
// last, if the calendar is whole. Of a longer one than room only the beginning is
// kept; whole tells whether that is all.
func (t *toDos) unfold(room int) (whole bool, err error) {
	t.line, whole = t.line[:0], true
	for {
		t.file.entry()
		part, err := t.lines.ReadSlice('\n')
		part, ended := bytes.CutSuffix(part, []byte("\n"))
		if free := room - len(t.line); len(part) > free {
			part, whole = part[:free], false
		}
		t.line = append(t.line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(t.line) == 0:
			return false, t.end()
		case err != nil && !errors.Is(err, io.EOF):
			return false, err
		}
		if whole {
			t.line = bytes.TrimSuffix(t.line, []byte("\r"))
		}
		if next, _ := t.lines.Peek(1); len(next) == 1 && (next[0] == ' ' || next[0] == '\t') && ended {
			_, _ = t.lines.Discard(1) // the blank that folds
			continue
		}
		if len(t.line) > 0 || !ended {
			return whole, nil
		}
	}
}

// end is io.EOF if the calendar is complete.
func (t *toDos) end() error {
	switch {
	case !t.begun:
		return notACalendar("it is empty")
	case len(t.open) > 0:
		return notACalendar("BEGIN:" + fault.Clip(t.open[len(t.open)-1]) + " has no END")
	}
	return io.EOF
}

// split takes a line apart, whose name is given in capitals. The value of one
// that is not whole is its beginning.
func split(line []byte, whole bool) (name, value string, err error) {
	head := line[:min(len(line), maxParameters)]
	colon := valueAt(head)
	if end := bytes.IndexAny(head, ";:"); end >= 0 {
		name = strings.ToUpper(string(head[:end]))
	}
	switch {
	case colon < 0 && (!whole || len(line) > maxParameters):
		return "", "", notACalendar("a property has too many parameters")
	case name == "" || colon < 0:
		return "", "", notACalendar("a line has no name, or no value")
	}
	if name == "BEGIN" || name == "END" {
		value = string(line[colon+1 : min(len(line), colon+1+maxParameters)])
	}
	return name, value, nil
}

// valueAt is where the colon before the value stands: the first that is not
// between quotes; -1 if there is none.
func valueAt(line []byte) int {
	quoted := false
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ':' && !quoted:
			return i
		}
	}
	return -1
}

// decode reads the to-do that was found. A panic of the library means that it is
// not a calendar.
func (t *toDos) decode() (todo *ical.Component, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			todo, err = nil, notACalendar("a to-do has a line that cannot be read")
		}
	}()
	t.again.Reset(&t.text)
	calendar, err := ical.NewDecoder(t.again).Decode()
	if err != nil {
		return nil, notACalendar(fault.Clip(err.Error()))
	}
	if len(calendar.Children) != 1 {
		return nil, notACalendar("a to-do has a line that cannot be read")
	}
	return calendar.Children[0], nil
}
