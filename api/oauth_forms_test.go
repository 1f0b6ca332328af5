package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/config"
)

// sends sends a request as it stands, without a browser or a library that would mend it.
func (h *house) sends(t testing.TB, method, path, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, h.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

const formType = "application/x-www-form-urlencoded"

// Libraries of OpenID Connect send much that means nothing here. OAuth 2.1, section 3.1.
func TestParametersThatMeanNothingHereAreIgnored(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.resident(t, "ann").signedIn(t)
	p := h.registered(t, "Web", "https://app.example/callback")
	for name, values := range map[string][]string{
		"max_age": {"0", "-1", "soon", strings.Repeat("9", 30)}, "ui_locales": {"de fr", "!!"}, "display": {"popup", "x"}, "nonce": {"x"}, "login_hint": {"ann@example.com", "x"},
		"id_token_hint": {"eyJ"}, "acr_values": {"x"}, "claims": {"{}", "{"}, "audience": {"https://other.example"}, "access_type": {"offline"}, "dpop_jkt": {"x"},
		"authorization_details": {"[]"}, "client_secret": {"x"}, "prompt": {"consent", "login", "select_account", "anything"}, "response_mode": {"query"}, "else": {"x"},
	} {
		for _, value := range values {
			path := p.request(name, value)
			require.NotEmpty(t, b.agrees("connect", path).Get("code"), "%s=%s", name, value)
		}
	}
}

// A client names itself once, in the form or in the header Authorization: RFC 6749,
// section 2.3.
func TestClientNamesItselfInFormOrHeader(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.resident(t, "ann").signedIn(t)
	p := h.registered(t, "Web", "https://app.example/callback")
	unknown := "client_" + strings.Repeat("A", 26)
	redeem := func(inForm, inHeader, secret string) answer {
		form := url.Values{
			"grant_type": {"authorization_code"}, "code": {b.agrees("connect", p.request()).Get("code")}, "redirect_uri": {p.redirect}, "code_verifier": {verifier},
		}
		if inForm != "" {
			form.Set("client_id", inForm)
		}
		headers := []string{"Content-Type", formType}
		if inHeader != "" {
			request := &http.Request{Header: http.Header{}}
			request.SetBasicAuth(url.QueryEscape(inHeader), secret)
			headers = append(headers, "Authorization", request.Header.Get("Authorization"))
		}
		return h.sends(t, http.MethodPost, "/oauth/token", form.Encode(), headers...)
	}
	for _, good := range []answer{redeem(p.id, "", ""), redeem("", p.id, ""), redeem(p.id, p.id, ""), redeem("", p.id, "a secret that nobody gave")} {
		tokensIn(t, good)
	}
	for what, refused := range map[string]answer{"another in the form": redeem(unknown, p.id, ""), "another in the header": redeem(p.id, unknown, "")} {
		require.Equal(t, http.StatusBadRequest, refused.status, what)
		require.Equal(t, "invalid_request", refused.body(t)["error"], what)
	}
	a := redeem("", unknown, "")
	require.Equal(t, http.StatusUnauthorized, a.status)
	require.Equal(t, "invalid_client", a.body(t)["error"])
	require.Contains(t, a.header.Get("WWW-Authenticate"), "Basic", "as it named itself")
	require.Empty(t, redeem(unknown, "", "").header.Get("WWW-Authenticate"), "browsers would ask for a password")
}

// Whatever refuses a client, before its request is read too, it reads why: RFC 6749,
// section 5.2.
func TestClientsReadEveryRefusalAsOneOfOAuth(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	large := "x=" + strings.Repeat("x", 20<<10)
	for _, path := range []string{"/oauth/token", "/oauth/revoke", "/oauth/register"} {
		for what, c := range map[string]struct {
			path, body string
			headers    []string
			status     int
		}{
			"in the address": {path + "?grant_type=refresh_token", "x=y", nil, http.StatusBadRequest},
			"compressed":     {path, "x=y", []string{"Content-Encoding", "gzip"}, http.StatusUnsupportedMediaType},
			"of a page":      {path, "x=y", []string{"Origin", "https://evil.example"}, http.StatusForbidden},
			"too large":      {path, large, nil, 0},
			"nothing":        {path, "", nil, http.StatusBadRequest},
			"broken":         {path, "%zz", nil, http.StatusBadRequest},
			"of another kind": {path, "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nrefresh_token\r\n--x--\r\n",
				[]string{"Content-Type", "multipart/form-data; boundary=x"}, http.StatusBadRequest},
		} {
			a := h.sends(t, http.MethodPost, c.path, c.body, append([]string{"Content-Type", formType}, c.headers...)...)
			if c.status != 0 {
				require.Equal(t, c.status, a.status, "%s %s: %s", what, path, a.text)
			}
			require.True(t, a.status >= 400 && a.status < 500, "%s %s: %d", what, path, a.status)
			require.NotEmpty(t, a.body(t)["error"], "%s %s: %s", what, path, a.text)
			require.NotEmpty(t, a.body(t)["error_description"], "%s %s: %s", what, path, a.text)
		}
	}
}

// A person types the address as they like, and not every client tidies it up: RFC 3986,
// section 6.2.
func TestResourceIsTheSameHoweverItIsSpelt(t *testing.T) {
	t.Parallel()
	h := build(t, func(c *config.Guard) { c.PublicURL = "https://Tickler.example.com" })
	b := h.resident(t, "ann").signedIn(t)
	p := h.registered(t, "Web", "https://app.example/callback")
	public := []string{"Host", "tickler.example.com"}
	b.client.Jar = nil
	public = append(public, "Cookie", "__Host-tickler-session="+h.sessionAt(t, b, public...))
	for resource, ours := range map[string]bool{
		"https://tickler.example.com/mcp": true, "https://tickler.example.com/mcp/": true, "HTTPS://TICKLER.example.com/mcp": true, "https://tickler.example.com:443/mcp": true,
		"https://tickler.example.com": true, "https://tickler.example.com/": true, "https://tickler.example.com:443": true, "https://tickler.example.com/v1": true,
		"https://tickler.example.com:80/mcp": false, "http://tickler.example.com/mcp": false, "https://tickler.example.com/MCP": false, "https://tickler.example.com//mcp": false,
		"https://tickler.example.com/mcp#": false, "https://tickler.example.com/mcp?": false, "https://tickler.example.com/mcp/x": false, "https://x@tickler.example.com/mcp": false,
		"https://tickler.example.com.evil.example/mcp": false, "https://tickler.example.com:4433/mcp": false, "tickler.example.com/mcp": false, "//tickler.example.com/mcp": false,
		"https://tickler.example.com/%6dcp": false,
	} {
		page := b.get(p.request("resource", resource), public...)
		require.Equal(t, ours, strings.Contains(page.text, `name="seal"`), "%s: %d", resource, page.status)
	}
}

// sessionAt signs the first resident in under another name of the server, and returns
// the secret of the session.
func (h *house) sessionAt(t testing.TB, b *browser, headers ...string) string {
	t.Helper()
	var userID int64
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT min(id) FROM users`).Scan(&userID))
	a := b.visit(http.MethodPost, h.signInLink(t, userID), nil, append(headers, "Origin", "https://tickler.example.com")...)
	require.Equal(t, http.StatusSeeOther, a.status, a.text)
	_, secret, _ := strings.Cut(strings.Split(a.header.Get("Set-Cookie"), ";")[0], "=")
	return secret
}

// People copy the address with a slash at its end, and some clients add one.
func TestAddressWithASlashAtItsEndIsTheSame(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	ping := func(token string) answer {
		return h.sends(t, http.MethodPost, "/mcp/", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "Content-Type", "application/json", "Authorization", "Bearer "+token)
	}
	refused := ping("")
	require.Equal(t, http.StatusUnauthorized, refused.status)
	where := h.URL + "/.well-known/oauth-protected-resource/mcp/"
	require.Contains(t, refused.header.Get("WWW-Authenticate"), `resource_metadata="`+where+`"`)
	metadata := h.send(t, "", http.MethodGet, strings.TrimPrefix(where, h.URL), nil).body(t)
	require.Equal(t, h.URL+"/mcp/", metadata["resource"], "the one for which it was asked: RFC 9728, section 3.3")
	p := h.registered(t, "Web", "https://app.example/callback")
	g := p.connects(t, ann, "connect", "resource", h.URL+"/mcp/")
	require.Equal(t, http.StatusOK, ping(g.Access).status)
	require.Equal(t, http.StatusOK, h.rpc(t, g.Access, "tools/list", nil).status)
	require.Equal(t, http.StatusUnauthorized, h.send(t, g.Access, http.MethodGet, "/v1/tasks", nil).status)
	require.Contains(t, h.sends(t, http.MethodPost, "/", "{}", "Content-Type", "application/json").text, "MCP is at /mcp", "who pastes less is told")
}
