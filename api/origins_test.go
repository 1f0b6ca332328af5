package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/config"
)

// A client that runs in a web page works where the operator lists its origin, and
// nowhere else. Nothing of that opens the page for people.
func TestPagesOfListedOriginsMayCallAndOthersMayNot(t *testing.T) {
	t.Parallel()
	const listed, other = "https://inspector.example", "https://evil.example"
	h := build(t, func(c *config.Guard) { c.Origins = []string{listed} })
	ann := h.resident(t, "ann")
	asks := func(origin, path, method string) answer {
		return h.sends(t, http.MethodOptions, path, "", "Origin", origin, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", "authorization,content-type,mcp-protocol-version")
	}
	for path, method := range map[string]string{"/mcp": "POST", "/mcp/": "POST", "/v1/tasks": "POST", "/v1/tasks/1": "PATCH", "/oauth/token": "POST", "/oauth/register": "POST"} {
		a := asks(listed, path, method)
		require.Equal(t, http.StatusNoContent, a.status, path)
		require.Equal(t, listed, a.header.Get("Access-Control-Allow-Origin"), path)
		require.Contains(t, a.header.Get("Access-Control-Allow-Methods"), method, path)
		for _, header := range []string{"authorization", "content-type", "mcp-protocol-version"} {
			require.Contains(t, strings.ToLower(a.header.Get("Access-Control-Allow-Headers")), header, path)
		}
		a = asks(other, path, method)
		require.GreaterOrEqual(t, a.status, 400, path)
		require.Empty(t, a.header.Get("Access-Control-Allow-Origin"), path)
	}
	ping := func(origin, token string) answer {
		return h.sends(t, http.MethodPost, "/mcp", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "Content-Type", "application/json", "Origin", origin, "Authorization", "Bearer "+token)
	}
	a := ping(listed, ann.token)
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Equal(t, listed, a.header.Get("Access-Control-Allow-Origin"))
	a = ping(listed, "")
	require.Equal(t, http.StatusUnauthorized, a.status)
	require.Contains(t, a.header.Get("Access-Control-Expose-Headers"), "WWW-Authenticate", "from where the client learns whom to ask")
	a = ping(other, ann.token)
	require.Equal(t, http.StatusForbidden, a.status)
	require.Empty(t, a.header.Get("Access-Control-Allow-Origin"))

	// Metadata is public.
	for _, path := range []string{"/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server"} {
		require.Equal(t, http.StatusNoContent, asks(other, path, "GET").status, path)
		require.Equal(t, "*", h.sends(t, http.MethodGet, path, "", "Origin", other).header.Get("Access-Control-Allow-Origin"), path)
	}

	// A session does not come along, and writes with one are refused.
	b := ann.signedIn(t)
	for _, origin := range []string{listed, other} {
		a := b.visit(http.MethodPost, "/add", strings.NewReader("text=x"), "Origin", origin, "Sec-Fetch-Site", "cross-site")
		require.Equal(t, http.StatusForbidden, a.status, origin)
		require.Empty(t, a.header.Get("Access-Control-Allow-Credentials"), origin)
		require.Empty(t, b.get("/", "Origin", origin).header.Get("Access-Control-Allow-Credentials"), origin)
	}
}
