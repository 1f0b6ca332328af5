// Package phrase reads dates and recurrence as people write them: tomorrow at 9,
// every other monday, jeden 3. Freitag, tous les 2 jours. It knows no tasks: whoever
// calls it decides what becomes of what was read.
package phrase

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// maxText is how many bytes of a text are looked at.
const maxText = 2000

// Phrase is a date, a recurrence, or both, as they stand in a text.
type Phrase struct {
	// Due is the first date: 2026-12-05 for a whole day, 2026-12-05T09:00 for a wall
	// time in the zone of now, or RFC 3339 where the text names an offset.
	Due    string
	AllDay bool
	// Rule is an RRULE of RFC 5545, "" if nothing recurs.
	Rule string
	// FromCompletion says that the rule counts from completion: "every! 3 days".
	FromCompletion bool
	// NextYear says that Due is in the next year since the text names a day without a
	// year that has passed in this one.
	NextYear bool
	// Begin and End are where the phrase stands in the text, in bytes.
	Begin, End int
}

// Read reads a text that is a phrase as a whole. language is that of its words and
// of dates such as 5/6: a tag of BCP 47 such as "fr" or "pt_BR". English is read
// beside any language, and where language is "" or not known. now is the present
// time in the person's zone, from which words such as tomorrow count.
//
// A recurrence begins today if today is one of its dates and its time of day has
// not passed.
func Read(text, language string, now time.Time) (Phrase, bool) {
	if len(text) > maxText {
		return Phrase{}, false
	}
	for _, r := range readers(text, language, now) {
		if f, end := r.phrase(0); end == len(r.tokens) && end > 0 {
			if p, ok := r.result(f, 0, end); ok {
				return p, true
			}
		}
	}
	return Phrase{}, false
}

// Find looks for a phrase within a text, such as a title that somebody types: the
// longest one. What is a date only by chance is not taken for one, such as the sun
// in "Enjoy the sun". Parameters are those of [Read].
func Find(text, language string, now time.Time) (Phrase, bool) {
	if len(text) > maxText {
		return Phrase{}, false
	}
	for _, r := range readers(text, language, now) {
		best, longest := Phrase{}, 0
		for i := range r.tokens {
			f, end := r.phrase(i)
			if end-i <= longest || !r.meant(f, i, end) {
				continue
			}
			if p, ok := r.result(f, i, end); ok {
				best, longest = p, end-i
			}
		}
		if longest > 0 {
			return best, true
		}
	}
	return Phrase{}, false
}

// yearsFirst are the languages whose dates have the month before the day.
var yearsFirst = []string{"zh", "ja", "ko", "hu"}

// readers read the text by the words of its language, then by those of English.
func readers(text, language string, now time.Time) []*reader {
	tag := strings.ToLower(strings.ReplaceAll(language, "_", "-"))
	name, region, _ := strings.Cut(tag, "-")
	// Americans put the month first, and who begins with the year.
	dayFirst := name != "" && !slices.Contains(yearsFirst, name) && (name != "en" || region != "" && region != "us")
	english := readerIn("en", text, dayFirst, now)
	if languages[name] == nil || name == "en" {
		return []*reader{english}
	}
	return []*reader{readerIn(name, text, dayFirst, now), english}
}

// readerIn reads the text by the words of one language alone.
func readerIn(language, text string, dayFirst bool, now time.Time) *reader {
	return &reader{now: now, dayFirst: dayFirst, tokens: tokens(text, languages[language]())}
}

// fold is a word without case and accents, as it is compared.
func fold(word string) string {
	plain := true
	for i := range len(word) {
		plain = plain && word[i] < 0x80
	}
	word = strings.ToLower(word)
	if plain {
		return word
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0x300 && r <= 0x36f: // combining accents
			return -1
		case r == '’':
			return '\''
		}
		return r
	}, norm.NFD.String(word))
}
