package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var write = flag.Bool("write", false, "write the table into docs/configuration.md")

const (
	page  = "../../../docs/configuration.md"
	begin = "<!-- made by make reference: the dev tool -->\n"
	end   = "<!-- end -->\n"
)

func TestConfigurationPageHasEveryVariableOfTheDevTool(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), begin)
	require.True(t, found, begin)
	shown, after, found := strings.Cut(rest, end)
	require.True(t, found, end)
	wanted := "\n| variable | | default |\n|---|---|---|\n"
	for _, v := range variables {
		wanted += fmt.Sprintf("| `%s` | %s | %s |\n", v.name, v.help, v.standard)
	}
	wanted += "\n"
	if *write {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+wanted+end+after), 0o644))
		return
	}
	require.Equal(t, wanted, shown, "make reference writes it")
}

var (
	// Variables of other programs, which are not for people to set.
	notOurs = []string{"PATH", "HOME", "GOTOOLCHAIN"}
	// What the supervisor gives: to the stand-in for the broker, and to shells.
	fromSupervisor = []string{"KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD", "TICKLER_API_URL"}
	read           = regexp.MustCompile(`(?:Getenv|LookupEnv)\("([A-Z_]+)"\)`)
)

// A variable that is read and not in the table is one that nobody knows of.
func TestEveryVariableThatIsReadIsInTheTable(t *testing.T) {
	var known []string
	for _, v := range variables {
		known = append(known, v.name)
	}
	found := 0
	require.NoError(t, filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && slices.Contains([]string{"testdata", "node_modules", "e2e", "chaos", "test-docs"}, entry.Name()) {
			if err == nil {
				err = filepath.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, match := range read.FindAllStringSubmatch(string(text), -1) {
			if name := match[1]; !slices.Contains(notOurs, name) && !slices.Contains(fromSupervisor, name) {
				found++
				require.Contains(t, known, name, path)
			}
		}
		return err
	}))
	require.Greater(t, found, 4)
}

var inCompose = regexp.MustCompile(`\$\{([A-Z_]+)`)

func TestConfigurationPageHasEveryVariableOfCompose(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	files, err := filepath.Glob("../../../compose*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		compose, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range inCompose.FindAllStringSubmatch(string(compose), -1) {
			require.Contains(t, string(text), "`"+match[1]+"`", file)
		}
	}
}
