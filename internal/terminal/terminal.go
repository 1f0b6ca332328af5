// Package terminal is for what people read in a terminal. It keeps untrusted text from
// controlling one, and from making one line of a log look like another or like several;
// and it lays out the texts of --help.
package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Writer escapes every character that a terminal or log viewer would act on rather
// than show: controls (C0, DEL, C1), line and paragraph separators, and format
// characters such as those that reverse the direction of text
// (https://trojansource.codes). Line feeds and tabs pass, and so do the joiners
// that emoji and some scripts are written with. Bytes that are no UTF-8 become the
// replacement character.
//
// An escape is written as JSON does, \u202e, so that a JSON document stays the
// same document.
type Writer struct {
	to   io.Writer
	rest []byte // an incomplete character that the next Write continues
}

// NewWriter makes a writer that writes to to.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// Write implements io.Writer. It writes to the underlying writer once.
func (w *Writer) Write(p []byte) (int, error) {
	text := append(w.rest, p...)
	w.rest = nil
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if last := text[len(text)-back:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				w.rest, text = append([]byte(nil), last...), text[:len(text)-back]
			}
			break
		}
	}
	if _, err := io.WriteString(w.to, Escape(string(text))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Escape escapes a text as a Writer does.
func Escape(text string) string {
	if !strings.ContainsFunc(text, obeyed) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !obeyed(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'

func obeyed(r rune) bool {
	switch r {
	case '\n', '\t', zeroWidthNonJoiner, zeroWidthJoiner:
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
