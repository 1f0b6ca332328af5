package input

import "strings"

// ValidUTF8 returns a text as Postgres takes it: a NUL, and each run of bytes
// that is not UTF-8, becomes the replacement character. It is for texts that the
// server stores whatever they hold, such as the error of another program.
func ValidUTF8(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}
