package quickadd_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tickler/internal/quickadd"
	"tickler/internal/task"
)

func TestReadUnderstandsMarks(t *testing.T) {
	t.Parallel()
	categories := []string{"Household", "House", "Big house", "Küche"}
	for text, want := range map[string]quickadd.Reading{
		"Pay rent !high #home @Household ~30m": {Title: "Pay rent", Priority: task.High, Tags: []string{"home"}, Category: "Household", Minutes: 30},
		"!1 Call #a, #b and #A.":               {Title: "Call and", Priority: task.Urgent, Tags: []string{"a", "b"}},
		"#two-words #\"in two\" x":             {Title: "x", Tags: []string{"two-words", "in two"}},
		"@big house clean it":                  {Title: "clean it", Category: "Big house"},
		"clean @house.":                        {Title: "clean", Category: "House"},
		"@households":                          {Category: "households"},
		"@küche wischen":                       {Title: "wischen", Category: "Küche"},
		"@\"New one\" x":                       {Title: "x", Category: "New one"},
		"mail bob@example.com about C# and 5!": {Title: "mail bob@example.com about C# and 5!"},
		"issue #12 ! # @ ~ @9:00 ~soon !!":     {Title: "issue #12 ! # @ ~ @9:00 ~soon !!"},
		`a \#tag \@home \!high \~30m \x`:       {Title: `a #tag @home !high ~30m \x`},
		"!high !low":                           {Title: "!low", Priority: task.High},
		"x ~1h30 ~5m":                          {Title: "x ~5m", Minutes: 90},
		"#1 #2b":                               {Title: "#1", Tags: []string{"2b"}},
		"  several \t blanks  ":                {Title: "several blanks"},
		"":                                     {},
	} {
		require.Equal(t, want, quickadd.Read(text, categories, nil), text)
	}
}

func TestReadTakesDatesOutOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	dates := func(text string) (quickadd.When, int, int, bool) {
		at := strings.Index(text, "tomorrow")
		return quickadd.When{Due: "2026-12-01"}, at, at + len("tomorrow"), at >= 0
	}
	got := quickadd.Read("Pay tomorrow !high rent", nil, dates)
	require.Equal(t, quickadd.Reading{Title: "Pay rent", Priority: task.High, When: quickadd.When{Due: "2026-12-01"}}, got)
	require.Equal(t, "Pay rent", quickadd.Read("Pay rent", nil, dates).Title)
}

func TestMinutes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"30m": 30, "30 min": 30, "90": 90, "1h": 60, "1.5h": 90, "1,5 h": 90, "1h30": 90, "1h 30min": 90, "2d": 2880, "1 day 2 hours": 1560} {
		got, ok := quickadd.Minutes(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "0", "0h", "x", "m", "1x", "-5", "9999d", "1.5m", "999999999"} {
		_, ok := quickadd.Minutes(text)
		require.False(t, ok, text)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{"Pay rent !high #home @Household ~30m", `\#a "b" #"c d`, "@\"", "#\xff", "ü~1h @ünd"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// Dates may be found anywhere.
		quickadd.Read(text, []string{"Household", "Ünd so", ""}, func(rest string) (quickadd.When, int, int, bool) {
			return quickadd.When{Due: "x"}, len(rest) / 3, len(rest) / 2, true
		})
		plain := quickadd.Read(text, nil, nil)
		if all := plain.Title + plain.Category + strings.Join(plain.Tags, ""); !utf8.ValidString(all) {
			t.Fatalf("%q is not UTF-8", all)
		}
		if strings.Join(strings.Fields(plain.Title), " ") != plain.Title {
			t.Fatalf("%q has blanks to spare", plain.Title)
		}
		if !strings.ContainsAny(text, `!#@~\`) && utf8.ValidString(text) && plain.Title != strings.Join(strings.Fields(text), " ") {
			t.Fatalf("%q became %q", text, plain.Title)
		}
		if again := quickadd.Read(plain.Title, nil, nil); !strings.ContainsAny(plain.Title, `!#@~\`) && again.Title != plain.Title {
			t.Fatalf("%q became %q", plain.Title, again.Title)
		}
	})
}
