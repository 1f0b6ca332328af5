package phrase

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Rule reads how something recurs and nothing else: biweekly, every 3 months, last
// friday of the month, daily at 9, jeden Montag. A text that also names the first day or
// an end is refused, as is "every! 3 days", which counts from completion: an RRULE cannot
// say these, or needs the present time. The language is any that [Read] knows; a text
// that means different rules in two of them is refused too.
func Rule(text string) (rule string, ok bool) {
	if len(text) > maxText {
		return "", false
	}
	rules := map[string]bool{}
	for name := range languages {
		rule, ok := ruleIn(text, name, false)
		if !ok { // what recurs needs no "every"
			rule, ok = ruleIn(bare[name]+" "+text, name, true)
		}
		if ok {
			rules[rule] = true
		}
	}
	if len(rules) != 1 {
		return "", false
	}
	return slices.Collect(maps.Keys(rules))[0], true
}

// bare are the words for "every", by language.
var bare = map[string]string{"en": "every", "de": "jeden", "fr": "chaque", "es": "cada", "nl": "elke", "pt": "cada"}

// seconds are the words for "other" that count too.
var seconds = []string{"second", "zweite", "zweiten", "zweiter", "zweites", "deuxieme", "segundo", "tweede"}

// onceOnly tells whether what follows "every" can be, or is, a single date where the text
// has no such word: tomorrow at 8 in languages that call the morning so, tonight, 24.12.2026,
// last Friday, a week on Friday. The second Friday can be that of the month.
func (r *reader) onceOnly(f found, end int) bool {
	t := r.at(1)
	switch {
	case t.kind == dawn, t.kind == part, f.named && slices.ContainsFunc(r.tokens[:end], token.hasYear):
		return true
	case t.kind == other:
		return f.every == 2 && slices.Contains(seconds, t.word)
	case t.kind == last:
		return f.freq == "MONTHLY" && r.at(end-1).kind == weekday
	case t.kind == number:
		return t.n == 1 && t.word != "1" && r.at(2).kind == unit
	}
	return false
}

// hasYear tells whether a token is a year, or a date that has one.
func (t token) hasYear() bool {
	m := yearLast.FindStringSubmatch(t.word)
	return t.year || t.kind == number && t.n > 31 || t.kind == date && m != nil && m[4] != ""
}

func ruleIn(text, language string, withoutEvery bool) (rule string, ok bool) {
	r := readerIn(language, text, language != "en", time.Date(2000, 1, 3, 0, 0, 0, 0, time.UTC))
	f, end := r.phrase(0)
	if end == 0 || end != len(r.tokens) || f.freq == "" || f.bang || f.run != nil || !f.until.IsZero() || !f.day.IsZero() && !f.named {
		return "", false
	}
	if withoutEvery && r.onceOnly(f, end) {
		return "", false
	}
	if f.clock != noClock && len(f.hours) < 2 {
		if f.freq == "HOURLY" {
			return "", false
		}
		defer func() { rule += clockParts(f) }()
	}
	if f.named {
		f.parts = fmt.Sprintf(";BYMONTH=%d;BYMONTHDAY=%d", f.day.Month(), f.day.Day())
		f.day = time.Time{}
	}
	p, ok := r.result(f, 0, end)
	return p.Rule, ok
}
