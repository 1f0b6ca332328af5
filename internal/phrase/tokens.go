package phrase

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// token is a word or a number, by its meaning.
type token struct {
	meaning
	begin, end int    // in the text, in bytes
	word       string // folded, of one that has no meaning "" too

	bang  bool // every! counts from completion
	dated time.Time
	year  bool   // whether dated names its year
	exact string // RFC 3339, where the text names an offset
}

var (
	clockForm   = regexp.MustCompile(`^(\d{1,2})(?::(\d{2})(?::(\d{2}))?|h(\d{2})?)?(am|pm|h|uhr|u)?$`)
	dottedForm  = regexp.MustCompile(`^(\d{1,2})\.(\d{2})$`)
	ordinalForm = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th|er|re|e|eme|º|ª|°|\.|te|ter|ten|de|ste)$`)
	yearFirst   = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:t(\d{2}:\d{2}(?::\d{2})?)(?:\.\d{1,9})?(z|[+-]\d{2}:?\d{2})?)?$`)
	yearLast    = regexp.MustCompile(`^(\d{1,2})([/.-])(\d{1,2})(?:[/.-](\d{4}|\d{2})?)?$`)
	dashed      = regexp.MustCompile(`^(\d{1,2})-([a-z]+)-(\d{4}|\d{2})$`)
	fraction    = regexp.MustCompile(`^\d+[.-]\d+$`) // 1.5, 2-3
)

// longest is how many words one meaning may have.
const longest = 4

// tokens takes a text apart. Dates with the day and the month first are told apart
// by the reader: dated is zero and word holds them.
func tokens(text string, words map[string]meaning) []token {
	var raw []token
	for begin := 0; begin < len(text); {
		r, size := utf8.DecodeRuneInString(text[begin:])
		if unicode.IsSpace(r) || r == ',' || r == ';' {
			begin += size
			continue
		}
		end := begin + strings.IndexFunc(text[begin:], func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' })
		if end < begin {
			end = len(text)
		}
		raw = append(raw, parts(token{begin: begin, end: end, word: fold(text[begin:end])}, words)...)
		begin = end
	}
	var all []token
	for i := 0; i < len(raw); {
		t, n := named(raw[i:], words)
		if n == 0 {
			t, n = raw[i], 1
			t.read()
		}
		all = append(all, t)
		i += n
	}
	for i := range all {
		if numbersDay(all, i) {
			all[i].kind = ordinal
		}
	}
	return all
}

// numbersDay tells whether a number is that of a day, as in languages that write no
// ordinals: le 15, el 15, no dia 15.
func numbersDay(all []token, i int) bool {
	if i == 0 || all[i].kind != number || all[i].n < 1 || all[i].n > 31 || !slices.Contains(beforeDays, all[i-1].word) {
		return false
	}
	return i+1 == len(all) || !slices.Contains([]kind{unknown, number, unit, oclock, meridiem}, all[i+1].kind)
}

var beforeDays = []string{"le", "pour le", "jusqu'au", "a partir du", "el", "el dia", "para el", "hasta el", "a partir del", "no dia", "o dia", "ate o dia", "a partir do dia"}

// parts takes a word apart that joins days of the week, mon-fri, mon/wed/fri, those of a
// date, 10-Mar-26, or a day with a part of it, Freitagabend, morgenochtend.
func parts(whole token, words map[string]meaning) (all []token) {
	piece := func(from, to int, word string) token {
		if len(whole.word) != whole.end-whole.begin { // folding moved its characters
			return token{begin: whole.begin, end: whole.end, word: word}
		}
		return token{begin: whole.begin + from, end: whole.begin + to, word: word}
	}
	if m := dashed.FindStringSubmatchIndex(whole.word); m != nil && words[whole.word[m[4]:m[5]]].kind == month {
		for n := 2; n < 8; n += 2 {
			word := whole.word[m[n]:m[n+1]]
			if n == 6 && len(word) == 2 {
				word = "20" + word
			}
			all = append(all, piece(m[n], m[n+1], word))
		}
		return all
	}
	if _, known := words[whole.word]; !known {
		for at := range whole.word {
			day, of := words[whole.word[:at]].kind, words[whole.word[at:]].kind
			if at > 3 && (day == weekday || day == dawn) && (of == part || of == dawn) {
				return []token{piece(0, at, whole.word[:at]), piece(at, len(whole.word), whole.word[at:])}
			}
		}
	}
	begin := 0
	for at, c := range whole.word + "/" {
		if c != '-' && c != '–' && c != '/' {
			continue
		}
		if words[whole.word[begin:at]].kind != weekday {
			return []token{whole}
		}
		all = append(all, piece(begin, at, whole.word[begin:at]))
		if joint := string(c); at < len(whole.word) && joint != "/" {
			all = append(all, piece(at, at+len(joint), joint))
		}
		begin = at + utf8.RuneLen(c)
	}
	return all
}

// named finds the words at the beginning that have a meaning together, as many as
// possible; n is 0 if there are none.
func named(raw []token, words map[string]meaning) (t token, n int) {
	joined := ""
	for k := range min(longest, len(raw)) {
		joined = strings.TrimSpace(joined + " " + raw[k].word)
		// In a title a word may end a sentence.
		for _, word := range []string{joined, strings.TrimRight(joined, ".!?:)"), strings.TrimRight(joined, "!")} {
			if m, known := words[word]; known {
				t = token{meaning: m, begin: raw[0].begin, end: raw[k].end - (len(joined) - len(word)), word: word}
				t.bang = (m.kind == every || m.kind == cadence) && strings.HasSuffix(joined, "!")
				if t.bang {
					t.end = raw[k].end
				}
				n = k + 1
				break
			}
		}
	}
	return t, n
}

// read gives a number its meaning.
func (t *token) read() {
	word := t.word
	if word[0] == '@' && len(word) > 1 { // @9am
		word = word[1:]
	}
	switch {
	case word[0] == '+':
		if n, err := strconv.Atoi(word[1:]); err == nil && n >= 0 && n < 10_000 {
			t.meaning = meaning{plus, n}
		}
		return
	case word[0] < '0' || word[0] > '9':
		return
	}
	if n, err := strconv.Atoi(word); err == nil && len(word) <= 4 && word == t.word {
		t.meaning = meaning{number, n}
		return
	}
	if m := yearFirst.FindStringSubmatch(word); m != nil {
		t.dateTime(m)
		return
	}
	if m := ordinalForm.FindStringSubmatch(word); m != nil {
		t.meaning.kind = ordinal
		t.n, _ = strconv.Atoi(m[1])
		return
	}
	for _, form := range []string{word, strings.TrimRight(word, ".!?)")} {
		if m := clockForm.FindStringSubmatch(form); m != nil {
			if n, ok := secondsOf(m[1], m[2]+m[4], m[3], m[5]); ok {
				t.meaning = meaning{clock, n}
				t.end -= len(word) - len(form)
			}
			return
		}
	}
	if m := dottedForm.FindStringSubmatch(word); m != nil {
		if n, ok := secondsOf(m[1], m[2], "", ""); ok {
			t.meaning = meaning{dotted, n}
			return
		}
	}
	if yearLast.MatchString(word) && !fraction.MatchString(word) {
		t.meaning, t.word = meaning{date, -1}, word
	}
}

// dateTime reads a date with its year first: ISO 8601, or with other separators.
func (t *token) dateTime(m []string) {
	day, ok := dayOf(m[1], m[2], m[3])
	if !ok {
		return
	}
	t.dated, t.year, t.n = day, true, -1
	if m[4] != "" {
		parts := strings.Split(m[4]+":00", ":")
		if t.n, ok = secondsOf(parts[0], parts[1], parts[2], ""); !ok {
			return
		}
	}
	if zone := strings.ToUpper(m[5]); zone != "" {
		if len(zone) == len("+0100") {
			zone = zone[:3] + ":" + zone[3:]
		}
		exact := day.Add(time.Duration(t.n)*time.Second).Format("2006-01-02T15:04:05") + zone
		if _, err := time.Parse(time.RFC3339, exact); err != nil {
			return
		}
		t.exact = exact
	}
	t.kind = date
}

// secondsOf is a time of day in seconds.
func secondsOf(hour, minute, second, half string) (int, bool) {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	s, _ := strconv.Atoi(second)
	if half == "am" || half == "pm" {
		if h < 1 || h > 12 {
			return 0, false
		}
		if h %= 12; half == "pm" {
			h += 12
		}
	}
	return (h*60+m)*60 + s, h < 24 && m < 60 && s < 60
}

// dayOf is a day that exists, as wall time.
func dayOf(year, month, day string) (time.Time, bool) {
	y, _ := strconv.Atoi(year)
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	if len(year) == 2 {
		y += 2000
	}
	return existing(y, m, d)
}

func existing(y, m, d int) (time.Time, bool) {
	at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return at, y >= 1970 && y <= 9999 && at.Day() == d && int(at.Month()) == m
}
