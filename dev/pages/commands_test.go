package pages

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

var commandLine = regexp.MustCompile(`(?m)^  api ([a-z]+)(?: ([a-z]+))?`)

// docs/cli.md shows the help of every command that api lists. That it is what the
// programs say, make test-docs compares.
func TestCommandsPageHasEveryCommand(t *testing.T) {
	root, err := stack.FindRoot()
	require.NoError(t, err)
	blocks, err := Read(filepath.Join(root, "docs", "cli.md"))
	require.NoError(t, err)
	usage := blocks[0].Text
	var shown strings.Builder
	for _, b := range blocks[1:] {
		shown.WriteString(b.Text)
	}
	listed := commandLine.FindAllStringSubmatch(usage, -1)
	require.Greater(t, len(listed), 10)
	for _, match := range listed {
		require.Regexp(t, `\$ bin/api `+match[1]+`(?: `+match[2]+`)? --help`, shown.String(), match[0])
	}
}
