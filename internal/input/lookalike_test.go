package input

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestNamesInAnotherAlphabetLookAlike(t *testing.T) {
	for _, g := range glyphs {
		require.Equal(t, utf8.RuneCountInString(g.letters), utf8.RuneCountInString(g.latin), "they stand beside each other")
	}
	for _, pair := range [][2]string{
		{"НОМЕ", "HOME"}, {"НОМЕ", "home"}, {"ΗΟΜΕ", "Home"}, {"НОМЕ", "ΗΟΜΕ"}, {"сору", "copy"}, {"НОМЕ  2", "Home 2"},
		{"ё", "e\u0308"}, {"Тор", "Top"}, {"З", "3"}, {"оо", "օօ"},
	} {
		require.True(t, LooksLike(pair[0], pair[1]), pair)
		require.True(t, LooksLike(pair[1], pair[0]), pair)
		_, err := CheckName("name", pair[0], 30, "home")
		require.NoError(t, err, "each is a name by itself")
	}
	for _, pair := range [][2]string{
		{"HOME", "home"}, {"НОМЕ", "номе"}, // the same name
		{"тор", "top"}, {"дом", "dom"}, {"у", "ү"}, {"HOME", "HOMES"}, {"Москва", "Moscow"}, {"家", "home"}, {"", "a"},
	} {
		require.False(t, LooksLike(pair[0], pair[1]), pair)
		require.False(t, LooksLike(pair[1], pair[0]), pair)
	}
}
