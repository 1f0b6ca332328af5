package recurrence

import "strings"

// Error says which part of a rule is wrong, with the value given and a sentence that
// names what is allowed and an example. It is meant for the person who wrote the
// rule.
type Error struct {
	Part    string // the rule part, such as BYDAY, or "rule" for the whole
	Value   string // as given
	Message string
}

func (e *Error) Error() string { return e.Message }

// maxQuoted bounds how much of the input an error repeats.
const maxQuoted = 40

func fail(part, value, message string) *Error {
	value = strings.ToValidUTF8(value, "?")
	if short := []rune(value); len(short) > maxQuoted {
		value = string(short[:maxQuoted]) + "…"
	}
	return &Error{Part: part, Value: value, Message: message}
}
