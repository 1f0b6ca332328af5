package input

import "strings"

// ValidUTF8 returns a text that Postgres accepts: NUL, and each run of bytes that
// is not UTF-8, becomes the replacement character. It is for texts that must be
// stored whatever they contain, such as another program's error.
func ValidUTF8(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}
