package task

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// Callers can alter a cursor; at most it yields another position.
func FuzzCursor(f *testing.F) {
	p := Paging{Sort: ByTitle, Desc: true, Limit: 5}
	good := encodeCursor(p, Position{Value: "Milk 🥛", ID: 7})
	for _, seed := range []string{good, "", "x", good[1:], good + "=", base64.RawURLEncoding.EncodeToString([]byte(`{"s":"title","d":true,"v":"'; DROP TABLE tasks --","i":-9223372036854775808}`)), base64.RawURLEncoding.EncodeToString([]byte(`{"s":"title","d":true,"v":"\u0000"}`)), base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("[", 2000)))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		at, err := decodeCursor(cursor, p)
		if err != nil {
			require.Nil(t, at)
			return
		}
		require.NotContains(t, at.Value, "\x00")
		again, err := decodeCursor(encodeCursor(p, *at), p)
		require.NoError(t, err)
		require.Equal(t, at, again)
		other := p
		other.Desc = false
		_, err = decodeCursor(cursor, other)
		require.Error(t, err, "it is of another order")
	})
}

// Whatever the query, terms come from its text, and each has something to search
// for.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "water plants", `"water the" -dry or wet`, `"`, `-"-`, `--"a"b"`, "or or or", "a:* & !b | (c)", "\x00", "\xff\xfe", "İıſK", strings.Repeat(`"a" `, 200), "e\u0301-\u0301", "C++ -🥛 会议", "日"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q := ParseQuery(text)
		require.Equal(t, strings.TrimSpace(text), q.Text)
		for _, terms := range q.Any {
			require.NotEmpty(t, terms)
			for n, term := range terms {
				require.True(t, strings.ContainsFunc(term.Text, isSearched), "%q of %q", term.Text, text)
				require.Contains(t, text, term.Text)
				require.NotContains(t, term.Text, `"`)
				if !term.Phrase {
					require.False(t, strings.ContainsFunc(term.Text, unicode.IsSpace))
				}
				require.False(t, term.Prefix && (term.Not || term.Phrase || n < len(terms)-1))
			}
		}
	})
}
