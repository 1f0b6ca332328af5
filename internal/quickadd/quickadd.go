// Package quickadd reads a task from one line, as people type it:
//
//	Pay rent tomorrow 9:00 every month !high #home @Household ~30m
//
// An exclamation mark begins a priority, a hash a tag, an at sign the category, a
// tilde how long it takes. Dates are found by package phrase. Whatever is not
// understood is part of the title, so nothing that was typed is lost. A backslash
// before a mark keeps the word as it is. Pure.
package quickadd

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/task"
)

// Reading is what was understood.
type Reading struct {
	Title    string
	Priority task.Priority // "" if none was named
	Tags     []string      // in the order they were named, each once
	Category string        // "" if none was named; of a known one its own spelling
	Minutes  int           // how long it takes; 0 if that was not said
	When     When          // zero if no date was named
}

// When is a date in the words of a person, as task.AddInput takes it.
type When struct {
	Due, Rule string
	Base      task.RecurrenceBase
}

// Dates finds a date in a text: what it means, and from where to where in bytes it
// was said. ok is false if none is named.
type Dates func(text string) (when When, from, to int, ok bool)

// part is a stretch of the text that was understood, in bytes.
type part struct{ from, to int }

// Read reads a line. categories are the names of those there are, which may have
// blanks in them. dates may be nil.
func Read(text string, categories []string, dates Dates) Reading {
	text = strings.ToValidUTF8(text, "\uFFFD")
	var r Reading
	var understood, kept []part // kept: the backslashes
	for at := 0; at < len(text); {
		word := part{at, at + wordLength(text[at:])}
		if word.from == word.to { // a blank
			_, size := utf8.DecodeRuneInString(text[at:])
			at += size
			continue
		}
		at = word.to
		said := text[word.from:]
		if len(said) > 1 && said[0] == '\\' && strings.ContainsRune("!#@~", rune(said[1])) {
			kept = append(kept, part{word.from, word.from + 1})
			continue
		}
		if length := r.mark(said, wordLength(said), categories); length > 0 {
			for word.to = word.from + length; word.to < len(text) && strings.IndexByte(punctuation, text[word.to]) >= 0; word.to++ {
			}
			understood, at = append(understood, word), word.to
		}
	}
	rest := without(text, append(understood, kept...))
	if dates != nil {
		if when, from, to, ok := dates(rest); ok && from >= 0 && from < to && to <= len(rest) {
			r.When = when
			rest = rest[:from] + " " + rest[to:]
		}
	}
	r.Title = strings.Join(strings.Fields(rest), " ")
	return r
}

// without puts blanks in place of the parts, and nothing in place of a backslash.
func without(text string, parts []part) string {
	gone := make([]bool, len(text))
	for _, p := range parts {
		for i := p.from; i < p.to; i++ {
			gone[i] = true
		}
	}
	var rest strings.Builder
	for i := range len(text) {
		switch {
		case !gone[i]:
			rest.WriteByte(text[i])
		case text[i] != '\\':
			rest.WriteByte(' ')
		}
	}
	return rest.String()
}

// wordLength is how many bytes of a text come before its first blank.
func wordLength(text string) int {
	if end := strings.IndexFunc(text, unicode.IsSpace); end >= 0 {
		return end
	}
	return len(text)
}

var priorities = map[string]task.Priority{
	"urgent": task.Urgent, "1": task.Urgent, "high": task.High, "2": task.High,
	"medium": task.Medium, "normal": task.Medium, "3": task.Medium, "low": task.Low, "4": task.Low,
}

// mark reads what a text begins with, if that is a mark with something that can be
// understood. It returns how many bytes that was, 0 if it was nothing; word is the
// length of the first word.
func (r *Reading) mark(text string, word int, categories []string) int {
	switch said := text[1:max(word, 1)]; text[0] {
	case '!':
		priority, known := priorities[strings.ToLower(bare(said))]
		if !known || r.Priority != "" {
			return 0
		}
		r.Priority = priority
		return 1 + len(bare(said))
	case '#':
		name, length := named(text[1:], word-1)
		if !strings.ContainsFunc(name, unicode.IsLetter) || utf8.RuneCountInString(name) > label.MaxTagName || len(r.Tags) == label.MaxTagsPerTask {
			return 0
		}
		for _, one := range r.Tags {
			if input.NameKey(one) == input.NameKey(name) {
				return 1 + length
			}
		}
		r.Tags = append(r.Tags, name)
		return 1 + length
	case '@':
		if r.Category != "" {
			return 0
		}
		name, length := known(text[1:], categories)
		if length == 0 {
			name, length = named(text[1:], word-1)
		}
		if first, _ := utf8.DecodeRuneInString(name); !unicode.IsLetter(first) || utf8.RuneCountInString(name) > label.MaxCategoryName {
			return 0
		}
		r.Category = name
		return 1 + length
	case '~':
		minutes, ok := Minutes(bare(said))
		if !ok || r.Minutes != 0 {
			return 0
		}
		r.Minutes = minutes
		return 1 + len(bare(said))
	}
	return 0
}

const punctuation = ",;.:!?"

// bare is a word without the punctuation after it.
func bare(word string) string { return strings.TrimRight(word, punctuation) }

// named reads a name: one word, or several in quotes.
func named(text string, word int) (name string, length int) {
	if strings.HasPrefix(text, `"`) {
		if end := strings.Index(text[1:], `"`); end > 0 {
			return strings.TrimSpace(text[1 : 1+end]), end + 2
		}
	}
	name = bare(text[:max(word, 0)])
	return name, len(name)
}

// known finds the longest of the categories that a text begins with.
func known(text string, categories []string) (name string, length int) {
	for _, one := range categories {
		if len(one) <= length || len(text) < len(one) || !strings.EqualFold(text[:len(one)], one) {
			continue
		}
		next, _ := utf8.DecodeRuneInString(text[len(one):])
		if len(text) == len(one) || !unicode.IsLetter(next) && !unicode.IsDigit(next) && next != '-' && next != '_' {
			name, length = one, len(one)
		}
	}
	return name, length
}
