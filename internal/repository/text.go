package repository

import "strings"

// Storable is a text as Postgres takes it: what is a NUL or no UTF-8 becomes the
// replacement character. Texts that come from elsewhere can hold anything.
func Storable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}
