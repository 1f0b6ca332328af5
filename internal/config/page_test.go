package config

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var write = flag.Bool("write", false, "write the table into docs/configuration.md")

const page = "../../docs/configuration.md"

// The table between these lines is made here.
const begin, end = "<!-- made by make reference: the apps -->\n", "<!-- end -->\n"

// variables is the table of what the apps read.
func variables(t *testing.T) string {
	t.Setenv("APP_PORT", "")
	apps := []struct {
		name     string
		settings []setting
	}{
		{"api", apiSettings()}, {"notifier", notifierSettings("127.0.0.1:8081")}, {"recurrer", workerSettings("127.0.0.1:8082")},
	}
	type row struct {
		setting
		apps, standards []string
	}
	var rows []*row
	byName := map[string]*row{}
	for _, app := range apps {
		for _, s := range app.settings {
			r := byName[s.name]
			if r == nil {
				r = &row{setting: s}
				byName[s.name] = r
				rows = append(rows, r)
			}
			require.Equal(t, r.help, s.help, "%s means one thing", s.name)
			r.apps = append(r.apps, app.name)
			r.standards = append(r.standards, s.standard)
		}
	}
	var table strings.Builder
	table.WriteString("| variable | of | default | |\n|---|---|---|---|\n")
	for _, r := range rows {
		standard := "none"
		same := true
		for _, s := range r.standards {
			same = same && s == r.standards[0]
		}
		switch {
		case !same:
			standard = "`" + strings.Join(r.standards, "`, `") + "`"
		case r.standard != "":
			standard = "`" + r.standard + "`"
		case !r.optional:
			standard = "**required**"
		}
		of := strings.Join(r.apps, ", ")
		if len(r.apps) == len(apps) {
			of = "all"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", r.name, of, standard, strings.ReplaceAll(r.help, "|", `\|`))
	}
	return table.String()
}

func TestConfigurationPageHasEveryVariableOfTheApps(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), begin)
	require.True(t, found, begin)
	shown, after, found := strings.Cut(rest, end)
	require.True(t, found, end)
	wanted := "\n" + variables(t) + "\n"
	if *write {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+wanted+end+after), 0o644))
		return
	}
	require.Equal(t, wanted, shown, "make reference writes it")
}

// A limit that hardening.md tells stands behind its variable: `TICKLER_USER_RATE`, 100 a second.
var told = regexp.MustCompile("`(TICKLER_[A-Z_]+)`, ([0-9][0-9,]*)")

func TestHardeningPageTellsEveryLimitAsItIs(t *testing.T) {
	text, err := os.ReadFile("../../docs/hardening.md")
	require.NoError(t, err)
	limits := map[string]string{}
	for _, match := range told.FindAllStringSubmatch(string(text), -1) {
		limits[match[1]] = strings.ReplaceAll(match[2], ",", "")
	}
	defaults := map[string]string{}
	for _, s := range append(apiSettings(), notifierSettings("127.0.0.1:8081")...) {
		if strings.HasPrefix(s.name, "TICKLER_USER_") || strings.HasSuffix(s.name, "_RATE") {
			defaults[s.name] = s.standard
		}
	}
	require.Equal(t, defaults, limits)
}

// In channels.md a default stands behind a colon, at the end of the row or before a semicolon.
func TestChannelsPageTellsDefaultsAsTheyAre(t *testing.T) {
	text, err := os.ReadFile("../../docs/channels.md")
	require.NoError(t, err)
	found := 0
	for _, s := range append(apiSettings(), notifierSettings("127.0.0.1:8081")...) {
		row := regexp.MustCompile("(?m)^\\| `" + s.name + "` \\| [a-z, ]+ \\| [^`|]*: `([^`]*)`(?:;| \\|)").FindStringSubmatch(string(text))
		if row != nil {
			require.Equal(t, s.standard, row[1], s.name)
			found++
		}
	}
	require.GreaterOrEqual(t, found, 4)
}

// reminders.md tells people these defaults in words.
func TestRemindersPageTellsDefaultsInWords(t *testing.T) {
	text, err := os.ReadFile("../../docs/reminders.md")
	require.NoError(t, err)
	words := map[string]map[string]string{
		"TICKLER_DELIVERY_RETRIES":   {"5s,1m,5m,30m,2h,5h,10h": "tried again after 5 seconds, 1 minute, 5 minutes, 30 minutes, 2, 5 and 10 hours"},
		"TICKLER_USER_MAILS":         {"200": "At most 200 mails go to a user within 24 hours"},
		"TICKLER_USER_CONFIRMATIONS": {"5": "up to five within 24 hours"},
	}
	found := 0
	for _, s := range append(apiSettings(), notifierSettings("127.0.0.1:8081")...) {
		if of, told := words[s.name]; told {
			require.Contains(t, of, s.standard, "docs/reminders.md tells another %s", s.name)
			require.Contains(t, string(text), of[s.standard])
			found++
		}
	}
	require.Len(t, words, found)
}
