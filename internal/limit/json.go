// Package limit checks a text before it is decoded: decoding a small text of many
// empty values can cost a hundred times its size.
package limit

import (
	"fmt"
	"strings"
)

// JSON bounds the parts of a JSON text.
type JSON struct {
	Depth  int // of objects and arrays in each other
	Items  int // members of one object, values of one array
	Values int // in all, names of members included
}

// Body limits the body of an ordinary call. Fifty tasks with every field set hold
// some 5,000 values.
var Body = JSON{Depth: 32, Items: 1000, Values: 20_000}

// Error is a text that exceeds a limit.
type Error struct {
	Field   string // the member whose value is too large; "" for the whole
	Message string // what the limit is, as a predicate
}

func (e *Error) Error() string {
	if e.Field == "" {
		return "the text " + e.Message
	}
	return e.Field + " " + e.Message
}

// maxDepth is the most that Depth may be.
const maxDepth = 64

// maxName is how much of a member's name an error repeats.
const maxName = 40

// open is an array or object that has not been closed yet.
type open struct {
	items      int
	begin, end int // of the name that it is the value of
}

// Check returns an *[Error] for a JSON text that exceeds the limits. It allocates
// nothing, and leaves it to the decoder whether the text is JSON at all.
func (l JSON) Check(text []byte) error {
	var stack [maxDepth]open
	depth, values := 0, 0
	name := open{} // the last text before a colon
	begin, end := 0, 0
	fail := func(at open, format string, most int) error {
		return &Error{Field: strings.ToValidUTF8(string(text[at.begin:min(at.end, at.begin+maxName)]), ""), Message: fmt.Sprintf(format, most)}
	}
	empty := true // nothing has come since the last opening bracket
	count := func() error {
		if values++; values > l.Values {
			return fail(open{}, "has more than %d values in all; send fewer at a time", l.Values)
		}
		if depth == 0 {
			return nil
		}
		if stack[depth-1].items++; stack[depth-1].items > l.Items {
			return fail(stack[depth-1], "has more than %d values; send fewer at a time", l.Items)
		}
		return nil
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		if empty && c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			if empty = false; c != ']' && c != '}' {
				if err := count(); err != nil {
					return err
				}
			}
		}
		switch c {
		case '"':
			begin = i + 1
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			end = min(i, len(text))
		case ':':
			name = open{begin: begin, end: end}
		case '[', '{':
			if depth >= min(l.Depth, maxDepth) {
				return fail(name, "is nested more than %d deep", l.Depth)
			}
			stack[depth] = open{begin: name.begin, end: name.end}
			depth, empty = depth+1, true
		case ']', '}':
			depth = max(depth-1, 0)
		case ',':
			if err := count(); err != nil {
				return err
			}
		}
	}
	return nil
}
