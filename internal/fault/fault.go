// Package fault holds the errors of the domain: those that a caller may see,
// with a code, and those by which the layers below tell what happened.
package fault

import (
	"errors"
	"fmt"
)

// Code classifies an error by what the caller can do about it.
type Code string

// The codes a caller may see, over every transport.
const (
	InvalidInput  Code = "INVALID_INPUT"
	Unauthorized  Code = "UNAUTHORIZED"
	Forbidden     Code = "FORBIDDEN"
	NotFound      Code = "NOT_FOUND"
	Conflict      Code = "CONFLICT"
	LimitExceeded Code = "LIMIT_EXCEEDED"
	RateLimited   Code = "RATE_LIMITED"
	Unavailable   Code = "UNAVAILABLE"
	Internal      Code = "INTERNAL"
)

// Error is an error that a caller may see and act on. Message says what was
// wrong, what is allowed, and an example; Field names the input at fault; Hint
// says what to do next. Any other error type is internal: it is logged, and the
// caller gets an id to quote.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
	Hint    string `json:"hint,omitempty"`
	// plain is this error before Quoting added to it.
	plain *Error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Invalid is an error about the value of one input field. The message begins
// with the field's name; format goes on from there.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: InvalidInput, Field: field, Message: field + " " + fmt.Sprintf(format, args...)}
}

// Busy is an error that passes by itself: what says what cannot be done at the moment.
// Its hint says when to try again, as that of every UNAVAILABLE does.
func Busy(what string) *Error {
	return &Error{Code: Unavailable, Message: what, Hint: TryAgain}
}

// TryAgain is the hint of an error that passes by itself.
const TryAgain = "try again in some seconds"

// WithHint returns e with advice on what to do next.
func (e *Error) WithHint(hint string) *Error {
	e.Hint = hint
	return e
}

// Quoting returns e with something that is stored added to its message and, unless it
// is empty, as its hint. Plain takes both away again, for callers who may not read.
func (e *Error) Quoting(stored, hint string) *Error {
	if e.plain == nil {
		plain := *e
		e.plain = &plain
	}
	e.Message += stored
	if hint != "" {
		e.Hint = hint
	}
	return e
}

// OrPlainly makes Plain return another error, where that e is returned says already
// what only those who may read may know.
func (e *Error) OrPlainly(plain *Error) *Error {
	e.plain = plain
	return e
}

// Plain returns e as it is without what Quoting added.
func (e *Error) Plain() *Error {
	if e.plain != nil {
		return e.plain
	}
	return e
}

// ErrNotFound is what stores return for an object that does not exist for this
// user: a service turns it into an error that names the object.
var ErrNotFound = errors.New("not found")

// ErrUnavailable marks an error that passes by itself: the database is
// restarting, out of connections, or out of reach.
var ErrUnavailable = errors.New("the database is not available")

// ErrRefused marks an error that never passes: the data breaks a rule of the
// database.
var ErrRefused = errors.New("the database refuses the data")

// Clip shortens what a caller gave before it is quoted back.
func Clip(s string) string {
	r := []rune(s)
	if len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
