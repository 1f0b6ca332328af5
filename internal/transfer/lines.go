package transfer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
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

// entry is what is read of a calendar at a time: a to-do, or the end of a calendar.
type entry struct {
	text  []byte   // of the to-do, in a calendar, until the next is read; nil: the end
	zones []string // that it names
	lost  []string // names of properties and components that were passed over
}

// toDos reads the to-dos of a stream of calendars one by one, line by line as in RFC
// 5545, section 3.1: lines are unfolded, and names are case-insensitive.
type toDos struct {
	file   *file
	lines  *bufio.Reader
	line   []byte        // the present one
	text   bytes.Buffer  // the present to-do or zone by itself, in a calendar
	again  *bufio.Reader // of text, for the library
	open   []string      // components that have begun, the outermost first
	begun  bool          // a calendar has
	lost   []string
	named  []string              // zones that the to-do names
	zones  map[string]*zoneRules // of the present calendar
	others map[string]int        // components that are no to-dos
}

func newToDos(f *file) *toDos {
	f.entry()
	return &toDos{file: f, lines: bufio.NewReader(f), again: bufio.NewReader(nil), zones: map[string]*zoneRules{}, others: map[string]int{}}
}

var errNoProperty = notACalendar("a line has no name, or no value")

func notACalendar(why string) error {
	return fault.Invalid("body", "is no calendar that can be read: %s", why)
}

// next is the next to-do or the end of a calendar; io.EOF behind the last. What it
// keeps of a to-do is bounded, and so is what the library is given to read.
func (t *toDos) next() (entry, error) {
	t.text.Reset()
	t.lost, t.named = nil, nil
	kept, lines := 0, 0
	seen := map[string]int{}
	for {
		room := maxParameters
		if t.text.Len() > 0 {
			room = max(room, maxEntry-t.text.Len())
		}
		whole, err := t.unfold(room)
		if err != nil {
			return entry{}, err
		}
		if len(bytes.TrimSpace(t.line)) == 0 {
			continue
		}
		if quotedPrintable(t.line) {
			t.line = unquoted(t.line)
		}
		name, value, err := split(t.line, whole)
		if errors.Is(err, errNoProperty) && len(t.open) > 0 { // often text that was not folded
			if t.text.Len() > 0 && t.open[1] == ical.CompToDo {
				t.lose("a line without a name")
			}
			continue
		}
		if err != nil {
			return entry{}, err
		}
		inside := t.text.Len() > 0
		switch name {
		case "BEGIN":
			if err := t.enter(strings.ToUpper(strings.TrimSpace(value))); err != nil {
				return entry{}, err
			}
			if len(t.open) == 2 && t.kept() {
				t.text.WriteString("BEGIN:VCALENDAR\r\n")
			} else if len(t.open) == 2 {
				t.count(t.open[1])
			}
			if t.text.Len() == 0 {
				continue
			}
			if !t.wanted() {
				t.lose(t.open[len(t.open)-1])
				continue
			}
		case "END":
			wanted := t.wanted()
			component, err := t.leave(value)
			if err != nil {
				return entry{}, err
			}
			switch {
			case len(t.open) == 0:
				return entry{}, nil
			case inside && len(t.open) == 1:
				t.text.WriteString("END:" + component + "\r\nEND:VCALENDAR\r\n")
				if component == ical.CompToDo {
					return entry{t.text.Bytes(), t.named, t.lost}, nil
				}
				zone, err := decode(&t.text, t.again)
				if err != nil {
					return entry{}, err
				}
				t.zone(zone)
				t.text.Reset()
				kept, lines = 0, 0
				continue
			case !inside || !wanted:
				continue
			}
		default:
			if len(t.open) == 0 {
				return entry{}, notACalendar("a line stands outside of BEGIN:VCALENDAR and END:VCALENDAR")
			}
			if !inside || !t.wanted() || t.pass(name, seen, whole) {
				continue
			}
		}
		if t.open[1] == ical.CompTimezone && name != "BEGIN" && name != "END" && lines >= maxLines {
			continue // it lists more than it needs
		}
		if kept += len(t.line); !whole || kept > maxEntry {
			return entry{}, errLongEntry
		}
		if lines++; lines > maxLines && t.open[1] == ical.CompToDo {
			return entry{}, fault.Invalid("body", "has a to-do of more than %d lines; at most so many are looked at", maxLines)
		}
		t.text.Write(t.line)
		t.text.WriteString("\r\n")
	}
}

// count counts a component that is no to-do.
func (t *toDos) count(component string) {
	if _, known := t.others[component]; known || len(t.others) < maxNotes {
		t.others[component]++
	}
}

// zone keeps the rules of a time zone.
func (t *toDos) zone(c *ical.Component) {
	if name, rules := readZone(c); len(t.zones) < maxZones {
		t.zones[name] = rules
	}
}

// kept reports whether the component that has just begun in the calendar is read.
func (t *toDos) kept() bool {
	return t.open[1] == ical.CompToDo || t.open[1] == ical.CompTimezone
}

// wanted reports whether the open component is a to-do or an alarm of one, or a time
// zone or part of one.
func (t *toDos) wanted() bool {
	if len(t.open) < 2 || len(t.open) > 3 || !t.kept() {
		return false
	}
	return len(t.open) == 2 || t.open[1] == ical.CompTimezone || t.open[2] == ical.CompAlarm
}

func (t *toDos) enter(component string) error {
	switch {
	case len(t.open) == 0 && component != ical.CompCalendar:
		return notACalendar("it does not begin with BEGIN:VCALENDAR")
	case len(t.open) >= maxNesting:
		return notACalendar("components are nested too deep")
	}
	if len(t.open) == 0 {
		t.zones = map[string]*zoneRules{}
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
			t.line = bytes.TrimRight(t.line, "\r")
		}
		if next, _ := t.lines.Peek(1); len(next) == 1 && (next[0] == ' ' || next[0] == '\t') && ended {
			_, _ = t.lines.Discard(1) // the blank that folds
			continue
		}
		if cut, soft := bytes.CutSuffix(t.line, []byte("=")); soft && ended && quotedPrintable(t.line) {
			t.line = cut
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
		return "", "", errNoProperty
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

// decode reads the component that was found, in a calendar. A panic of the library
// means that it is not a calendar.
func decode(from io.Reader, through *bufio.Reader) (found *ical.Component, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			found, err = nil, notACalendar("a to-do has a line that cannot be read")
		}
	}()
	through.Reset(from)
	calendar, err := ical.NewDecoder(through).Decode()
	if err != nil {
		return nil, notACalendar(fault.Clip(err.Error()))
	}
	if len(calendar.Children) != 1 {
		return nil, notACalendar("a to-do has a line that cannot be read")
	}
	return calendar.Children[0], nil
}
