package terminal_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tickler/internal/terminal"
)

func TestWhatATerminalWouldObeyIsEscaped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\x1b[2J":                   `\u001b[2J`,
		"\u009b31m":                 `\u009b31m`,
		"a\u2028b\u2029c\u0085d":    `a\u2028b\u2029c\u0085d`,
		"\u202egnp.exe\u202c":       `\u202egnp.exe\u202c`,
		"\u2066a\u2069\u200f\u061c": `\u2066a\u2069\u200f\u061c`,
		"\r\a\b\x7f":                `\u000d\u0007\u0008\u007f`,
		"\ufeffa\u00adb":            `\ufeffa\u00adb`,
		"\U000e0041":                `\udb40\udc41`,
		"\xff":                      "\ufffd",
		"a\tb\n":                    "a\tb\n",
		"Čeština, 日本語 work, שלום, سلام":            "Čeština, 日本語 work, שלום, سلام",
		"👩\u200d👩\u200d👧 ❤️ नमस्ते نمی\u200cخواهم": "👩\u200d👩\u200d👧 ❤️ नमस्ते نمی\u200cخواهم",
	} {
		require.Equal(t, want, terminal.Escape(text))
	}
}

func TestWriterEscapesCharactersThatComeInPieces(t *testing.T) {
	t.Parallel()
	var whole bytes.Buffer
	_, err := io.Copy(terminal.NewWriter(&whole), iotest.OneByteReader(strings.NewReader("a\u202eé\u2028👩‍👧\u009b.")))
	require.NoError(t, err)
	require.Equal(t, `a\u202eé\u2028👩‍👧\u009b.`, whole.String())
}

func FuzzEscape(f *testing.F) {
	f.Add("a\u202eb\U000e0041\x1b")
	f.Fuzz(func(t *testing.T, text string) {
		escaped := terminal.Escape(text)
		require.True(t, utf8.ValidString(escaped))
		for _, r := range escaped {
			require.False(t, r != '\n' && r != '\t' && unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028, "%q", escaped)
		}
		document, err := json.Marshal(text)
		require.NoError(t, err)
		var before, after string
		require.NoError(t, json.Unmarshal(document, &before))
		require.NoError(t, json.Unmarshal([]byte(terminal.Escape(string(document))), &after))
		require.Equal(t, before, after, "a JSON document stays the same document")
	})
}
