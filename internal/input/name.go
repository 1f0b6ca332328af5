package input

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"tickler/internal/fault"
)

// CheckName returns a name, of a tag for example, without the blanks around it. A
// name is one line that looks like what it is. It must not contain control, format
// or invisible characters, except those that emoji and some scripts need, nor a
// word that mixes alphabets to look like another. max counts characters.
func CheckName(field, name string, max int, example string) (string, error) {
	name = strings.TrimSpace(name)
	if err := CheckText(field, name, max); err != nil {
		return "", err
	}
	if name == "" {
		return "", fault.Invalid(field, "is empty; allowed are 1 to %d characters, for example %q", max, example)
	}
	if r, found := Unseen(name); found {
		return "", fault.Invalid(field, "contains %U, a control, format or invisible character; allowed is one line of visible text, for example %q", r, example)
	}
	if word, other := disguised(name); word != "" {
		return "", fault.Invalid(field, "has Latin and %s letters in one word, %q, which then looks like another word; write each word in one alphabet, for example %q", other, fault.Clip(word), example)
	}
	return name, nil
}

// Blank reports whether a text shows nothing: it has blanks and invisible characters
// only.
func Blank(text string) bool {
	return strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) || variation(r) || strings.ContainsRune(blank, r)
	}) == ""
}

// Visible returns a text as one line, without the control, format and invisible
// characters that CheckName refuses.
func Visible(text string) string {
	line := strings.Join(strings.Fields(text), " ")
	for {
		r, found := Unseen(line)
		if !found {
			return strings.TrimSpace(line)
		}
		line = strings.ReplaceAll(line, string(r), "")
	}
}

// NameKey returns the key by which names are compared: two names with the same key
// are the same name. It ignores compatibility forms (NFKC), case, runs of blanks,
// and characters that only select how others are drawn.
func NameKey(name string) string {
	if plain(name) {
		return strings.ToLower(name)
	}
	// Fold alone turns Cherokee letters round each time.
	folded := norm.NFKC.String(strings.ToLower(cases.Fold().String(norm.NFKC.String(name))))
	folded = strings.Map(func(r rune) rune {
		if r == zwj || r == zwnj || variation(r) {
			return -1
		}
		return r
	}, folded)
	return strings.Join(strings.Fields(folded), " ")
}

// plain reports whether a name is ASCII without runs of blanks.
func plain(name string) bool {
	blank := true
	for i := range len(name) {
		c := name[i]
		if c >= 0x80 || c < ' ' || (c == ' ' && blank) {
			return false
		}
		blank = c == ' '
	}
	return !blank
}

const (
	zwnj      = '\u200c'     // zero width non-joiner
	zwj       = '\u200d'     // zero width joiner
	blackFlag = '\U0001f3f4' // what the flag of a region begins with
	tagEnd    = '\U000e007f'
)

func variation(r rune) bool { return r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef }

// joined are scripts in which a joiner between letters changes the word.
// https://www.rfc-editor.org/rfc/rfc5892#appendix-A
var joined = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati,
	unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar,
}

// blank are invisible characters outside the category Cf.
var blank = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"

// Unseen finds a control, format or invisible character that nothing needs.
func Unseen(name string) (rune, bool) {
	runes := []rune(name)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return 0
		}
		return runes[i]
	}
	tags := false // in the flag of a region
	for i, r := range runes {
		before, after := at(i-1), at(i+1)
		ok := true
		switch {
		case r == blackFlag:
			tags = true
			continue
		case r >= 0xe0020 && r <= tagEnd:
			ok = tags && (r == tagEnd && before != blackFlag || after >= 0xe0020 && after <= tagEnd)
			tags = ok && r != tagEnd
			if !ok {
				return r, true
			}
			continue
		case r == zwj:
			ok = (unicode.IsSymbol(before) || variation(before)) && unicode.IsSymbol(after) || unicode.In(before, joined...) && unicode.In(after, joined...)
		case r == zwnj:
			ok = unicode.In(before, joined...) && unicode.In(after, joined...)
		case r == 0xfe0e || r == 0xfe0f: // as text, as emoji
			ok = unicode.IsSymbol(before) || unicode.IsPunct(before) || before >= '0' && before <= '9'
		case r >= 0xe0100 && r <= 0xe01ef: // a form of an ideograph
			ok = unicode.Is(unicode.Han, before)
		case variation(r):
			ok = false
		default:
			ok = !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point) && !strings.ContainsRune(blank, r)
		}
		if !ok {
			return r, true
		}
		tags = false
	}
	return 0, false
}

// alphabets with letters that look Latin, each with those letters, or all letters
// where nearly all do. They are chosen from the table of
// https://www.unicode.org/reports/tr39/#Confusable_Detection
var alphabets = []struct {
	name    string
	letters *unicode.RangeTable
	alike   string
}{
	{"Cyrillic", unicode.Cyrillic, "аАвВгеЕёЁЗзіІїЇјЈкКмМнНоОпрРсСѕЅтТуУхХһҺьЬԁԀԛԚԝԜӏӀѵѴүҮ"},
	{"Greek", unicode.Greek, "αΑβΒγεΕζΖηΗιΙκΚΜνΝοΟρΡσςτΤυΥχΧωϲϹϳͿ"},
	{"Armenian", unicode.Armenian, "օՕոսՍհցզՏԼքյ"},
	{"Cherokee", unicode.Cherokee, ""},
	{"Coptic", unicode.Coptic, ""},
	{"Lisu", unicode.Lisu, ""},
}

// disguised finds a word that mixes Latin letters with others that look Latin, and
// names the other alphabet.
func disguised(name string) (word, alphabet string) {
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N) && r != zwj && r != zwnj && !variation(r)
	}) {
		latin, other := false, ""
		for _, r := range word {
			if latin = latin || unicode.Is(unicode.Latin, r); r < 0x80 || other != "" {
				continue
			}
			for _, a := range alphabets {
				if unicode.Is(a.letters, r) && (a.alike == "" || strings.ContainsRune(a.alike, r)) {
					other = a.name
				}
			}
		}
		if latin && other != "" {
			return word, other
		}
	}
	return "", ""
}
