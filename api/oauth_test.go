package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The description of a client is fetched over TLS, from servers that tests start: their
// certificate is trusted in this process.
func TestMain(m *testing.M) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.StartTLS()
	folder, err := os.MkdirTemp("", "tickler-api-test")
	if err != nil {
		panic(err)
	}
	file := filepath.Join(folder, "roots.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		panic(err)
	}
	server.Close()
	_ = os.Setenv("SSL_CERT_FILE", file)
	slog.SetDefault(slog.New(slog.DiscardHandler)) // as serve does
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

const verifier = "a-verifier-of-at-least-forty-three-characters-1"

// program is a client that wants to be connected.
type program struct {
	*house
	id, redirect string
}

// registered is a client that registers with these redirect URIs, the first of which it
// uses.
func (h *house) registered(t testing.TB, name string, redirects ...string) program {
	t.Helper()
	a := h.send(t, "", http.MethodPost, "/oauth/register", fields{"client_name": name, "redirect_uris": redirects, "token_endpoint_auth_method": "none"})
	require.Equal(t, http.StatusCreated, a.status, a.text)
	return program{h, a.body(t)["client_id"].(string), redirects[0]}
}

// request is what the client asks; changes alternate names and values, "" takes away.
func (p program) request(changes ...string) string {
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {p.id}, "redirect_uri": {p.redirect}, "state": {"state of the client"}, "scope": {"tasks:read tasks:write"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "resource": {p.URL + "/mcp"},
	}
	for i := 0; i < len(changes); i += 2 {
		query.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			query.Del(changes[i])
		}
	}
	return "/oauth/authorize?" + query.Encode()
}

var sealIn = regexp.MustCompile(`name="seal" value="([^"]+)"`)

// agrees answers the question of a client, and returns what the client is told.
func (b *browser) agrees(answer, path string) url.Values {
	b.t.Helper()
	page := b.get(path)
	require.Equal(b.t, http.StatusOK, page.status, page.text)
	seal := sealIn.FindStringSubmatch(page.text)
	require.NotNil(b.t, seal, page.text)
	done := b.post(path, "answer", answer, "seal", seal[1])
	require.Equal(b.t, http.StatusSeeOther, done.status, done.text)
	u, err := url.Parse(done.header.Get("Location"))
	require.NoError(b.t, err)
	return u.Query()
}

// fetch exchanges something at the endpoint for tokens.
func (p program) fetch(t testing.TB, path string, fields ...string) answer {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] != "" {
			form.Add(fields[i], fields[i+1])
		}
	}
	response, err := http.PostForm(p.URL+path, form)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

// redeems exchanges a code; changes alternate names and values, "" takes away.
func (p program) redeems(t testing.TB, code string, changes ...string) answer {
	t.Helper()
	form := map[string]string{
		"grant_type": "authorization_code", "code": code, "client_id": p.id, "redirect_uri": p.redirect, "code_verifier": verifier,
	}
	for i := 0; i < len(changes); i += 2 {
		form[changes[i]] = changes[i+1]
	}
	var all []string
	for name, value := range form {
		all = append(all, name, value)
	}
	return p.fetch(t, "/oauth/token", all...)
}

func (p program) refreshes(t testing.TB, token string, more ...string) answer {
	t.Helper()
	return p.fetch(t, "/oauth/token", append([]string{"grant_type", "refresh_token", "refresh_token", token, "client_id", p.id}, more...)...)
}

// given are the tokens of an answer.
type given struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Scope   string `json:"scope"`
	Lasts   int    `json:"expires_in"`
}

func tokensIn(t testing.TB, a answer) given {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.text)
	var g given
	require.NoError(t, json.Unmarshal([]byte(a.text), &g))
	require.NotEmpty(t, g.Access)
	require.NotEmpty(t, g.Refresh)
	return g
}

// connects goes the whole way.
func (p program) connects(t testing.TB, who *resident, answer string, changes ...string) given {
	t.Helper()
	told := who.signedIn(t).agrees(answer, p.request(changes...))
	return tokensIn(t, p.redeems(t, told.Get("code")))
}

// stranger is a user who wants what is ann's. In a house as it runs they come through
// a client that they connected, otherwise with a token of their own.
func (h *house) stranger(t testing.TB) *resident {
	t.Helper()
	eve := h.resident(t, "eve")
	if h.asItRuns {
		eve.token = h.registered(t, "Eve's agent", "https://eve.example/back").connects(t, eve, "connect", "resource", h.URL).Access
	}
	return eve
}

func TestClientIsConnectedByPastingTheAddress(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")

	// From a 401 to where to ask.
	refused := h.rpc(t, "", "tools/list", nil)
	require.Equal(t, http.StatusUnauthorized, refused.status)
	challenge := refused.header.Get("WWW-Authenticate")
	require.Contains(t, challenge, `scope="tasks:read tasks:write"`)
	require.Contains(t, challenge, `resource_metadata="`+h.URL+`/.well-known/oauth-protected-resource/mcp"`)
	resource := h.send(t, "", http.MethodGet, "/.well-known/oauth-protected-resource/mcp", nil).body(t)
	require.Equal(t, h.URL+"/mcp", resource["resource"])
	require.Equal(t, []any{h.URL}, resource["authorization_servers"])
	server := h.send(t, "", http.MethodGet, "/.well-known/oauth-authorization-server", nil).body(t)
	require.Equal(t, h.URL, server["issuer"])
	require.Equal(t, []any{"S256"}, server["code_challenge_methods_supported"])
	require.Equal(t, []any{"none"}, server["token_endpoint_auth_methods_supported"])
	require.Equal(t, true, server["client_id_metadata_document_supported"])
	require.Equal(t, true, server["authorization_response_iss_parameter_supported"])
	require.Equal(t, []any{"tasks:read", "tasks:write"}, server["scopes_supported"])
	for name, path := range map[string]string{"authorization_endpoint": "/oauth/authorize", "token_endpoint": "/oauth/token", "registration_endpoint": "/oauth/register", "revocation_endpoint": "/oauth/revoke"} {
		require.Equal(t, h.URL+path, server[name])
	}

	// What was asked survives signing in.
	p := h.registered(t, "Claude", "https://claude.ai/api/mcp/auth_callback")
	b := h.browser(t)
	asked := p.request("state", strings.Repeat("long state ", 90))
	a := b.get(asked)
	require.Equal(t, "/sign-in", a.header.Get("Location"))
	in := b.post(h.signInLink(t, ann.user.UserID))
	require.Equal(t, asked, in.header.Get("Location"))

	page := b.get(asked)
	require.Equal(t, http.StatusOK, page.status, page.text)
	for _, told := range []string{"Connect <bdi>Claude</bdi>?", "nobody: it named itself", "claude.ai", "<bdi>ann</bdi>", "read and change your tasks"} {
		require.Contains(t, page.text, told)
	}
	require.Contains(t, page.header.Get("Content-Security-Policy"), "form-action 'self' https://claude.ai;")
	told := b.agrees("connect", asked)
	require.Equal(t, strings.Repeat("long state ", 90), told.Get("state"))
	require.Equal(t, h.URL, told.Get("iss"))

	g := tokensIn(t, p.redeems(t, told.Get("code")))
	require.Equal(t, "Bearer", g.Type)
	require.Equal(t, "tasks:read tasks:write", g.Scope)
	require.Equal(t, 3600, g.Lasts)
	claude := &resident{h, ann.user, g.Access}
	claude.call(t, "add_task", fields{"title": "Water the plants"})

	// It is an agent with a name.
	var who string
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT actor_kind || ' ' || actor || ' ' || client || ' ' || transport FROM journal WHERE object = 'task'`).Scan(&who))
	require.Equal(t, "agent Claude "+p.id+" mcp", who)
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT actor_kind || ' ' || action || ' ' || (after->>'name') FROM journal WHERE object = 'token' ORDER BY id DESC LIMIT 1`).Scan(&who))
	require.Equal(t, "agent created Claude", who)

	// Neither database nor log holds what was given.
	var stored string
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT string_agg(t::text, ' ') FROM (SELECT o::text FROM oauth_tokens o UNION ALL SELECT c::text FROM oauth_codes c UNION ALL SELECT t::text FROM tokens t UNION ALL SELECT j::text FROM journal j) t`).Scan(&stored))
	for _, secret := range []string{g.Access, g.Refresh, told.Get("code")} {
		require.NotContains(t, stored, secret)
		require.NotContains(t, h.log.String(), secret)
	}

	next := tokensIn(t, p.refreshes(t, g.Refresh))
	require.NotEqual(t, g.Access, next.Access)
	for _, token := range []string{g.Access, next.Access} { // calls under way are not cut off
		require.Equal(t, http.StatusOK, h.rpc(t, token, "tools/list", nil).status)
	}
	for _, token := range []string{g.Refresh, next.Refresh, told.Get("code")} {
		require.Equal(t, http.StatusUnauthorized, h.rpc(t, token, "tools/list", nil).status, "only an access token opens anything")
	}
}
