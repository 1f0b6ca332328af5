package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/config"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// Programs that scan mail follow links, and some press nothing: so a link shows a
// button, and the button signs in.
func TestLinkSignsInByItsButtonAloneAndOnce(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	link := h.signInLink(t, ann.user.UserID)
	b := h.browser(t)
	for range 3 {
		require.Equal(t, http.StatusOK, b.visit(http.MethodHead, link, nil).status)
		page := b.get(link)
		require.Equal(t, http.StatusOK, page.status)
		require.Contains(t, page.text, "Sign in as <bdi>ann</bdi>?")
		require.Contains(t, page.text, `<form method="post"`)
	}
	require.Nil(t, b.cookie("session"))
	require.Equal(t, http.StatusSeeOther, b.get("/").status)
	for _, method := range []string{http.MethodPut, http.MethodOptions, http.MethodPatch, http.MethodDelete} {
		require.GreaterOrEqual(t, b.visit(method, link, nil).status, 400, method)
	}

	done := b.post(link)
	require.Equal(t, http.StatusSeeOther, done.status, done.text)
	require.Equal(t, "/", done.header.Get("Location"))
	require.Equal(t, http.StatusOK, b.get("/").status)
	again := h.browser(t)
	for _, a := range []answer{again.get(link), again.post(link)} {
		require.Equal(t, http.StatusNotFound, a.status)
		require.NotContains(t, a.text, "ann")
	}
	require.Nil(t, again.cookie("session"))
	for _, wrong := range []string{"x", "%00", "%25", strings.Repeat("A", 52), link[len("/sign-in/link/"):] + "A", ann.token} {
		a := again.post("/sign-in/link/" + wrong)
		require.Equal(t, http.StatusNotFound, a.status, wrong)
	}
	require.NotContains(t, h.log.String(), strings.TrimPrefix(link, "/sign-in/link/"), "no log has the secret")
	require.NotContains(t, h.log.String(), b.cookie("session").Value)
	var method, browser, actor, client string
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT method, browser FROM web_sessions`).Scan(&method, &browser))
	require.Equal(t, []string{"link", "Firefox on Linux"}, []string{method, browser})
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT actor_kind || ' ' || actor || ' ' || transport, client FROM journal WHERE object = 'session'`).Scan(&actor, &client))
	require.Equal(t, []string{"person page page", "Firefox on Linux"}, []string{actor, client})
}

func TestLinkSignsInWithinItsTimeOnly(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	link := h.signInLink(t, ann.user.UserID)
	_, err := h.owner.Exec(t.Context(), `UPDATE sign_in_links SET expires_at = expires_at - interval '00:14:50'`)
	require.NoError(t, err)
	b := h.browser(t)
	require.Equal(t, http.StatusOK, b.get(link).status)
	_, err = h.owner.Exec(t.Context(), `UPDATE sign_in_links SET expires_at = expires_at - interval '15 minutes'`)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, b.get(link).status)
	a := b.post(link)
	require.Equal(t, http.StatusNotFound, a.status)
	require.Contains(t, a.text, "older than 15 minutes")
	require.Nil(t, b.cookie("session"))
}

// A session opens the page and nothing else; a token opens everything else.
func TestSessionOpensThePageOnlyAndATokenNever(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	secret := b.cookie("session").Value
	require.Equal(t, http.StatusOK, b.get("/").status)
	for _, path := range []string{"/v1/tasks", "/v1/settings", "/v1/events", "/v1/export", "/v1/audit"} {
		require.Equal(t, http.StatusUnauthorized, b.get(path).status, path)
		require.Equal(t, http.StatusUnauthorized, h.send(t, secret, http.MethodGet, path, nil).status, path)
	}
	require.Equal(t, http.StatusUnauthorized, b.visit(http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`), "Content-Type", "application/json").status)
	require.Equal(t, http.StatusUnauthorized, h.rpc(t, secret, "ping", nil).status)
	stranger := h.browser(t)
	for _, path := range h.pages(t) {
		a := stranger.visit(path.method, path.path, nil, "Authorization", "Bearer "+ann.token)
		require.NotEqual(t, http.StatusOK, a.status, path)
		require.NotContains(t, a.text, "Europe", path)
	}
	stranger.plant("session", ann.token)
	require.Equal(t, http.StatusSeeOther, stranger.get("/").status, "nor as a cookie")
}

// route is a page that wants a session.
type route struct{ method, path string }

// pages are the routes that a session opens, as the router has them.
func (h *house) pages(t testing.TB) []route {
	t.Helper()
	var all []route
	for _, one := range h.routes {
		if door(one.Path) == withSession {
			all = append(all, route{one.Method, strings.NewReplacer(":id", "1", ":secret", "x").Replace(one.Path)})
		}
	}
	require.Greater(t, len(all), 20)
	return all
}

func TestCookieOfASessionIsHeldToItsRules(t *testing.T) {
	t.Parallel()
	h := (&house{owner: pgtest.Open(t)}).serve(t, repository.RoleAPI, func(c *config.Guard) { c.PublicURL = "https://tickler.example.com" })
	ann := h.resident(t, "ann")
	of := func(a answer) *http.Cookie {
		for _, one := range (&http.Response{Header: a.header}).Cookies() {
			if strings.HasSuffix(one.Name, "-session") {
				return one
			}
		}
		return nil
	}
	b := h.browser(t)
	public := []string{"Host", "tickler.example.com", "Origin", "https://tickler.example.com"}
	a := b.visit(http.MethodPost, h.signInLink(t, ann.user.UserID), nil, public...)
	require.Equal(t, http.StatusSeeOther, a.status, a.text)
	cookie := of(a)
	require.Equal(t, "__Host-tickler-session", cookie.Name)
	require.True(t, cookie.Secure && cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Equal(t, "/", cookie.Path)
	require.Empty(t, cookie.Domain)
	require.Len(t, cookie.Value, 52, "260 bits in base32")
	require.Equal(t, http.StatusOK, b.get("/", append(public, "Cookie", "__Host-tickler-session="+cookie.Value)...).status)
	require.Equal(t, http.StatusSeeOther, b.get("/", append(public, "Cookie", "tickler-session="+cookie.Value)...).status, "a name that others can set")

	// On this machine, without TLS.
	a = b.post(h.signInLink(t, ann.user.UserID))
	cookie = of(a)
	require.Regexp(t, `^tickler-\d+-session$`, cookie.Name)
	require.True(t, !cookie.Secure && cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)

	var stored int
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM web_sessions WHERE hash::text LIKE '%' || $1 || '%'`, cookie.Value).Scan(&stored))
	require.Zero(t, stored)
}

func TestNobodyIsSignedInWhereOthersReadAlong(t *testing.T) {
	t.Parallel()
	h := (&house{owner: pgtest.Open(t)}).serve(t, repository.RoleAPI, func(c *config.Guard) { c.PublicURL = "http://tickler.example.com" })
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	public := []string{"Host", "tickler.example.com", "Origin", "http://tickler.example.com"}
	a := b.visit(http.MethodPost, h.signInLink(t, ann.user.UserID), nil, public...)
	require.Equal(t, http.StatusForbidden, a.status, a.text)
	require.Contains(t, a.text, "TICKLER_PUBLIC_URL")
	require.Empty(t, a.header.Get("Set-Cookie"))
	a = b.get("/sign-in", public...)
	require.Contains(t, a.text, "plain HTTP")
	require.NotContains(t, a.text, "<button")
	require.Equal(t, http.StatusSeeOther, b.get("/", append(public, "Cookie", "tickler-session="+b.cookie("session").Value)...).status)
}

// Where a proxy ends TLS, the port behind it may be reached by its address: over plain
// HTTP, whatever the public URL says.
func TestNobodyIsSignedInPastTheProxyThatEndsTLS(t *testing.T) {
	t.Parallel()
	h := (&house{owner: pgtest.Open(t)}).serve(t, repository.RoleAPI, func(c *config.Guard) {
		c.PublicURL, c.Hosts = "https://tickler.example.com", []string{"tickler.internal.example", "*"}
	})
	ann := h.resident(t, "ann")
	b := h.browser(t)
	for host, private := range map[string]bool{
		"tickler.example.com": true, "Tickler.example.com:443": true, "tickler.internal.example": true,
		"192.0.2.7": false, "192.0.2.7:8080": false, "[2001:db8::7]:8080": false, "api": false, "tickler.example.com.evil.example": false,
	} {
		a := b.visit(http.MethodPost, h.signInLink(t, ann.user.UserID), nil, "Host", host, "Origin", "http://"+host)
		cookie := a.header.Get("Set-Cookie")
		if private {
			require.Equal(t, http.StatusSeeOther, a.status, "%s: %s", host, a.text)
			require.Contains(t, cookie, "__Host-tickler-session", host)
			continue
		}
		require.Equal(t, http.StatusForbidden, a.status, "%s: %s", host, a.text)
		require.Contains(t, a.text, "TICKLER_PUBLIC_URL", host)
		require.Empty(t, cookie, host)
	}
	// A session that was given elsewhere opens nothing there.
	a := b.visit(http.MethodPost, h.signInLink(t, ann.user.UserID), nil, "Host", "tickler.example.com", "Origin", "http://tickler.example.com")
	given := strings.Split(a.header.Get("Set-Cookie"), ";")[0]
	require.Equal(t, http.StatusOK, b.get("/settings", "Host", "tickler.example.com", "Cookie", given).status)
	for _, cookie := range []string{given, strings.Replace(given, "__Host-tickler-session", "tickler-session", 1), strings.Replace(given, "__Host-tickler-session", "tickler-8080-session", 1)} {
		require.Equal(t, http.StatusSeeOther, b.get("/settings", "Host", "192.0.2.7:8080", "Cookie", cookie).status, cookie)
	}
}

// Somebody who put their own session, or any text, into a browser gains nothing.
func TestSignInGivesANewSessionAndEndsTheFormer(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, eve := h.resident(t, "ann"), h.resident(t, "eve")
	evil := eve.signedIn(t).cookie("session").Value
	for _, planted := range []string{evil, strings.Repeat("A", 52), "x"} {
		b := h.browser(t)
		b.plant("session", planted)
		require.Equal(t, http.StatusSeeOther, b.post(h.signInLink(t, ann.user.UserID)).status)
		require.NotEqual(t, planted, b.cookie("session").Value)
		require.Contains(t, b.get("/settings").text, "<bdi>ann</bdi>")
	}
	other := h.browser(t)
	other.plant("session", evil)
	require.Eventually(t, func() bool { return other.get("/").status == http.StatusSeeOther }, 15*time.Second, 50*time.Millisecond, "the planted one ended")

	b := ann.signedIn(t)
	former := b.cookie("session").Value
	require.Equal(t, http.StatusSeeOther, b.post(h.signInLink(t, ann.user.UserID)).status)
	require.NotEqual(t, former, b.cookie("session").Value)
	other.plant("session", former)
	require.Eventually(t, func() bool { return other.get("/").status == http.StatusSeeOther }, 15*time.Second, 50*time.Millisecond)
}

// Each replica checks a session again every two seconds, also that of a page that is
// followed live.
func TestSessionThatEndsEndsOnEveryReplicaWithinSeconds(t *testing.T) {
	t.Parallel()
	one := build(t, nil)
	two := one.replica(t)
	ann := one.resident(t, "ann")
	for name, end := range map[string]func(b, other *browser){
		"signed out": func(b, _ *browser) { require.Equal(t, http.StatusSeeOther, b.post("/sign-out").status) },
		"ended in another browser": func(_, other *browser) {
			require.Equal(t, http.StatusSeeOther, other.post("/settings/browsers/end-others").status)
		},
		"unused for too long": func(*browser, *browser) {
			_, err := one.owner.Exec(t.Context(), `UPDATE web_sessions SET expires_at = now()`)
			require.NoError(t, err)
		},
	} {
		b, other := ann.signedIn(t), ann.signedIn(t)
		there := two.browser(t)
		there.plant("session", b.cookie("session").Value)
		require.Equal(t, http.StatusOK, b.get("/").status, name)
		require.Equal(t, http.StatusOK, there.get("/").status, name)
		var streams []<-chan struct{}
		for _, at := range []*browser{b, there} {
			streams = append(streams, at.live())
		}
		end(b, other)
		began := time.Now()
		for _, at := range []*browser{b, there} {
			require.Eventually(t, func() bool { return at.get("/").status == http.StatusSeeOther }, 15*time.Second, 20*time.Millisecond, name)
		}
		for _, ended := range streams {
			select {
			case <-ended:
			case <-time.After(10 * time.Second):
				t.Fatal("a stream goes on: " + name)
			}
		}
		t.Logf("%s: after %s", name, time.Since(began).Round(time.Millisecond))
	}
}

// live follows the page until the stream ends.
func (b *browser) live() (ended <-chan struct{}) {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.root+"/live", nil)
	require.NoError(b.t, err)
	request.Header.Set("Accept", "text/event-stream")
	response, err := b.client.Do(request)
	require.NoError(b.t, err)
	require.Equal(b.t, http.StatusOK, response.StatusCode)
	first := make([]byte, 1)
	_, err = response.Body.Read(first)
	require.NoError(b.t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = response.Body.Close() }()
		for part := make([]byte, 512); ; {
			if _, err := response.Body.Read(part); err != nil {
				return
			}
		}
	}()
	return done
}

// Where a person was going comes back after they signed in, and leads nowhere else.
func TestWhoSignsInGoesOnWhereTheyWereGoing(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := h.browser(t)
	a := b.get("/tasks?status=pending&q=%C3%A9%22")
	require.Equal(t, http.StatusSeeOther, a.status)
	require.Equal(t, "/sign-in", a.header.Get("Location"))
	require.Equal(t, http.StatusOK, b.get("/sign-in").status)
	require.Equal(t, "/tasks?status=pending&q=%C3%A9%22", b.post(h.signInLink(t, ann.user.UserID)).header.Get("Location"))
	require.Equal(t, "/", b.get("/sign-in").header.Get("Location"), "who is signed in is not asked again")

	for _, evil := range []string{
		"https://evil.example/", "//evil.example/", `/\evil.example`, `\\evil.example`, "/%5cevil.example/..//evil.example", "javascript:alert(1)", "///evil.example", "/\t/evil.example", "http:evil.example",
		"/\r\nSet-Cookie: a=b", "https:/evil.example", "%2F%2Fevil.example",
	} {
		b := h.browser(t)
		b.plant("next", base64.RawURLEncoding.EncodeToString([]byte(evil)))
		to := b.post(h.signInLink(t, ann.user.UserID)).header.Get("Location")
		u, err := url.Parse(to)
		require.NoError(t, err, evil)
		require.True(t, u.Host == "" && u.Scheme == "" && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") && !strings.Contains(to, `\`), "%q leads to %q", evil, to)
	}
	for _, path := range []string{"//evil.example/", "/sign-in/../../evil.example"} {
		request, err := http.NewRequest(http.MethodGet, h.URL, nil)
		require.NoError(t, err)
		request.URL.Path = path
		response, err := http.DefaultTransport.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.NotContains(t, response.Header.Get("Location"), "evil", path)
	}
}

// What was typed is not lost when the session has ended meanwhile.
func TestFormThatIsSentWithoutASessionIsShownAgainAfterSignIn(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	require.Equal(t, http.StatusSeeOther, b.post("/sign-out").status)
	b.plant("session", strings.Repeat("A", 52))
	const typed = `Buy <b>bread</b> "now" & 😀`
	a := b.post("/add", "text", typed, "back", "/")
	require.Equal(t, http.StatusSeeOther, a.status)
	require.Equal(t, "/sign-in", a.header.Get("Location"))
	require.Contains(t, b.get("/sign-in").text, "What you typed is kept")
	var tasks int
	count := func() int {
		require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM tasks`).Scan(&tasks))
		return tasks
	}
	require.Equal(t, "/sign-in/kept", b.post(h.signInLink(t, ann.user.UserID)).header.Get("Location"))
	for range 2 { // loaded again, it is still there
		page := b.get("/sign-in/kept")
		require.Equal(t, http.StatusOK, page.status, page.text)
		require.Contains(t, page.text, "Buy &lt;b&gt;bread&lt;/b&gt; &#34;now&#34; &amp; 😀")
		require.Contains(t, page.text, `action="/add"`)
		require.Contains(t, page.text, `>Text</label>`)
		require.NotContains(t, page.text, "<b>bread")
	}
	require.Zero(t, count(), "nothing is done before its person sends it")
	require.Equal(t, http.StatusSeeOther, b.post("/add", "text", typed, "back", "/").status)
	require.Equal(t, 1, count())
	stranger := h.resident(t, "eve").signedIn(t)
	require.Equal(t, http.StatusSeeOther, stranger.get("/sign-in/kept").status, "it is that browser's only")

	// What is too much, or has a file, is not kept; its page is.
	b = h.browser(t)
	b.tab = "/settings"
	require.Equal(t, http.StatusSeeOther, b.post("/settings", "time_zone", strings.Repeat("x", 200_000)).status)
	require.Nil(t, b.cookie("form"))
	require.Equal(t, "/settings", b.post(h.signInLink(t, ann.user.UserID)).header.Get("Location"))
}

// Every write that the page has is refused when another page sends it, on the same
// machine or site too; so is being shown within one.
func TestPagesOfOthersCanNeitherWriteNorFrame(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	tried := 0
	for _, one := range h.routes {
		if one.Method != http.MethodPost || door(one.Path) != withSession && door(one.Path) != signingIn {
			continue
		}
		path := strings.NewReplacer(":id", "1", ":secret", h.signInLink(t, ann.user.UserID)[len("/sign-in/link/"):]).Replace(one.Path)
		for _, from := range [][]string{
			{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:1"},
			{"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "", "Origin", "null"}, {"Sec-Fetch-Site", "", "Origin", "http://127.0.0.1:1"},
		} {
			tried++
			a := b.visit(http.MethodPost, path, strings.NewReader("do=import&name=x"), from...)
			require.Equal(t, http.StatusForbidden, a.status, "%s from %v: %s", path, from, a.text)
			require.Empty(t, a.header.Get("Set-Cookie"), path)
		}
	}
	require.Greater(t, tried, 100)
	require.Equal(t, http.StatusOK, b.get("/").status, "nobody was signed out")
	for _, path := range h.pages(t) {
		if path.method != http.MethodGet || path.path == "/live" || path.path == "/settings/export" {
			continue
		}
		for _, a := range []answer{b.get(path.path), h.browser(t).get("/sign-in")} {
			policy := a.header.Get("Content-Security-Policy")
			for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "script-src 'self'", "style-src 'self'"} {
				if a.status == http.StatusOK {
					require.Contains(t, policy, part, path)
				}
			}
			require.NotContains(t, policy, "unsafe")
			require.NotContains(t, policy, "http", "no other origin")
			require.Equal(t, "DENY", a.header.Get("X-Frame-Options"), path)
			require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"), path)
			require.Equal(t, "no-store", a.header.Get("Cache-Control"), path)
			require.NotRegexp(t, `(?i)<[^>]+\son[a-z]+=|<style|style="|<script(?:>|[^>]*>[^<])|javascript:`, a.text, path)
		}
	}
}

func TestPageAnswersToItsOwnNamesOnly(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	for _, path := range append(h.pages(t), route{http.MethodGet, "/sign-in"}, route{http.MethodPost, h.signInLink(t, ann.user.UserID)}) {
		a := b.visit(path.method, path.path, nil, "Host", "evil.example")
		require.Equal(t, http.StatusForbidden, a.status, path)
		require.NotContains(t, a.text, "<html", path)
	}
}

// A proxy that passes on every path must not pass on these.
func TestProbesAndMetricsStayInside(t *testing.T) {
	t.Parallel()
	h := (&house{owner: pgtest.Open(t)}).serve(t, repository.RoleAPI, func(c *config.Guard) { c.PublicURL = "https://tickler.example.com" })
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		require.Equal(t, http.StatusNotFound, h.browser(t).get(path, "Host", "tickler.example.com").status, path)
		require.Equal(t, http.StatusNotFound, h.browser(t).get(path, "Host", "TICKLER.example.com:443").status, path)
		for _, inside := range []string{"10.1.2.3:8080", "localhost:8080", "api.tickler.svc"} {
			require.NotEqual(t, http.StatusNotFound, h.browser(t).get(path, "Host", inside).status, "%s %s", path, inside)
		}
	}
}

func TestAttemptsToSignInFromAnAddressAreFew(t *testing.T) {
	t.Parallel()
	h := (&house{owner: pgtest.Open(t)}).serve(t, repository.RoleAPI, func(c *config.Guard) { c.AddressRate = 1000; c.FailureRate = 1000 })
	b := h.browser(t)
	for _, path := range []string{"/sign-in/link/x", "/sign-in/mail", "/sign-in/passkey/begin"} {
		refused := answer{}
		for range 20 {
			if a := b.post(path); a.status == http.StatusTooManyRequests {
				refused = a
			}
		}
		require.Equal(t, http.StatusTooManyRequests, refused.status, path)
		require.NotEmpty(t, refused.header.Get("Retry-After"), path)
	}
	require.Equal(t, http.StatusOK, b.get("/sign-in").status, "the page itself is shown")
}

// Whoever asks for a mail learns nothing, and mails go only where their person said.
func TestMailedLinkTellsNobodyWhoIsKnownHere(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	_, err := h.owner.Exec(t.Context(), `INSERT INTO channels (user_id, kind, target) VALUES ($1, 'email', 'ann@example.com')`, ann.user.UserID)
	require.NoError(t, err)
	ask := func(address string) string {
		a := h.browser(t).post("/sign-in/mail", "address", address)
		require.Equal(t, http.StatusOK, a.status, a.text)
		return strings.ReplaceAll(a.text, address, "ADDRESS")
	}
	mails := func() (n int) {
		require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM deliveries WHERE kind = 'sign_in'`).Scan(&n))
		return n
	}
	unknown := ask("nobody@example.com")
	require.Equal(t, unknown, ask("ann@example.com"))
	require.Zero(t, mails(), "an address that an agent could have added signs nobody in")
	b := ann.signedIn(t)
	id := int64(ann.call(t, "user_settings", fields{})["channels"].([]any)[0].(fields)["id"].(float64))
	page := b.follow("/settings/channels/sign-in", "channel", fmt.Sprint(id), "do", "on")
	require.Contains(t, page.text, "Mail no sign-in links here")
	require.Equal(t, unknown, ask("ann@example.com"))
	require.Equal(t, 1, mails())
	for _, wrong := range []string{"", "x", "a@b\r\nBcc: c@d", "Ann <ann@example.com>"} {
		require.Equal(t, http.StatusBadRequest, h.browser(t).post("/sign-in/mail", "address", wrong).status, wrong)
	}
	require.Equal(t, http.StatusNotFound, h.resident(t, "eve").signedIn(t).post("/settings/channels/sign-in", "channel", fmt.Sprint(id), "do", "on").status)
	require.Equal(t, http.StatusSeeOther, b.post("/settings/channels/sign-in", "channel", fmt.Sprint(id), "do", "off").status)
}
