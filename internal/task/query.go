package task

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Query is a full-text query in web-search syntax. A task matches if it meets all
// terms of one of the alternatives.
type Query struct {
	Text      string // as given, with surrounding blanks trimmed
	Any       [][]Term
	Highlight bool // show where each task matches
}

// Term is a word or a phrase.
type Term struct {
	Text   string
	Not    bool // the task must not contain it
	Phrase bool // match the words in this order
	Prefix bool // match words that begin with this one
}

// ParseQuery parses a query: words, "quoted phrases", -not or NOT before a word, or. The last word also
// matches as a prefix, so that "inv" finds invoices while somebody types, unless it
// is quoted, negated or followed by a blank. Words without a letter, a digit or a
// symbol such as an emoji are ignored.
func ParseQuery(text string) Query {
	q := Query{Text: strings.TrimSpace(text)}
	var terms []Term
	closeAlternative := func() {
		if len(terms) > 0 {
			q.Any = append(q.Any, terms)
		}
		terms = nil
	}
	rest := strings.TrimLeftFunc(text, unicode.IsSpace)
	not := false
	for rest != "" {
		var term Term
		term, rest = nextTerm(rest)
		if not {
			term.Not, term.Prefix = true, false
		}
		not = !term.Phrase && !term.Not && term.Text == "NOT" && rest != ""
		switch {
		case not: // belongs to the next
		case !term.Phrase && !term.Not && strings.EqualFold(term.Text, "or"):
			closeAlternative()
		case strings.ContainsFunc(term.Text, isSearched):
			terms = append(terms, term)
		}
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	}
	closeAlternative()
	return q
}

func nextTerm(text string) (term Term, rest string) {
	unsigned := strings.TrimLeft(text, "-")
	term.Not = len(unsigned) < len(text)
	if quoted, ok := strings.CutPrefix(unsigned, `"`); ok {
		term.Phrase = true
		term.Text, rest, _ = strings.Cut(quoted, `"`)
		return term, rest
	}
	term.Text = unsigned
	if end := strings.IndexFunc(unsigned, func(r rune) bool { return r == '"' || unicode.IsSpace(r) }); end >= 0 {
		term.Text, rest = unsigned[:end], unsigned[end:]
	}
	end, _ := utf8.DecodeLastRuneInString(term.Text)
	term.Prefix = rest == "" && !term.Not && isWord(end)
	return term, rest
}

// isSearched tells whether a character alone can be searched for. ASCII symbols are
// punctuation.
func isSearched(r rune) bool { return isWord(r) || r > unicode.MaxASCII && unicode.IsSymbol(r) }

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
