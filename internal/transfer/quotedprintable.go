package transfer

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Calendars of version 1.0, which older programs and phones still write, have text with
// other than ASCII characters in quoted-printable, and end a line that goes on with =.
// https://www.rfc-editor.org/rfc/rfc2045#section-6.7

// quotedPrintable tells whether a line, or its beginning, has such a value.
func quotedPrintable(line []byte) bool {
	colon := bytes.IndexByte(line[:min(len(line), maxParameters)], ':')
	return colon > 0 && (bytes.Contains(line[:colon], []byte("QUOTED-PRINTABLE")) || bytes.Contains(line[:colon], []byte("quoted-printable")))
}

// unquoted is such a line with the text itself, on one line as RFC 5545 writes it. What
// cannot be decoded stays as it is. A text that is no UTF-8 is of Windows-1252.
func unquoted(line []byte) []byte {
	colon := bytes.IndexByte(line, ':')
	value, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(line[colon+1:])))
	if err != nil {
		return line
	}
	if !utf8.Valid(value) {
		if value, err = charmap.Windows1252.NewDecoder().Bytes(value); err != nil {
			return line
		}
	}
	value = bytes.ReplaceAll(value, []byte("\r\n"), []byte("\n"))
	return append(line[:colon+1:colon+1], bytes.ReplaceAll(value, []byte("\n"), []byte(`\n`))...)
}
