package main

import (
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"tickler/internal/access"
	"tickler/internal/config"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// provider is a real issuer with two people, and clients for servers at some
// addresses.
type provider struct{ *httptest.Server }

func newProvider(t *testing.T) *provider {
	t.Helper()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // where the provider logs
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	handler = exampleop.SetupServer(server.URL+"/", storage.NewStorage(storage.NewUserStore(server.URL)), nil, false)
	return &provider{server}
}

func (p *provider) name() string { return p.URL + "/" }

// signsIn goes the way to the provider as a browser does, signs a user in there, and
// returns where the provider sends the browser then.
func (p *provider) signsIn(t *testing.T, address, user string) *url.URL {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	var back *url.URL
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.Path, "/sign-in/back") {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	get, err := client.Get(address)
	require.NoError(t, err)
	text, err := io.ReadAll(get.Body)
	require.NoError(t, err)
	require.NoError(t, get.Body.Close())
	require.Equal(t, http.StatusOK, get.StatusCode, string(text))
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(string(text))
	require.NotNil(t, id, string(text))
	post, err := client.PostForm(p.URL+"/login/username", url.Values{"id": {html.UnescapeString(id[1])}, "username": {user}, "password": {"verysecure"}})
	require.NoError(t, err)
	require.NoError(t, post.Body.Close())
	require.NotNil(t, back, post.Status)
	return back
}

// trusting starts a house in which people sign in with some providers.
func trusting(t *testing.T, secret string, providers ...*provider) *house {
	t.Helper()
	// The redirect has the address of the house, which is known once it serves. Its
	// port is not compared for a native client on loopback.
	id := "tickler-" + strings.ReplaceAll(t.Name(), "/", "-")
	client := storage.NativeClient(id, "http://localhost/sign-in/back", "http://127.0.0.1/sign-in/back")
	storage.RegisterClients(client)
	return (&house{owner: pgtest.Open(t)}).serve(t, repository.RoleAPI, func(c *config.Guard) {
		for _, p := range providers {
			c.Issuers = append(c.Issuers, p.name())
			c.SignInClients = append(c.SignInClients, access.Client{Issuer: p.name(), ID: id, Secret: secret})
		}
	})
}

// goes opens the page, chooses a provider, and returns the address there.
func (b *browser) goes(path string) string {
	b.t.Helper()
	require.Equal(b.t, http.StatusSeeOther, b.get("/tasks").status)
	require.Contains(b.t, b.get("/sign-in").text, `href="`+path+`"`)
	a := b.get(path)
	require.Equal(b.t, http.StatusFound, a.status, a.text)
	return a.header.Get("Location")
}

// These tests register clients in a table of the provider's process, so they do not
// run side by side.
func TestTrustedIssuerSignsIn(t *testing.T) {
	p := newProvider(t)
	h := trusting(t, "", p)
	b := h.browser(t)
	address := b.goes("/sign-in/with/0")
	query, err := url.Parse(address)
	require.NoError(t, err)
	asked := query.Query()
	require.Equal(t, "S256", asked.Get("code_challenge_method"))
	require.Equal(t, "code", asked.Get("response_type"))
	require.Equal(t, "openid", asked.Get("scope"))
	require.Equal(t, b.root+"/sign-in/back", asked.Get("redirect_uri"))
	for _, secret := range []string{"state", "nonce", "code_challenge"} {
		require.GreaterOrEqual(t, len(asked.Get(secret)), 26, secret)
	}
	back := p.signsIn(t, address, "test-user2")
	a := b.get(back.RequestURI(), "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusSeeOther, a.status, a.text)
	require.Equal(t, "/tasks", a.header.Get("Location"))
	page := b.get("/settings")
	require.Contains(t, page.text, "<bdi>id2</bdi>")
	var issuer, subject, method string
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT issuer, subject, method FROM users JOIN web_sessions ON user_id = users.id`).Scan(&issuer, &subject, &method))
	require.Equal(t, []string{p.name(), "id2", p.name()}, []string{issuer, subject, method})

	again := h.browser(t)
	again.get(p.signsIn(t, again.goes("/sign-in/with/0"), "test-user2").RequestURI())
	var users int
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM users`).Scan(&users))
	require.Equal(t, 1, users, "the same person")
	require.NotContains(t, h.log.String(), back.Query().Get("code"))
}

// Each changes one thing of an answer that would sign in.
func TestAnswerOfAnIssuerThatIsNotRightSignsNobodyIn(t *testing.T) {
	p, other := newProvider(t), newProvider(t)
	h := trusting(t, "", p, other)
	for name, attempt := range map[string]func(b *browser) answer{
		"twice": func(b *browser) answer {
			back := p.signsIn(t, b.goes("/sign-in/with/0"), "test-user2").RequestURI()
			require.Equal(t, http.StatusSeeOther, b.get(back).status)
			require.Equal(t, http.StatusSeeOther, b.post("/sign-out").status)
			return b.get(back)
		},
		"in another browser": func(b *browser) answer {
			back := p.signsIn(t, h.browser(t).goes("/sign-in/with/0"), "test-user2").RequestURI()
			b.goes("/sign-in/with/0")
			return b.get(back)
		},
		"in a browser that asked for nothing": func(b *browser) answer {
			return b.get(p.signsIn(t, h.browser(t).goes("/sign-in/with/0"), "test-user2").RequestURI())
		},
		"with another state": func(b *browser) answer {
			back := p.signsIn(t, b.goes("/sign-in/with/0"), "test-user2")
			query := back.Query()
			query.Set("state", query.Get("state")+"x")
			return b.get(back.Path + "?" + query.Encode())
		},
		"without a state": func(b *browser) answer {
			back := p.signsIn(t, b.goes("/sign-in/with/0"), "test-user2")
			query := back.Query()
			query.Del("state")
			return b.get(back.Path + "?" + query.Encode())
		},
		"with a code of somebody else's": func(b *browser) answer {
			stolen := p.signsIn(t, h.browser(t).goes("/sign-in/with/0"), "test-user2").Query().Get("code")
			back := p.signsIn(t, b.goes("/sign-in/with/0"), "test-user2")
			query := back.Query()
			query.Set("code", stolen) // whose verifier this browser does not have
			return b.get(back.Path + "?" + query.Encode())
		},
		"with a code that is none": func(b *browser) answer {
			back := p.signsIn(t, b.goes("/sign-in/with/0"), "test-user2")
			query := back.Query()
			query.Set("code", "x")
			return b.get(back.Path + "?" + query.Encode())
		},
		"without a code": func(b *browser) answer {
			back := p.signsIn(t, b.goes("/sign-in/with/0"), "test-user2")
			return b.get(back.Path + "?state=" + back.Query().Get("state"))
		},
		"in another issuer's name": func(b *browser) answer {
			back := p.signsIn(t, b.goes("/sign-in/with/0"), "test-user2")
			query := back.Query()
			query.Set("iss", other.name())
			return b.get(back.Path + "?" + query.Encode())
		},
		"of another issuer": func(b *browser) answer {
			elsewhere := other.signsIn(t, h.browser(t).goes("/sign-in/with/1"), "test-user2")
			back := p.signsIn(t, b.goes("/sign-in/with/0"), "test-user2")
			query := elsewhere.Query()
			query.Set("state", back.Query().Get("state"))
			return b.get(back.Path + "?" + query.Encode())
		},
		"that says no": func(b *browser) answer {
			u, err := url.Parse(b.goes("/sign-in/with/0"))
			require.NoError(t, err)
			return b.get("/sign-in/back?error=access_denied%22%3E%3Cscript%3E&state=" + u.Query().Get("state"))
		},
		"too late": func(b *browser) answer {
			back := p.signsIn(t, b.goes("/sign-in/with/0"), "test-user2").RequestURI()
			_, err := h.owner.Exec(t.Context(), `UPDATE sign_in_steps SET expires_at = now()`)
			require.NoError(t, err)
			return b.get(back)
		},
	} {
		b := h.browser(t)
		a := attempt(b)
		require.Equal(t, http.StatusBadRequest, a.status, "%s: %s", name, a.text)
		require.Contains(t, a.text, "Sign in with", "%s: the ways to sign in are shown again", name)
		require.NotContains(t, a.text, "<script>", name)
		require.Equal(t, http.StatusSeeOther, b.get("/").status, name)
	}
	require.Equal(t, http.StatusNotFound, h.browser(t).get("/sign-in/with/2").status)
	require.Equal(t, http.StatusNotFound, h.browser(t).get("/sign-in/with/-1").status)
	require.NotContains(t, h.log.String(), `"ERROR"`)
}

func TestIssuerThatIsAwayIsSaidToBe(t *testing.T) {
	p := newProvider(t)
	h := trusting(t, "", p)
	p.Close()
	a := h.browser(t).get("/sign-in/with/0")
	require.Equal(t, http.StatusServiceUnavailable, a.status, a.text)
	require.Contains(t, a.text, "does not answer")
}
