package input

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// glyphs lists letters of other alphabets beside the Latin ones, or digits, that
// they look exactly like. Unlike those of alphabets, which merely resemble each
// other, they are told apart by nobody. A choice from the table of
// https://www.unicode.org/reports/tr39/#Confusable_Detection
var glyphs = []struct{ letters, latin string }{
	{"аАВеЕёЁЗзіІїЇјЈКМНоОрРсСѕЅТуУхХһЬԁԛԚԝԜӏӀѵѴүҮ", "aABeEëË33iIïÏjJKMHoOpPcCsSTyYxXhbdqQwWlIvVyY"},
	{"αΑΒγΕΖΗιΙΚΜνΝοΟρΡσΤυΥΧϲϹϳͿ", "aAByEZHiIKMvNoOpPoTuYXcCjJ"},
	{"օՕոսՍհցզՏԼ", "oOnuUhgqSL"},
}

// latinOf maps each of those letters to what it looks like.
var latinOf = func() map[rune]rune {
	all := map[rune]rune{}
	for _, g := range glyphs {
		latin := []rune(g.latin)
		for i, letter := range []rune(g.letters) {
			all[letter] = latin[i]
		}
	}
	return all
}()

// LooksLike tells whether two names are different (see NameKey) and look the same,
// since letters of one stand for letters of another alphabet in the other: HOME in
// Latin and in Cyrillic letters. Case makes no difference.
func LooksLike(a, b string) bool {
	if plain(a) && plain(b) {
		return false
	}
	one, two := letters(a), letters(b)
	if len(one) != len(two) {
		return false
	}
	swapped := false
	for i, x := range one {
		y := two[i]
		switch {
		case unicode.ToLower(x) == unicode.ToLower(y):
		case seen(x) == seen(y) && alphabetOf(x) != alphabetOf(y):
			swapped = true
		default:
			return false
		}
	}
	return swapped
}

func letters(name string) []rune {
	return []rune(strings.Join(strings.Fields(norm.NFC.String(name)), " "))
}

// seen is what a character looks like, in lower case.
func seen(r rune) rune {
	if latin, other := latinOf[r]; other {
		r = latin
	}
	return unicode.ToLower(r)
}

// alphabetOf is the place of a letter's alphabet in alphabets, or -1.
func alphabetOf(r rune) int {
	for i, a := range alphabets {
		if unicode.Is(a.letters, r) {
			return i
		}
	}
	return -1
}
