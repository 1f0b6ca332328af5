package pages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// runPage runs a page in the plain shell of this machine: what these tests are about
// needs no system and no network of its own.
func runPage(t *testing.T, lines ...string) Result {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(path, page(lines...), 0o600))
	return Run(path, t.TempDir(), []string{"PATH=" + os.Getenv("PATH")})
}

func TestPageRunsInOneShellAndIsCompared(t *testing.T) {
	r := runPage(t,
		"```sh", "name=world", "```", "",
		"```sh", "echo hello $name", "```", "", "```text", "hello …ld", "```", "",
		"```console", "$ echo $name", "world", "$ printf 'a\\nb\\n'", "a", "b", "```", "",
		"<!-- fails -->", "```sh", "false", "```", "",
		"<!-- not run: a cluster -->", "```sh", "exit 1", "```")
	require.Empty(t, r.Failures)
	require.Equal(t, 4, r.Ran)
	require.Equal(t, 2, r.Compared)
	require.Equal(t, map[string]int{"a cluster": 1}, r.Left)
}

func TestWhatAPagePromisesAndDoesNotKeepIsNamed(t *testing.T) {
	for wanted, lines := range map[string][]string{
		"line 2: a command failed: line 1: status 1": {"```sh", "false", "true", "```"},
		"it does not print what the page shows":      {"```sh", "echo a", "```", "", "```text", "b", "```"},
		"it did not fail":                            {"<!-- fails -->", "```sh", "true", "```"},
		`it printed "code":"NOT_FOUND"`:              {"```sh", `echo '{"code":"NOT_FOUND"}'`, "```"},
		"printed:\na\nb\nand not:\na":                {"```console", `$ printf 'a\nb\n'`, "a", "```"},
		"no shell would take it":                     {"<!-- not run: Docker -->", "```sh", "if", "```"},
		"it ended the shell":                         {"```sh", "exit 0", "```"},
		"left running at the end of the page":        {"```sh", "sleep 60 &", "```"},
		"It printed:\nbefore":                        {"<!-- elsewhere, until: ready -->", "```sh", "echo before", "```"},
	} {
		r := runPage(t, lines...)
		require.Contains(t, strings.Join(r.Failures, "\n"), wanted, lines)
	}
}

func TestBlockElsewhereRunsUntilTheEndOfThePage(t *testing.T) {
	ended := filepath.Join(t.TempDir(), "ended")
	r := runPage(t,
		"<!-- elsewhere, until: ready -->", "```sh", "trap 'echo >"+ended+"; exit' INT", "echo ready", "while :; do sleep 0.1; done", "```", "",
		"```sh", "test ! -e "+ended, "```", "",
		"<!-- after ^C -->", "```sh", "test -e "+ended, "```")
	require.Empty(t, r.Failures)
}
