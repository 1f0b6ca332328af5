package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the clients send that most people have, as their documentation and issues show
// it. Descriptions at claude.ai, chatgpt.com and vscode.dev cannot be fetched in a test,
// so each is served here under the same path with the same content.
func TestClientsThatPeopleHaveAreConnected(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		document  string   // its path, for one that describes itself
		redirects []string // those that it names
		uses      string   // the one that it uses
		changes   []string // of the request
		token     []string // of the exchange
		shown     string   // what the person reads of where it leads
	}{
		"claude.ai by registration": {
			redirects: []string{"https://claude.ai/api/mcp/auth_callback"}, uses: "https://claude.ai/api/mcp/auth_callback",
			changes: []string{"scope", "tasks:read tasks:write offline_access"}, token: []string{"resource", "/mcp"}, shown: "claude.ai",
		},
		"claude.ai by its description": {
			document: "/oauth/claude-ai-client-metadata", redirects: []string{"https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"},
			uses: "https://claude.com/api/mcp/auth_callback", token: []string{"resource", "/mcp"}, shown: "claude.com",
		},
		"ChatGPT": {
			document: "/oauth/AbC123/client.json", redirects: []string{"https://chatgpt.com/connector/oauth/AbC123"}, uses: "https://chatgpt.com/connector/oauth/AbC123",
			changes: []string{"state", "oauth_s_" + strings.Repeat("0123456789abcdef", 20)}, token: []string{"resource", "/mcp"}, shown: "chatgpt.com",
		},
		"VS Code in the browser": {
			document: "/oauth/client-metadata.json", redirects: []string{"http://127.0.0.1/", "http://127.0.0.1:33418/", "http://localhost/", "http://localhost:33418/", "https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect"},
			uses: "https://vscode.dev/redirect", changes: []string{"state", "vscode://vscode.github-authentication/did-authenticate?nonce=1&windowId=2"}, shown: "vscode.dev",
		},
		"VS Code on the desk": {
			document: "/oauth/client-metadata.json", redirects: []string{"http://127.0.0.1/", "http://127.0.0.1:33418/", "https://vscode.dev/redirect"},
			uses: "http://127.0.0.1:52817/", shown: "a program on your computer (127.0.0.1:52817)",
		},
		"Cursor": {
			redirects: []string{"http://localhost:8787/callback", "cursor://anysphere.cursor-mcp/oauth/callback"}, uses: "http://localhost:8787/callback", shown: "a program on your computer (localhost:8787)",
		},
		"Cursor as an app": {
			redirects: []string{"cursor://anysphere.cursor-mcp/oauth/callback"}, uses: "cursor://anysphere.cursor-mcp/oauth/callback", changes: []string{"scope", ""}, shown: "an app on this device (cursor:)",
		},
		"Claude Code": {
			document: "/oauth/claude-code-client-metadata", redirects: []string{"http://localhost/callback", "http://127.0.0.1/callback"}, uses: "http://localhost:54545/callback",
			token: []string{"resource", "/mcp"}, shown: "a program on your computer (localhost:54545)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, nil)
			ann := h.resident(t, "ann")
			p := program{house: h, redirect: c.uses}
			if c.document == "" {
				p.id = h.registered(t, name, c.redirects...).id
			} else {
				var root string
				root = strings.TrimSuffix(documentAt(t, func(w http.ResponseWriter, r *http.Request) {
					require.Equal(t, c.document, r.URL.Path)
					w.Header().Set("Content-Type", "application/json; charset=utf-8")
					_, _ = fmt.Fprintf(w, `{"client_id":%q,"client_name":%q,"redirect_uris":["%s"],"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","application_type":"native","logo_uri":"https://%s/logo.png"}`,
						root+c.document, name, strings.Join(c.redirects, `","`), r.Host)
				}), "/client.json")
				p.id = root + c.document
			}
			b := ann.signedIn(t)
			page := b.get(p.request(c.changes...))
			require.Equal(t, http.StatusOK, page.status, page.text)
			require.Contains(t, page.text, c.shown)
			told := b.agrees("connect", p.request(c.changes...))
			for i := 0; i < len(c.changes); i += 2 {
				if c.changes[i] == "state" {
					require.Equal(t, c.changes[i+1], told.Get("state"))
				}
			}
			var more []string
			for i := 0; i < len(c.token); i += 2 {
				more = append(more, c.token[i], h.URL+c.token[i+1])
			}
			g := tokensIn(t, p.redeems(t, told.Get("code"), more...))
			require.Equal(t, http.StatusOK, h.rpc(t, g.Access, "tools/list", nil).status)
			next := tokensIn(t, p.refreshes(t, g.Refresh, more...))
			require.Equal(t, http.StatusOK, h.rpc(t, next.Access, "tools/list", nil).status)
		})
	}
}

// The person sees who is connected and where attempts stopped, and ends a connection.
func TestPersonSeesConnectionsAndWhereAttemptsStopped(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, eve := h.resident(t, "ann"), h.resident(t, "eve")
	b := ann.signedIn(t)
	p := h.registered(t, "Claude", "https://claude.ai/api/mcp/auth_callback")

	asked := func(state string) string { return p.request("state", state) }
	last := func() string {
		_, text, found := strings.Cut(b.get("/connections").text, "Last attempts to connect")
		require.True(t, found)
		text, _, _ = strings.Cut(text, "</li>")
		return text
	}
	b.get(asked("one"))
	require.Contains(t, last(), "did not answer")
	b.agrees("cancel", asked("two"))
	require.Contains(t, last(), "you declined")
	b.get(p.request("code_challenge", ""))
	require.Contains(t, last(), "PKCE is required")
	b.get(p.request("redirect_uri", "https://evil.example/"))
	require.Contains(t, last(), "an address that it has not named before")
	code := b.agrees("connect", asked("three")).Get("code")
	require.Contains(t, last(), "has not fetched its token")
	require.Equal(t, http.StatusBadRequest, p.redeems(t, code, "code_verifier", strings.Repeat("x", 43)).status)
	require.Contains(t, last(), "code_verifier does not belong to the code_challenge")
	tokensIn(t, p.redeems(t, code))
	require.Contains(t, last(), "connected")

	page := b.get("/connections").text
	for _, part := range []string{"a program that nobody vouches for, led back to claude.ai", "reads and changes tasks", "/activity?by=Claude"} {
		require.Contains(t, page, part)
	}
	theirs := eve.signedIn(t).get("/connections").text
	require.NotContains(t, theirs, "Claude<")
	require.NotContains(t, theirs, "Last attempts")
	for i := range 30 {
		b.get(p.request("state", url.QueryEscape(fmt.Sprint("many ", i))))
	}
	var kept int
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM oauth_attempts`).Scan(&kept))
	require.Equal(t, 20, kept)
}
