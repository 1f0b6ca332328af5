package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/config"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// A request whose client or redirect URI does not fit is shown to its person, and
// nobody is led anywhere. RFC 9700, section 4.1; OAuth 2.1, section 4.1.2.1.
func TestRequestThatCouldLeadElsewhereLeadsNowhere(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.resident(t, "ann").signedIn(t)
	web := h.registered(t, "Web", "https://app.example/callback")
	local := h.registered(t, "Local", "http://127.0.0.1:7000/callback", "http://localhost/other?x=1", "com.example.app:/oauth")
	for what, path := range map[string]string{
		"a slash more":              web.request("redirect_uri", "https://app.example/callback/"),
		"another case":              web.request("redirect_uri", "https://app.example/Callback"),
		"the host in another case":  web.request("redirect_uri", "https://APP.example/callback"),
		"a port":                    web.request("redirect_uri", "https://app.example:443/callback"),
		"a query more":              web.request("redirect_uri", "https://app.example/callback?x=1"),
		"a fragment":                web.request("redirect_uri", "https://app.example/callback#x"),
		"a subdomain":               web.request("redirect_uri", "https://evil.app.example/callback"),
		"http":                      web.request("redirect_uri", "http://app.example/callback"),
		"a user":                    web.request("redirect_uri", "https://app.example@evil.example/callback"),
		"javascript":                web.request("redirect_uri", "javascript:alert(1)"),
		"none":                      web.request("redirect_uri", ""),
		"one of another client":     web.request("redirect_uri", "http://127.0.0.1:7000/callback"),
		"another path on loopback":  local.request("redirect_uri", "http://127.0.0.1:7000/callback/"),
		"another loopback":          local.request("redirect_uri", "http://localhost:7000/callback"),
		"https on loopback":         local.request("redirect_uri", "https://127.0.0.1:7000/callback"),
		"a fragment on loopback":    local.request("redirect_uri", "http://127.0.0.1:1/callback#x"),
		"a user on loopback":        local.request("redirect_uri", "http://x@127.0.0.1:1/callback"),
		"another query on loopback": local.request("redirect_uri", "http://localhost:1/other?x=2"),
		"another private scheme":    local.request("redirect_uri", "com.example.other:/oauth"),
		"an unknown client":         web.request("client_id", "client_"+strings.Repeat("A", 26)),
		"a client that is none":     web.request("client_id", "x\x00y"),
		"no client":                 web.request("client_id", ""),
		"everything twice":          web.request() + "&" + strings.TrimPrefix(web.request(), "/oauth/authorize?"),
		"redirect twice":            web.request() + "&redirect_uri=https://evil.example",
		"too much":                  web.request("state", strings.Repeat("x", 9000)),
		"a broken address":          web.request() + "&state=%zz",
		"NUL in a name":             web.request() + "&a%00=1",
		"NUL in a name twice":       web.request() + "&a%00=1&a%00=2",
		"bytes that are no text":    web.request() + "&%ff%fe=1&%ff%fe=2",
		"bytes in a value":          web.request("prompt", "\xff"),
		"NUL in a value":            web.request("response_type", "code\x00"),
		"NUL in the state":          web.request("state", "\x00"),
		"a line in the state":       web.request("state", "x\r\nSet-Cookie: y"),
	} {
		for _, a := range []answer{b.get(path), b.post(path, "answer", "connect")} {
			require.GreaterOrEqual(t, a.status, 400, what)
			require.Less(t, a.status, 500, what)
			require.Empty(t, a.header.Get("Location"), what)
			require.Contains(t, a.text, "Not connected", what)
		}
	}
	var codes, attempts int
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM oauth_codes), (SELECT count(*) FROM oauth_attempts)`).Scan(&codes, &attempts))
	require.Zero(t, codes)
	require.Equal(t, access.AttemptsPerUser, attempts)

	// These fit, whatever the port.
	for _, redirect := range []string{"http://127.0.0.1:7000/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1/callback", "http://localhost:61234/other?x=1", "com.example.app:/oauth"} {
		a := b.get(local.request("redirect_uri", redirect))
		require.Equal(t, http.StatusOK, a.status, redirect)
		require.Contains(t, a.text, `role="alert"`, "a warning: %s", redirect)
	}
}

// Anybody can register a client, so a link to this server could lead a person anywhere,
// and open any app. RFC 9700, section 4.11.2.
func TestWrongRequestOfAProgramThatIsNotConnectedLeadsNowhere(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, eve := h.resident(t, "ann"), h.resident(t, "eve")
	b := ann.signedIn(t)
	p := h.registered(t, "Web", "https://app.example/callback", "https://other.example/callback")
	local := h.registered(t, "Local", "http://127.0.0.1:7000/callback")
	app := h.registered(t, "App", "com.example.app:/oauth")
	wrong := func(p program, changes ...string) string {
		return p.request(append([]string{"prompt", "none"}, changes...)...)
	}
	stays := func(a answer, to string) {
		t.Helper()
		require.Equal(t, http.StatusBadRequest, a.status, a.text)
		require.Empty(t, a.header.Get("Location"))
		require.Empty(t, a.header.Get("Refresh"))
		require.Contains(t, a.text, "a person must agree; ask without prompt=none")
		require.Contains(t, a.text, "Back to "+to)
	}
	p.connects(t, eve, "connect") // says nothing of ann
	stays(b.get(wrong(p)), "app.example")
	stays(b.post(wrong(p), "answer", "connect"), "app.example")
	stays(b.get(wrong(local)), "127.0.0.1:7000")
	page := b.get(wrong(app))
	stays(page, "com.example.app:")
	require.Contains(t, page.text, `href="com.example.app:/oauth?error=interaction_required&amp;`, "they can go back")

	// Signing in leads to the same page.
	late := h.browser(t)
	require.Equal(t, "/sign-in", late.get(wrong(p)).header.Get("Location"))
	require.Equal(t, wrong(p), late.post(h.signInLink(t, ann.user.UserID)).header.Get("Location"))
	stays(late.get(wrong(p)), "app.example")

	// A program that they connected is told at once, where it led them before.
	g := p.connects(t, ann, "connect")
	require.Equal(t, http.StatusSeeOther, b.get(wrong(p)).status)
	stays(b.get(wrong(p, "redirect_uri", "https://other.example/callback")), "other.example")
	p.fetch(t, "/oauth/revoke", "token", g.Refresh, "client_id", p.id)
	stays(b.get(wrong(p)), "app.example")

	// Schemes by which systems open programs of their own lead nowhere, also where they
	// were registered before they were refused.
	for _, redirect := range []string{"ms-word:ofe|u|https://evil.example/x.docx", "ms-word:ofe", "search:query", "steam://run/1", "facetime:x", "javascript:alert(1)", "mailto:x@evil.example"} {
		_, err := h.owner.Exec(t.Context(), `UPDATE oauth_clients SET redirects = ARRAY[$2] WHERE id = $1`, app.id, redirect)
		require.NoError(t, err)
		for _, path := range []string{app.request("redirect_uri", redirect), wrong(app, "redirect_uri", redirect)} {
			a := b.get(path)
			require.Equal(t, http.StatusBadRequest, a.status, redirect)
			require.NotContains(t, a.text, "Back to", redirect)
			require.NotContains(t, a.text, "seal", redirect)
		}
	}
}

// Everything else that is wrong with a request goes back to its client, which can mend
// it, if the person has connected it.
func TestRequestThatIsNotAsItShouldBeIsRefusedToItsClient(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	p := h.registered(t, "Web", "https://app.example/callback?keep=this")
	p.connects(t, ann, "connect")
	for what, c := range map[string]struct {
		path, wanted string
	}{
		"no PKCE":                {p.request("code_challenge", "", "code_challenge_method", ""), "invalid_request"},
		"no challenge":           {p.request("code_challenge", ""), "invalid_request"},
		"plain":                  {p.request("code_challenge_method", "plain"), "invalid_request"},
		"no method, so plain":    {p.request("code_challenge_method", ""), "invalid_request"},
		"another method":         {p.request("code_challenge_method", "S512"), "invalid_request"},
		"a challenge in hex":     {p.request("code_challenge", strings.Repeat("ab", 32)), "invalid_request"},
		"no resource":            {p.request("resource", ""), "invalid_target"},
		"a foreign resource":     {p.request("resource", "https://other.example/mcp"), "invalid_target"},
		"a resource of nothing":  {p.request("resource", h.URL+"/else"), "invalid_target"},
		"a resource alike":       {p.request("resource", h.URL+".evil.example/mcp"), "invalid_target"},
		"no response type":       {p.request("response_type", ""), "invalid_request"},
		"a token at once":        {p.request("response_type", "token"), "unsupported_response_type"},
		"a code and a token":     {p.request("response_type", "code token"), "unsupported_response_type"},
		"a fragment wanted":      {p.request("response_mode", "fragment"), "invalid_request"},
		"a form wanted":          {p.request("response_mode", "form_post"), "invalid_request"},
		"scopes of others":       {p.request("scope", "admin openid email"), "invalid_scope"},
		"silence":                {p.request("prompt", "none"), "interaction_required"},
		"a request object":       {p.request("request", "eyJ"), "request_not_supported"},
		"a request from outside": {p.request("request_uri", "https://169.254.169.254/"), "request_not_supported"},
		"a long state":           {p.request("state", strings.Repeat("x", 2001)), "invalid_request"},
	} {
		a := b.get(c.path)
		require.Equal(t, http.StatusSeeOther, a.status, "%s: %s", what, a.text)
		u, err := url.Parse(a.header.Get("Location"))
		require.NoError(t, err)
		require.Equal(t, "https://app.example/callback", u.Scheme+"://"+u.Host+u.Path)
		told := u.Query()
		require.Equal(t, c.wanted, told.Get("error"), "%s: %s", what, u)
		require.NotEmpty(t, told.Get("error_description"), what)
		require.Equal(t, h.URL, told.Get("iss"), what)
		require.Equal(t, "this", told.Get("keep"), what)
		require.Empty(t, told.Get("code"), what)
		if what != "a long state" {
			require.Equal(t, "state of the client", told.Get("state"), what)
		}
	}
	// Scopes that are not known here are left out, and admin is none that a client can have.
	told := b.agrees("connect", p.request("scope", "openid tasks:read admin offline_access"))
	require.Equal(t, "tasks:read", tokensIn(t, p.redeems(t, told.Get("code"))).Scope)
	// A client that names none is asked for both.
	told = b.agrees("connect", p.request("scope", ""))
	require.Equal(t, "tasks:read tasks:write", tokensIn(t, p.redeems(t, told.Get("code"))).Scope)
}

func TestCodeIsExchangedByItsClientOnceAndInTime(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.resident(t, "ann").signedIn(t)
	p, other := h.registered(t, "Web", "https://app.example/callback"), h.registered(t, "Other", "https://app.example/callback")
	code := func() string { return b.agrees("connect", p.request()).Get("code") }
	for what, c := range map[string]struct {
		changes []string
		status  int
		wanted  string
	}{
		"another client":       {[]string{"client_id", other.id}, 400, "invalid_grant"},
		"an unknown client":    {[]string{"client_id", "client_" + strings.Repeat("A", 26)}, 401, "invalid_client"},
		"a client of no shape": {[]string{"client_id", "x\x00"}, 401, "invalid_client"},
		"a document's client":  {[]string{"client_id", "https://app.example/client.json"}, 400, "invalid_grant"},
		"no client":            {[]string{"client_id", ""}, 400, "invalid_request"},
		"no verifier":          {[]string{"code_verifier", ""}, 400, "invalid_grant"},
		"a wrong verifier":     {[]string{"code_verifier", strings.Repeat("x", 43)}, 400, "invalid_grant"},
		"a short verifier":     {[]string{"code_verifier", verifier[:42]}, 400, "invalid_grant"},
		"the challenge itself": {[]string{"code_verifier", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}, 400, "invalid_grant"},
		"another redirect":     {[]string{"redirect_uri", "https://app.example/callback/"}, 400, "invalid_grant"},
		"no redirect":          {[]string{"redirect_uri", ""}, 400, "invalid_request"},
		"a foreign resource":   {[]string{"resource", "https://other.example/mcp"}, 400, "invalid_target"},
		"another resource":     {[]string{"resource", h.URL + "/v1"}, 400, "invalid_target"},
		"no code":              {[]string{"code", ""}, 400, "invalid_request"},
		"a code of no shape":   {[]string{"code", "x\x00"}, 400, "invalid_grant"},
		"an unknown code":      {[]string{"code", "tklc_" + strings.Repeat("A", 52)}, 400, "invalid_grant"},
		"no grant":             {[]string{"grant_type", ""}, 400, "invalid_request"},
		"a password":           {[]string{"grant_type", "password"}, 400, "unsupported_grant_type"},
		"a client's own":       {[]string{"grant_type", "client_credentials"}, 400, "unauthorized_client"},
		"a signed assertion":   {[]string{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, 400, ""},
		"another's token":      {[]string{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"}, 400, "unauthorized_client"},
		"a device":             {[]string{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"}, 400, "unauthorized_client"},
	} {
		a := p.redeems(t, code(), c.changes...)
		require.Equal(t, c.status, a.status, "%s: %s", what, a.text)
		require.NotContains(t, a.text, "access_token", what)
		require.NotContains(t, a.text, "ann", what)
		require.Equal(t, "no-store", a.header.Get("Cache-Control"), what)
		if c.wanted != "" {
			require.Equal(t, c.wanted, a.body(t)["error"], what)
		}
	}
	late := code()
	_, err := h.owner.Exec(t.Context(), `UPDATE oauth_codes SET expires_at = expires_at - interval '59 seconds'`)
	require.NoError(t, err)
	tokensIn(t, p.redeems(t, late))
	late = code()
	_, err = h.owner.Exec(t.Context(), `UPDATE oauth_codes SET expires_at = expires_at - interval '60 seconds'`)
	require.NoError(t, err)
	require.Contains(t, p.redeems(t, late).text, "older than 60 seconds")

	// A code in the address would stand in logs.
	require.Equal(t, http.StatusBadRequest, p.fetch(t, "/oauth/token?grant_type=authorization_code&code="+code()).status)
	require.Equal(t, http.StatusBadRequest, p.send(t, "", http.MethodPost, "/oauth/token", fields{"grant_type": "authorization_code"}).status)
	twice := p.redeems(t, code(), "code_verifier", verifier)
	require.Equal(t, http.StatusOK, twice.status)

	// Used twice, it ends what came of it, at both ends.
	used := code()
	g := tokensIn(t, p.redeems(t, used))
	require.Equal(t, http.StatusOK, h.rpc(t, g.Access, "tools/list", nil).status)
	again := p.redeems(t, used)
	require.Equal(t, http.StatusBadRequest, again.status)
	require.Equal(t, "invalid_grant", again.body(t)["error"])
	h.ends(t, g.Access)
	require.Equal(t, "invalid_grant", p.refreshes(t, g.Refresh).body(t)["error"])
}

// ends waits until a token opens nothing any more, which is two seconds at the most.
func (h *house) ends(t testing.TB, token string) {
	t.Helper()
	require.Eventually(t, func() bool { return h.rpc(t, token, "tools/list", nil).status == http.StatusUnauthorized }, 15*time.Second, 50*time.Millisecond)
}

func TestRefreshTokenIsUsedOnceAndItsRepetitionIsAnsweredAlike(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	p, other := h.registered(t, "Web", "https://app.example/callback"), h.registered(t, "Other", "https://app.example/callback")
	g := p.connects(t, ann, "connect")

	// An answer that was lost is given once more, also where both come at once.
	var wait sync.WaitGroup
	answers := make([]given, 6)
	for i := range answers {
		wait.Go(func() { answers[i] = tokensIn(t, p.refreshes(t, g.Refresh)) })
	}
	wait.Wait()
	for _, a := range answers {
		require.Equal(t, answers[0].Access, a.Access)
		require.Equal(t, answers[0].Refresh, a.Refresh)
	}
	require.Equal(t, "invalid_grant", other.refreshes(t, g.Refresh).body(t)["error"], "to its client only")
	next := tokensIn(t, p.refreshes(t, answers[0].Refresh))

	for what, c := range map[string]struct {
		a      answer
		wanted string
	}{
		"wider":             {p.refreshes(t, next.Refresh, "scope", "tasks:read admin"), "invalid_scope"},
		"elsewhere":         {p.refreshes(t, next.Refresh, "resource", "https://other.example"), "invalid_target"},
		"another's":         {other.refreshes(t, next.Refresh), "invalid_grant"},
		"an access token":   {p.refreshes(t, next.Access), "invalid_grant"},
		"a personal token":  {p.refreshes(t, ann.token), "invalid_grant"},
		"an unknown one":    {p.refreshes(t, "tklr_"+strings.Repeat("A", 52)), "invalid_grant"},
		"one of no shape":   {p.refreshes(t, "\x00"), "invalid_grant"},
		"none":              {p.fetch(t, "/oauth/token", "grant_type", "refresh_token", "client_id", p.id), "invalid_request"},
		"an unknown client": {p.fetch(t, "/oauth/token", "grant_type", "refresh_token", "refresh_token", next.Refresh, "client_id", "client_x"), "invalid_client"},
	} {
		require.Equal(t, c.wanted, c.a.body(t)["error"], "%s: %s", what, c.a.text)
	}
	narrow := tokensIn(t, p.refreshes(t, next.Refresh, "scope", "tasks:read", "resource", h.URL+"/mcp"))
	require.Equal(t, "tasks:read", narrow.Scope)
	require.Equal(t, http.StatusForbidden, h.rpc(t, narrow.Access, "tools/call", fields{"name": "add_task", "arguments": fields{"title": "x"}}).status)
	wide := tokensIn(t, p.refreshes(t, narrow.Refresh))
	require.Equal(t, "tasks:read tasks:write", wide.Scope, "what the person agreed to")

	// Later than that it is somebody else, and the whole family ends.
	_, err := h.owner.Exec(t.Context(), `UPDATE oauth_tokens SET used_at = used_at - interval '31 seconds' WHERE used_at IS NOT NULL`)
	require.NoError(t, err)
	require.Contains(t, p.refreshes(t, g.Refresh).text, "used twice")
	h.ends(t, wide.Access)
	require.Equal(t, "invalid_grant", p.refreshes(t, wide.Refresh).body(t)["error"])
	var why string
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT after->>'reason' FROM journal WHERE object = 'token' AND action = 'revoked'`).Scan(&why))
	require.Equal(t, "refresh token used twice", why)
}

func TestConnectionEndsAndTheClientRegistersAnew(t *testing.T) {
	t.Parallel()
	one := build(t, nil)
	two := one.replica(t)
	ann := one.resident(t, "ann")
	p := one.registered(t, "Web", "https://app.example/callback")
	g := p.connects(t, ann, "connect")
	require.Equal(t, http.StatusOK, two.rpc(t, g.Access, "tools/list", nil).status, "a token opens every replica")

	// By its client, or by nobody.
	other := one.registered(t, "Other", "https://app.example/callback")
	for _, a := range []answer{
		other.fetch(t, "/oauth/revoke", "token", g.Refresh, "client_id", other.id), p.fetch(t, "/oauth/revoke", "token", "tklr_"+strings.Repeat("A", 52), "client_id", p.id),
		p.fetch(t, "/oauth/revoke", "token", ann.token, "client_id", p.id), p.fetch(t, "/oauth/revoke", "token", "\x00", "client_id", p.id),
	} {
		require.Equal(t, http.StatusOK, a.status, a.text)
	}
	require.Equal(t, http.StatusUnauthorized, p.fetch(t, "/oauth/revoke", "token", g.Refresh, "client_id", "client_x").status)
	g = tokensIn(t, p.refreshes(t, g.Refresh))
	require.Equal(t, http.StatusOK, p.fetch(t, "/oauth/revoke", "token", g.Access, "token_type_hint", "access_token", "client_id", p.id).status)
	for _, h := range []*house{one, two} {
		h.ends(t, g.Access)
	}
	require.Equal(t, "invalid_grant", p.refreshes(t, g.Refresh).body(t)["error"])

	// By its person, at the page.
	g = p.connects(t, ann, "connect")
	require.Equal(t, http.StatusOK, two.rpc(t, g.Access, "tools/list", nil).status)
	var id int64
	require.NoError(t, one.owner.QueryRow(t.Context(), `SELECT max(id) FROM tokens`).Scan(&id))
	b := ann.signedIn(t)
	require.Contains(t, b.follow("/connections/tokens/end", "token", fmt.Sprint(id)).text, "Ended")
	for _, h := range []*house{one, two} {
		h.ends(t, g.Access)
	}

	// A client that nobody connected is forgotten, and told so that it registers anew.
	p = one.registered(t, "Forgotten", "https://app.example/callback")
	_, err := one.owner.Exec(t.Context(), `UPDATE oauth_clients SET created_at = created_at - interval '25 hours'`)
	require.NoError(t, err)
	require.NoError(t, repository.New(pgtest.As(t, one.owner, string(repository.RoleNotifier)), "notifier", func() {}).Prune(t.Context()))
	require.Equal(t, "invalid_client", p.refreshes(t, g.Refresh).body(t)["error"])
	require.Contains(t, b.get(p.request()).text, "not known here")
	anew := one.registered(t, "Forgotten", "https://app.example/callback")
	anew.connects(t, ann, "connect")
	var left int
	require.NoError(t, one.owner.QueryRow(t.Context(), `SELECT count(*) FROM oauth_clients`).Scan(&left))
	require.Equal(t, 2, left, "those that somebody connected are kept")
}

// A client that was connected is kept for as long as a connection of it is used, and
// not for ever.
func TestConnectedClientIsForgottenOnceNobodyUsesIt(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	used, left, ended := h.registered(t, "Used", "https://app.example/callback"), h.registered(t, "Left", "https://app.example/callback"), h.registered(t, "Ended", "https://app.example/callback")
	g := used.connects(t, ann, "connect")
	left.connects(t, ann, "connect")
	over := ended.connects(t, ann, "connect")
	require.Equal(t, http.StatusOK, ended.fetch(t, "/oauth/revoke", "token", over.Refresh, "client_id", ended.id).status)
	days := func(n int) {
		_, err := h.owner.Exec(t.Context(), `UPDATE oauth_clients SET created_at = created_at - $1 * interval '1 day', used_at = used_at - $1 * interval '1 day'`, n)
		require.NoError(t, err)
	}
	known := func() map[string]bool {
		require.NoError(t, repository.New(pgtest.As(t, h.owner, string(repository.RoleNotifier)), "notifier", func() {}).Prune(t.Context()))
		there := map[string]bool{}
		for name, p := range map[string]program{"used": used, "left": left, "ended": ended} {
			_, _, err := h.store.Client(t.Context(), p.id)
			there[name] = err == nil
		}
		return there
	}
	days(89)
	g = tokensIn(t, used.refreshes(t, g.Refresh))
	require.Equal(t, map[string]bool{"used": true, "left": true, "ended": true}, known())
	days(2)
	require.Equal(t, map[string]bool{"used": true, "left": false, "ended": false}, known())
	g = tokensIn(t, used.refreshes(t, g.Refresh))
	days(89)
	require.Equal(t, map[string]bool{"used": true, "left": false, "ended": false}, known())
	tokensIn(t, used.refreshes(t, g.Refresh))
}

// A person's answer is held to the session in which they were asked, and to the request
// that they saw.
func TestQuestionIsAnsweredInTheSessionThatWasAsked(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, eve := h.resident(t, "ann"), h.resident(t, "eve")
	p := h.registered(t, "Web", "https://app.example/callback")
	b, other := ann.signedIn(t), eve.signedIn(t)
	path := p.request()
	anns, eves := sealIn.FindStringSubmatch(b.get(path).text)[1], sealIn.FindStringSubmatch(other.get(path).text)[1]
	require.NotEqual(t, anns, eves)
	wider := sealIn.FindStringSubmatch(b.get(p.request("scope", "tasks:read")).text)[1]
	for what, a := range map[string]answer{
		"another's":           b.post(path, "answer", "connect", "seal", eves),
		"of another request":  b.post(path, "answer", "connect", "seal", wider),
		"none":                b.post(path, "answer", "connect"),
		"from another origin": b.visit(http.MethodPost, path, strings.NewReader("answer=connect&seal="+url.QueryEscape(anns)), "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"),
		"no answer":           b.post(path, "seal", anns),
		"by its address":      b.get(path + "&answer=connect&seal=" + url.QueryEscape(anns)),
	} {
		require.NotEqual(t, http.StatusSeeOther, a.status, what)
		require.Empty(t, a.header.Get("Location"), what)
	}
	signedOut := h.browser(t)
	require.Equal(t, "/sign-in", signedOut.post(path, "answer", "connect", "seal", anns).header.Get("Location"))
	// Whoever was signed out meanwhile is asked again, and not led in a circle.
	b.plant("session", "ended")
	b.tab = path
	require.Equal(t, "/sign-in", b.post(path, "answer", "connect", "seal", anns).header.Get("Location"))
	require.Equal(t, path, b.post(h.signInLink(t, ann.user.UserID)).header.Get("Location"))
	a := h.browser(t).visit(http.MethodGet, path, nil, "Authorization", "Bearer "+ann.token)
	require.Equal(t, "/sign-in", a.header.Get("Location"), "a token agrees to nothing")
	var codes int
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM oauth_codes`).Scan(&codes))
	require.Zero(t, codes)

	told := b.agrees("cancel", path)
	require.Equal(t, []string{"access_denied", "state of the client", h.URL, ""}, []string{told.Get("error"), told.Get("state"), told.Get("iss"), told.Get("code")})
	told = b.agrees("read", path)
	require.Equal(t, "tasks:read", tokensIn(t, p.redeems(t, told.Get("code"))).Scope)
}

// A token opens what it was given for, and nothing else.
func TestConnectionOpensItsResourceAndScopesOnly(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	p := h.registered(t, "Web", "https://app.example/callback")
	mcp, rest := p.connects(t, ann, "connect"), p.connects(t, ann, "connect", "resource", h.URL+"/v1")
	reads, all := p.connects(t, ann, "read"), p.connects(t, ann, "connect", "resource", h.URL+"/")
	status := func(token, path string) int {
		if path == "/mcp" {
			return h.rpc(t, token, "tools/call", fields{"name": "add_task", "arguments": fields{"title": "x"}}).status
		}
		return h.send(t, token, http.MethodGet, path, nil).status
	}
	for what, c := range map[string]struct {
		token     string
		mcp, rest int
	}{
		"of MCP": {mcp.Access, 200, 401}, "of REST": {rest.Access, 401, 200}, "of all": {all.Access, 200, 200}, "that reads": {reads.Access, 403, 401},
	} {
		require.Equal(t, []int{c.mcp, c.rest}, []int{status(c.token, "/mcp"), status(c.token, "/v1/tasks")}, what)
		require.NotEqual(t, http.StatusOK, status(c.token, "/v1/admin/audit"), what)
		require.Equal(t, http.StatusSeeOther, h.browser(t).visit(http.MethodGet, "/connections", nil, "Authorization", "Bearer "+c.token).status, "no token opens the page")
	}
}

func TestClientThatDescribesItselfWronglyIsNotRegistered(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	back := []string{"https://app.example/callback"}
	for what, c := range map[string]struct {
		sent   any
		wanted string
	}{
		"no redirect":             {fields{"client_name": "x"}, "invalid_redirect_uri"},
		"javascript":              {fields{"redirect_uris": []string{"javascript:alert(1)"}}, "invalid_redirect_uri"},
		"JavaScript":              {fields{"redirect_uris": []string{"JavaScript:alert(1)"}}, "invalid_redirect_uri"},
		"data":                    {fields{"redirect_uris": []string{"data:text/html,x"}}, "invalid_redirect_uri"},
		"a program of the system": {fields{"redirect_uris": []string{"ms-word:ofe"}}, "invalid_redirect_uri"},
		"a search":                {fields{"redirect_uris": []string{"search:query"}}, "invalid_redirect_uri"},
		"http elsewhere":          {fields{"redirect_uris": []string{"http://app.example/"}}, "invalid_redirect_uri"},
		"a fragment":              {fields{"redirect_uris": []string{"https://app.example/#x"}}, "invalid_redirect_uri"},
		"a policy in a host":      {fields{"redirect_uris": []string{"https://a;script-src *"}}, "invalid_redirect_uri"},
		"one bad among good":      {fields{"redirect_uris": append([]string{"file:///etc/passwd"}, back...)}, "invalid_redirect_uri"},
		"too many":                {fields{"redirect_uris": strings.Split(strings.Repeat(back[0]+" ", 51), " ")[:51]}, "invalid_redirect_uri"},
		"a long name":             {fields{"redirect_uris": back, "client_name": strings.Repeat("x", 101)}, "invalid_client_metadata"},
		"a name turned around":    {fields{"redirect_uris": back, "client_name": "Claude\u202e"}, "invalid_client_metadata"},
		"a name that looks like":  {fields{"redirect_uris": back, "client_name": "Сlаude"}, "invalid_client_metadata"},
		"NUL":                     {fields{"redirect_uris": back, "client_name": "a\x00b"}, "invalid_client_metadata"},
		"another grant":           {fields{"redirect_uris": back, "grant_types": []string{"password"}}, "invalid_client_metadata"},
		"another response":        {fields{"redirect_uris": back, "response_types": []string{"token"}}, "invalid_client_metadata"},
		"a list":                  {[]string{"x"}, "invalid_client_metadata"},
		"deep":                    {fields{"x": []any{[]any{[]any{[]any{[]any{[]any{[]any{[]any{1}}}}}}}}}, "invalid_client_metadata"},
	} {
		a := h.send(t, "", http.MethodPost, "/oauth/register", c.sent, "X-Forwarded-For", "192.0.2.1")
		if a.status == http.StatusTooManyRequests { // so many from one address at once
			time.Sleep(time.Second)
			a = h.send(t, "", http.MethodPost, "/oauth/register", c.sent)
		}
		require.Equal(t, http.StatusBadRequest, a.status, "%s: %s", what, a.text)
		require.Equal(t, c.wanted, a.body(t)["error"], what)
	}
	var clients int
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM oauth_clients`).Scan(&clients))
	require.Zero(t, clients)
}

func TestRegistrationIsBoundedAndCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	h := (&house{owner: pgtest.Open(t)}).serve(t, repository.RoleAPI, func(c *config.Guard) { c.AddressRate = 1000 })
	body := fields{"redirect_uris": []string{"https://app.example/callback"}}
	var refused answer
	for range 20 {
		if refused = h.send(t, "", http.MethodPost, "/oauth/register", body); refused.status != http.StatusCreated {
			break
		}
	}
	require.Equal(t, http.StatusTooManyRequests, refused.status)
	require.NotEmpty(t, refused.header.Get("Retry-After"))

	off := (&house{owner: pgtest.Open(t)}).serve(t, repository.RoleAPI, func(c *config.Guard) { c.Registration = false })
	require.Equal(t, http.StatusNotFound, off.send(t, "", http.MethodPost, "/oauth/register", body).status)
	require.NotContains(t, off.send(t, "", http.MethodGet, "/.well-known/oauth-authorization-server", nil).text, "registration_endpoint")

	// A flood of clients takes the place of old ones, never that of those in use.
	_, err := off.owner.Exec(t.Context(), `
		INSERT INTO oauth_clients (id, name, redirects, created_at, used_at)
		SELECT 'client_' || n, 'x', '{}', now() - interval '11 minutes', CASE WHEN n = 1 THEN now() END FROM generate_series(1, 10001) n`)
	require.NoError(t, err)
	added, err := off.store.AddClient(t.Context(), "client_new", "New", []string{"https://app.example/"})
	require.NoError(t, err)
	require.True(t, added)
	_, _, err = off.store.Client(t.Context(), "client_1")
	require.NoError(t, err)
	_, err = off.owner.Exec(t.Context(), `UPDATE oauth_clients SET created_at = now()`)
	require.NoError(t, err)
	added, err = off.store.AddClient(t.Context(), "client_late", "Late", []string{"https://app.example/"})
	require.NoError(t, err)
	require.False(t, added)
}

// documentAt serves a description of a client over TLS.
func documentAt(t testing.TB, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewTLSServer(answer)
	t.Cleanup(server.Close)
	return server.URL + "/client.json"
}

func TestClientIsKnownByTheDocumentAtItsAddress(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	var id string
	fetched := 0
	id = documentAt(t, func(w http.ResponseWriter, _ *http.Request) {
		fetched++
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "max-age=600")
		_, _ = fmt.Fprintf(w, `{"client_id":%q,"client_name":"Editor","redirect_uris":["https://editor.example/redirect","http://127.0.0.1/"],"token_endpoint_auth_method":"none"}`, id)
	})
	p := program{h, id, "http://127.0.0.1:51234/"}
	b := ann.signedIn(t)
	page := b.get(p.request())
	require.Equal(t, http.StatusOK, page.status, page.text)
	host := strings.TrimSuffix(strings.TrimPrefix(id, "https://"), "/client.json")
	require.Contains(t, page.text, "<strong>"+host+"</strong>")
	require.Contains(t, page.text, "a program on your computer (127.0.0.1:51234)")
	told := b.agrees("connect", p.request())
	g := tokensIn(t, p.redeems(t, told.Get("code"), "resource", h.URL+"/mcp"))
	require.Equal(t, http.StatusOK, h.rpc(t, g.Access, "tools/list", nil).status)
	g = tokensIn(t, p.refreshes(t, g.Refresh))
	require.Equal(t, http.StatusOK, p.fetch(t, "/oauth/revoke", "token", g.Refresh, "client_id", id).status)
	h.ends(t, g.Access)
	require.Equal(t, 1, fetched, "it is kept as long as its headers say")
}

func TestDocumentThatIsNotAsItShouldBeConnectsNothing(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.resident(t, "ann").signedIn(t)
	redirects := `"redirect_uris":["https://editor.example/redirect"]`
	say := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, strings.ReplaceAll(text, "ITSELF", "https://"+r.Host+r.URL.Path))
		}
	}
	good := documentAt(t, say(`{"client_id":"ITSELF",`+redirects+`}`))
	slow := make(chan struct{})
	defer close(slow)
	for what, id := range map[string]string{
		"another's id":       documentAt(t, say(`{"client_id":"https://claude.ai/client.json",`+redirects+`}`)),
		"no id":              documentAt(t, say(`{`+redirects+`}`)),
		"no redirects":       documentAt(t, say(`{"client_id":"ITSELF"}`)),
		"a bad redirect":     documentAt(t, say(`{"client_id":"ITSELF","redirect_uris":["javascript:alert(1)"]}`)),
		"a shared secret":    documentAt(t, say(`{"client_id":"ITSELF","token_endpoint_auth_method":"client_secret_post",`+redirects+`}`)),
		"a name in disguise": documentAt(t, say(`{"client_id":"ITSELF","client_name":"a\u202eb",`+redirects+`}`)),
		"no JSON":            documentAt(t, say(`<html>`)),
		"huge":               documentAt(t, say(`{"client_id":"ITSELF",`+redirects+`,"x":"`+strings.Repeat("x", 10<<10)+`"}`)),
		"not there":          documentAt(t, http.NotFound),
		"a redirect":         documentAt(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, good, http.StatusFound) }),
		"text": documentAt(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = w.Write([]byte("{}"))
		}),
		"slow": documentAt(t, func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-slow:
			case <-r.Context().Done():
			}
		}),
		"http":            strings.Replace(good, "https", "http", 1),
		"no path":         strings.TrimSuffix(good, "client.json"),
		"a user":          strings.Replace(good, "https://", "https://x@", 1),
		"a fragment":      good + "#x",
		"dots":            strings.Replace(good, "/client", "/x/../client", 1),
		"private":         "https://169.254.169.254/latest/meta-data",
		"unknown":         "https://localhost.localdomain.invalid/client.json",
		"private in IPv6": "https://[::ffff:10.0.0.1]/client.json",
	} {
		p := program{h, id, "https://editor.example/redirect"}
		a := b.get(p.request())
		require.GreaterOrEqual(t, a.status, 400, what)
		require.Less(t, a.status, 500, what)
		require.Empty(t, a.header.Get("Location"), what)
		require.Contains(t, a.text, "Not connected", what)
		require.NotContains(t, a.text, "dial", what)
	}
	require.Equal(t, http.StatusOK, b.get(program{h, good, "https://editor.example/redirect"}.request()).status)
}
