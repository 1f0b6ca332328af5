package input_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"tickler/internal/fault"
	"tickler/internal/input"
)

func TestNamesOfAllLanguagesAreTaken(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"home", "Café", "Cafe\u0301", "Đặng", "O’Neill & Söhne", "C++", "10kΩ", "50 µm", "Δv", "kWh³", "№ 5", "a_b-c/d",
		"日本語 work", "仕事work", "葛\U000e0100城", "한국어", "Ελληνικά", "Работа", "IT-отдел", "Проект Tickler", "Ёлка", "עברית", "עברית abc", "مشروع", "می\u200cخواهم", "क्\u200dष", "नमस्ते", "ไทย", "Հայերեն", "ქართული",
		"❤️", "👩‍👩‍👧‍👦 family", "🏳️‍🌈", "👍🏽", "1️⃣ first", "‼️", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🙂‍↔️", "👨🏽‍⚕️ doctor", "☎︎", "🇩🇪", "🏴‍☠️",
	} {
		kept, err := input.CheckName("name", name, 50, "home")
		require.NoError(t, err, name)
		require.Equal(t, name, kept)
	}
	kept, err := input.CheckName("name", " \u3000\u00a0home\u2003\n", 50, "home")
	require.NoError(t, err)
	require.Equal(t, "home", kept)
}

func TestNamesThatAreNotWhatTheyLookLikeAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"a\nb", "a\x1b[2Jb", "a\u0085b", "a\u009bb", "a\u2028b", "a\u2029b", "a\u202eb", "a\u2066b\u2069", "a\u200eb", "a\u061cb",
		"ho\u200bme", "ho\u200dme", "ho\u200cme", "ho\u00adme", "\ufeffhome", "home\u2060", "ho\ufe0fme", "home\ufe0f", "ho\ufe00me", "ho\U000e0101me",
		"\u3164", "a\u115f\u1160", "\u2800", "a\u034fb", "\uffa0", "a\U000e0041", "🏴\U000e0067", "🏴\U000e007f", "👩\u200d", "\u200d👩", "日\u200d本", "a\ufff9b", "a\ufdd0b",
	} {
		_, err := input.CheckName("name", name, 50, "home")
		var e *fault.Error
		require.ErrorAs(t, err, &e, "%q", name)
		require.Equal(t, "name", e.Field)
		require.Contains(t, e.Message, "invisible", "%q", name)
	}
	for name, alphabet := range map[string]string{
		"wоrk": "Cyrillic", "Ноme": "Cyrillic", "pаypal": "Cyrillic", "my аpple": "Cyrillic", "Gοogle": "Greek", "Αpple": "Greek", "hօme": "Armenian", "ᎻOME": "Cherokee", "отпуcк": "Cyrillic", "wо1rk": "Cyrillic", "w\u043e\u0301rk": "Cyrillic",
	} {
		_, err := input.CheckName("name", name, 50, "home")
		require.ErrorContains(t, err, alphabet, name)
	}
}

func TestNamesAreTheSameHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"Work", "work", "WORK", "Ｗｏｒｋ", "𝐖𝐨𝐫𝐤", "ⓌⓄⓇⓀ"},
		{"Café", "CAFE\u0301", "cafe\u0301"},
		{"Straße", "STRASSE", "strasse"},
		{"to do", "To  Do", "to\u00a0do", "TO\u3000DO"},
		{"ﬁle", "FILE"},
		{"Σίσυφος", "ΣΊΣΥΦΟΣ"},
		{"❤️", "❤"},
		{"葛\U000e0100", "葛"},
		{"ｶﾞ", "ガ"},
	} {
		for _, name := range same {
			require.Equal(t, input.NameKey(same[0]), input.NameKey(name), name)
		}
	}
	for _, different := range [][2]string{{"work", "works"}, {"café", "cafe"}, {"👩‍👧", "👩"}, {"仕事", "仕亊"}, {"", "a"}} {
		require.NotEqual(t, input.NameKey(different[0]), input.NameKey(different[1]))
	}
}

func TestTextThatShowsNothingIsBlank(t *testing.T) {
	for _, text := range []string{"", " \n", "\u200b", "\u202e\ufeff ", "\u2800", "\ufe0f"} {
		require.True(t, input.Blank(text), "%+q", text)
	}
	for _, text := range []string{"a", "\u200bа", "❤️", "."} {
		require.False(t, input.Blank(text), "%+q", text)
	}
}

func TestWhatIsNotSeenIsTakenOutOfALine(t *testing.T) {
	require.Equal(t, "Ann Lee", input.Visible(" Ann\nLee\u202e\u200b"))
	require.Equal(t, "", input.Visible("\u200b\n"))
}

func FuzzName(f *testing.F) {
	for _, seed := range []string{"home", "wоrk", "👩‍👩‍👧", "a\u202eb", "Ｗｏｒｋ", "  ", "🏴\U000e0067\U000e007f", "İ", "ǆ", "ͅ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		key := input.NameKey(name)
		require.Equal(t, key, input.NameKey(key), "the key of a key is itself: %q", name)
		require.Equal(t, key, input.NameKey(norm.NFC.String(name)), "%q", name)
		kept, err := input.CheckName("name", name, 50, "home")
		if err != nil {
			return
		}
		require.NotEmpty(t, input.NameKey(kept))
		require.Equal(t, kept, strings.TrimSpace(kept))
		require.False(t, strings.ContainsFunc(kept, func(r rune) bool { return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e }), "%q", kept)
		again, err := input.CheckName("name", kept, 50, "home")
		require.NoError(t, err)
		require.Equal(t, kept, again)
	})
}
