package internal

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A record that is not in the index is not found, one number names one record, and none
// is missing.
func TestEveryDecisionIsListedOnce(t *testing.T) {
	index, err := os.ReadFile("../docs/decisions/README.md")
	require.NoError(t, err)
	records, err := filepath.Glob("../docs/decisions/[0-9]*.md")
	require.NoError(t, err)
	require.NotEmpty(t, records)
	for i, path := range records {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Regexp(t, fmt.Sprintf("^%04d-", i+1), filepath.Base(path), "the next number")
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		number := strings.TrimLeft(filepath.Base(path)[:4], "0")
		require.Contains(t, string(index), "| ["+number+"]("+filepath.Base(path)+") | "+title+" | 2", "the row of %s", path)
	}
	listed := regexp.MustCompile(`(?m)^\| \[`).FindAllString(string(index), -1)
	require.Len(t, listed, len(records), "rows of the index")
}

var (
	inCode = regexp.MustCompile("`([^`\n]+)`")
	pathIn = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*/?$`)
	rootOf = regexp.MustCompile(`^(api|notifier|recurrer|internal|migrations|components|k8s|dev|examples|docs)(/|$)|\.(go|md|sql|yaml)$`)
)

// docs/architecture.md and CONTRIBUTING.md lead to what is there: every path that they name exists, and so does
// the name that a rule has in its file.
func TestMapNamesWhatIsThere(t *testing.T) {
	text, err := os.ReadFile("../docs/architecture.md")
	require.NoError(t, err)
	contributing, err := os.ReadFile("../CONTRIBUTING.md")
	require.NoError(t, err)
	named := 0
	for line := range strings.Lines(string(text) + string(contributing)) {
		var folder string // that the short names after it are in: `internal/task` (`store.go`, …)
		for _, match := range inCode.FindAllStringSubmatch(line, -1) {
			path := match[1]
			if !pathIn.MatchString(path) || !rootOf.MatchString(path) {
				continue
			}
			named++
			info, err := os.Stat(filepath.Join("..", path))
			if err != nil && folder != "" && !strings.Contains(path, "/") {
				info, err = os.Stat(filepath.Join("..", folder, path))
			}
			require.NoError(t, err, "it is named in: %s", line)
			if info.IsDir() {
				folder = path
			}
		}
	}
	require.Greater(t, named, 80, "paths that were found")

	_, rules, found := strings.Cut(string(text), "## Where a rule stands")
	require.True(t, found)
	rules, _, _ = strings.Cut(rules, "\n## ")
	for line := range strings.Lines(rules) {
		names := inCode.FindAllStringSubmatch(line, -1)
		if !strings.HasPrefix(line, "|") || len(names) == 0 {
			continue
		}
		require.Len(t, names, 2, line)
		content, err := os.ReadFile(filepath.Join("..", names[0][1]))
		require.NoError(t, err)
		require.Contains(t, string(content), names[1][1], "%s is to hold it", names[0][1])
	}
}
