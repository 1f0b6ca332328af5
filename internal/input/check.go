package input

import (
	"strings"
	"unicode/utf8"

	"tickler/internal/fault"
)

// CheckText refuses what Postgres cannot store or what is too long. max counts
// characters, not bytes.
func CheckText(field, text string, max int) error {
	if !utf8.ValidString(text) {
		return fault.Invalid(field, "is not valid UTF-8; send text encoded as UTF-8")
	}
	if strings.ContainsRune(text, 0) {
		return fault.Invalid(field, "contains a NUL character; remove it")
	}
	if n := utf8.RuneCountInString(text); n > max {
		return fault.Invalid(field, "has %d characters; at most %d are allowed", n, max)
	}
	return nil
}

// CheckEnum refuses a value that is not one of those allowed. The last of them
// is the example in its error.
func CheckEnum[T ~string](field string, value T, allowed ...T) error {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		if a == value {
			return nil
		}
		names[i] = string(a)
	}
	return fault.Invalid(field, "%q is not allowed; use one of %s, for example %q", fault.Clip(string(value)), strings.Join(names, ", "), names[len(names)-1])
}
