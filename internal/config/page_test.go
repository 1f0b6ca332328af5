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
