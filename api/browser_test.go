package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/person"
)

// browser is a person's browser: it keeps cookies, follows no redirect by itself, and
// says where a request comes from, as browsers do.
type browser struct {
	*house
	t      testing.TB
	root   string // of the server, as the person typed it
	client *http.Client
	tab    string // the page that is open
}

func (h *house) browser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &browser{house: h, t: t, root: h.URL, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// visit sends a request; headers alternate names and values and may replace what a
// browser would send.
func (b *browser) visit(method, path string, body io.Reader, headers ...string) answer {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.root+path, body)
	require.NoError(b.t, err)
	request.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.Header.Set("Sec-Fetch-Dest", "document")
	if method != http.MethodGet && method != http.MethodHead {
		request.Header.Set("Origin", b.root)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.tab != "" {
		request.Header.Set("Referer", b.root+b.tab)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
		request.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			request.Header.Del(headers[i])
		}
	}
	response, err := b.client.Do(request)
	require.NoError(b.t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

func (b *browser) get(path string, headers ...string) answer {
	b.t.Helper()
	a := b.visit(http.MethodGet, path, nil, headers...)
	if a.status == http.StatusOK {
		b.tab = path
	}
	return a
}

// post sends a form; fields alternate names and values.
func (b *browser) post(path string, fields ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.visit(http.MethodPost, path, strings.NewReader(form.Encode()))
}

// follow sends a form and opens the page to which that leads.
func (b *browser) follow(path string, fields ...string) answer {
	b.t.Helper()
	a := b.post(path, fields...)
	require.Equal(b.t, http.StatusSeeOther, a.status, a.text)
	return b.get(strings.Split(a.header.Get("Location"), "#")[0])
}

// cookie returns a cookie that the browser has of this server, nil if none.
func (b *browser) cookie(name string) *http.Cookie {
	b.t.Helper()
	root, err := url.Parse(b.root)
	require.NoError(b.t, err)
	for _, one := range b.client.Jar.Cookies(root) {
		if strings.HasSuffix(one.Name, "-"+name) {
			return one
		}
	}
	return nil
}

// plant puts a cookie into the browser, as somebody else might have.
func (b *browser) plant(name, value string) {
	b.t.Helper()
	root, err := url.Parse(b.root)
	require.NoError(b.t, err)
	b.client.Jar.SetCookies(root, []*http.Cookie{{Name: "tickler-" + root.Port() + "-" + name, Value: value, Path: "/"}})
}

// link makes a link that signs a user in and returns its path.
func (h *house) signInLink(t testing.TB, userID int64) string {
	t.Helper()
	secret := person.NewSecret()
	require.NoError(t, h.store.AddSignInLink(t.Context(), userID, person.HashSecret(secret)))
	return "/sign-in/link/" + secret
}

// signedIn is a browser in which the resident is signed in.
func (r *resident) signedIn(t testing.TB) *browser {
	t.Helper()
	b := r.browser(t)
	a := b.post(r.signInLink(t, r.user.UserID))
	require.Equal(t, http.StatusSeeOther, a.status, a.text)
	return b
}
