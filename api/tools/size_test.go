package tools

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/require"

	"tickler/api/operation"
)

func TestListOfToolsIsSmallerThan36KB(t *testing.T) {
	served := &Tools{operations: operation.New(nil, nil, nil, nil, time.Now, slog.New(slog.DiscardHandler))}
	var listed []mcp.Tool
	for _, tool := range served.all() {
		listed = append(listed, tool.Tool)
		text, err := json.Marshal(tool.Tool)
		require.NoError(t, err)
		t.Logf("%-22s %5d, of which input %5d, output %5d", tool.Tool.Name, len(text), len(tool.Tool.RawInputSchema), len(tool.Tool.RawOutputSchema))
	}
	text, err := json.Marshal(listed)
	require.NoError(t, err)
	t.Logf("%d tools: %d bytes", len(listed), len(text))
	require.Less(t, len(text), 36<<10)
}
