package pages

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShownLinesAreLookedForInOrder(t *testing.T) {
	printed := "HTTP/1.1 201\nid: 7\nx: y\n\n{\"id\":7,\"title\":\"Once (again)\"}\n"
	for _, shown := range []string{
		printed, "id: 7\nx: y", "id: …\nx: …", "HTTP/1.1 …\n…\n{…\"title\":\"Once (again)\"}", "…\n{…}\n…", "{\"id\":…,\"title\":\"…\"}",
	} {
		require.True(t, shows(printed, shown), shown)
	}
	for _, shown := range []string{
		"id: 8", "x: y\nid: 7", "id: 7\n{…}", "\"title\":\"Once (again)\"}", "HTTP/1.1 … y", "\"id\":7",
	} {
		require.False(t, shows(printed, shown), shown)
	}
}

func TestErrorThatThePageDoesNotShowIsFound(t *testing.T) {
	require.Empty(t, unexpected(`{"id":7}`, ""))
	require.Equal(t, `"code":"NOT_FOUND"`, unexpected(`{"status":404,"code":"NOT_FOUND"}`, ""))
	require.Empty(t, unexpected(`{"status":404,"code":"NOT_FOUND"}`, `{…"code":"NOT_FOUND"…}`))
	require.NotEmpty(t, unexpected(`{"status":409,"code":"CONFLICT"}`, `{…"code":"NOT_FOUND"…}`))
	require.NotEmpty(t, unexpected("bash: line 3: jq: command not found", ""))
}
