package terminal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/terminal"
)

func TestEntryOfAHelpTextFitsATerminal(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	terminal.WriteEntry(&b, "NAME", strings.TrimSpace(strings.Repeat("twelve chars ", 7))+" "+strings.Repeat("x", 90))
	require.Equal(t, "  NAME\n"+
		"      twelve chars twelve chars twelve chars twelve chars twelve chars twelve\n"+
		"      chars twelve chars\n"+
		"      "+strings.Repeat("x", 90)+"\n", b.String())
}
