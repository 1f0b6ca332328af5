package main

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/config"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// A client may know the server as 127.0.0.1, while its person is signed in at
// localhost: browsers keep the cookies of the two apart.
func TestWhoIsSignedInAtLocalhostConnectsAClientOfTheNumber(t *testing.T) {
	t.Parallel()
	h := &house{owner: pgtest.Open(t)}
	h.serve(t, repository.RoleAPI, func(g *config.Guard) { g.PublicURL = "http://" + h.Listener.Addr().String() })
	ann := h.resident(t, "ann")
	b := h.browser(t)
	number := b.root
	b.atLocalhost()
	require.NotEqual(t, number, b.root)
	require.Equal(t, http.StatusSeeOther, b.post(h.signInLink(t, ann.user.UserID)).status)

	p := h.registered(t, "Editor", "http://127.0.0.1:7000/callback")
	asked := p.request("state", "x")
	name := b.root
	b.root = number
	sent := b.get(asked)
	require.Equal(t, http.StatusSeeOther, sent.status, sent.text)
	require.Equal(t, name+asked, sent.header.Get("Location"))
	b.root = name
	told := b.agrees("connect", asked)
	require.Equal(t, number, told.Get("iss"), "the issuer that the client found")
	given := tokensIn(t, p.redeems(t, told.Get("code"), "resource", number+"/mcp"))
	(&resident{h, ann.user, given.Access}).call(t, "add_task", fields{"title": "Water the plants"})

	// Whoever asks at localhost is answered there.
	told = b.agrees("connect", p.request("resource", name+"/mcp"))
	require.Equal(t, name, told.Get("iss"))

	// Pages are sent on too, and nothing leads anywhere but to this port.
	b.root = number
	for _, path := range []string{"/", "/settings?x=1", "//evil.example/settings"} {
		a := b.get(path)
		if a.status == http.StatusNotFound {
			continue
		}
		require.Equal(t, name+path, a.header.Get("Location"))
	}
	for _, host := range []string{"127.0.0.2:" + h.port(t), "127.0.0.1", "127.0.0.1:1", "127.0.0.1:" + h.port(t) + "@evil.example"} {
		require.NotContains(t, b.get("/", "Host", host).header.Get("Location"), "//", host)
	}
	b.root = name
	for _, resource := range []string{"http://127.0.0.1:1/mcp", "https://127.0.0.1:" + h.port(t) + "/mcp", "http://127.0.0.2:" + h.port(t) + "/mcp"} {
		require.NotContains(t, b.get(p.request("resource", resource)).text, `name="seal"`, resource)
	}
}

func (h *house) port(t testing.TB) string {
	t.Helper()
	u, err := url.Parse(h.URL)
	require.NoError(t, err)
	return u.Port()
}
