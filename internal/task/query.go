package task

import (
	"strings"
	"unicode"
)

// ParseQuery splits a web-search query so that its last word can be matched as
// a prefix: while somebody types, "inv" finds invoices. The last word stays
// whole when it is quoted, negated, the operator or, or followed by a space.
func ParseQuery(text string) Query {
	q := Query{Text: strings.TrimSpace(text)}
	if q.Text == "" || strings.Count(text, `"`)%2 == 1 {
		return q
	}
	at := strings.LastIndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	last := text[at+1:]
	if last == "" || strings.EqualFold(last, "or") {
		return q
	}
	before := strings.TrimRightFunc(text[:at+1], unicode.IsSpace)
	if at >= 0 && !unicode.IsSpace(rune(text[at])) {
		return q // part of a negation, an address, a number with a point…
	}
	if strings.EqualFold(lastField(before), "or") {
		return q // "or" binds its two sides: leave it to the parser of the query
	}
	q.Rest, q.Prefix = before, last
	return q
}

func lastField(s string) string {
	return s[strings.LastIndexFunc(s, unicode.IsSpace)+1:]
}
