package internal

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A record that is not in the index is not found, and one number names one record.
func TestEveryDecisionIsListedOnce(t *testing.T) {
	index, err := os.ReadFile("../docs/decisions/README.md")
	require.NoError(t, err)
	records, err := filepath.Glob("../docs/decisions/[0-9]*.md")
	require.NoError(t, err)
	require.NotEmpty(t, records)
	for _, path := range records {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		number := strings.TrimLeft(filepath.Base(path)[:4], "0")
		require.Contains(t, string(index), "| ["+number+"]("+filepath.Base(path)+") | "+title+" | 2", "the row of %s", path)
	}
	listed := regexp.MustCompile(`(?m)^\| \[`).FindAllString(string(index), -1)
	require.Len(t, listed, len(records), "rows of the index")
}
