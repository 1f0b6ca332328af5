package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// reply is an HTTP response, read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends a request with headers given as name, value, name, value…
func send(t testing.TB, method, url, content string, headers ...string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(content))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Timeout: 30 * time.Second}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return reply{response.StatusCode, response.Header, string(text)}
}

// post sends a message to the MCP endpoint as a client without a session does.
func (s *system) post(t testing.TB, token, content string, headers ...string) reply {
	t.Helper()
	headers = append([]string{
		"Content-Type", "application/json", "Accept", "application/json, text/event-stream",
	}, headers...)
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	return send(t, http.MethodPost, s.MCPURL(), content, headers...)
}

const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`

// body of what a GET answers with 200.
func body(t testing.TB, url string) string {
	t.Helper()
	r := send(t, http.MethodGet, url, "")
	require.Equal(t, http.StatusOK, r.status, r.body)
	return r.body
}

// upper is an app's name as the stack's variables spell it.
func upper(app string) string { return strings.ToUpper(app) }
