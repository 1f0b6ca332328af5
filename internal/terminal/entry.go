package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// width is that of a terminal that nobody has made wider.
const width = 80

// WriteEntry writes an entry of a --help text: its head, and below it what that is,
// indented and broken into lines that fit a terminal.
func WriteEntry(w io.Writer, head, text string) {
	const indent = "      "
	_, _ = fmt.Fprintf(w, "  %s\n", head)
	line := indent
	for word := range strings.FieldsSeq(text) {
		if line != indent && utf8.RuneCountInString(line)+len(" ")+utf8.RuneCountInString(word) > width {
			_, _ = fmt.Fprintln(w, line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	_, _ = fmt.Fprintln(w, line)
}
