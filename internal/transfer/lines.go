package transfer

import (
	"bytes"
	"fmt"

	"github.com/emersion/go-ical"

	"tickler/internal/fault"
)

const (
	// maxNesting of components: a to-do is in a calendar, and an alarm in a to-do.
	// The library reads components by calling itself.
	maxNesting = 8
	// maxParameters bounds what stands before the value of a property: the library
	// copies it anew for each of its characters.
	maxParameters = 4 << 10
)

// checkLines refuses a calendar that the library would not survive, or would
// take hours for. Lines are judged as the library sees them: folded ones as one,
// parts of a name in any case. RFC 5545, section 3.1.
func checkLines(file []byte) error {
	refuse := func(why string) error {
		return fault.Invalid("body", "is no calendar that can be read: %s", why)
	}
	depth := 0
	for rest := file; len(rest) > 0; {
		var head []byte // the line up to its value
		var whole bool
		head, whole, rest = unfold(rest)
		if len(head) == 0 && whole {
			continue
		}
		name := head
		if end := bytes.IndexAny(head, ";:"); end >= 0 {
			name = head[:end]
		}
		colon := valueAt(head)
		if len(name) == 0 || colon < 0 && whole {
			return refuse("a line has no name, or no value")
		}
		if colon < 0 {
			return refuse("a property has too many parameters")
		}
		switch {
		case bytes.EqualFold(name, []byte("BEGIN")):
			depth++
		case bytes.EqualFold(name, []byte("END")):
			depth--
		}
		if depth > maxNesting {
			return refuse("components are nested too deep")
		}
	}
	return nil
}

// unfold takes the next line, with those that continue it, off a file. Of a long
// one it returns the beginning; whole tells whether that is all.
func unfold(file []byte) (head []byte, whole bool, rest []byte) {
	whole = true
	for rest = file; ; rest = rest[1:] { // without the blank that folds
		line := rest
		if end := bytes.IndexByte(rest, '\n'); end >= 0 {
			line, rest = rest[:end], rest[end+1:]
		} else {
			rest = nil
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		if room := maxParameters - len(head); len(line) > room {
			line, whole = line[:room], false
		}
		head = append(head, line...)
		if len(rest) == 0 || rest[0] != ' ' && rest[0] != '\t' {
			return head, whole, rest
		}
	}
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

// decode reads a calendar. What the library panics at is no calendar.
func decode(file []byte) (calendar *ical.Calendar, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			calendar, err = nil, fmt.Errorf("%v", panicked)
		}
	}()
	return ical.NewDecoder(bytes.NewReader(file)).Decode()
}
