package guard

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Names of the page's cookies, without what cookieName adds.
const (
	CookieSession = "session" // the secret of a session
	CookieStep    = "step"    // the secret of a step of signing in
	CookieForm    = "form"    // the secret of a form that is kept until its person signs in
	CookieKept    = "kept"    // the secret of that form once it was shown again
	CookieNext    = "next"    // where a person was going when asked to sign in
)

// Private reports whether what goes between the browser and this server stays
// between them: over TLS, to this process or to the proxy before it, or within one
// machine. Only then is anybody signed in.
func (g *Guard) Private(c *gin.Context) bool {
	return g.OverTLS(c) || Loopback(hostname(c.Request.Host))
}

// OverTLS reports whether the browser came over TLS. Behind a proxy, the public URL
// tells, for the names by which the operator says the server is called. Under any other
// name, and by address, a browser may have come past the proxy.
func (g *Guard) OverTLS(c *gin.Context) bool {
	if c.Request.TLS != nil {
		return true
	}
	u, err := url.Parse(g.config.PublicURL)
	host := hostname(c.Request.Host)
	return err == nil && u.Scheme == "https" && !Loopback(host) && g.goesBy(host)
}

// Loopback reports whether a host name is that of the machine itself.
func Loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// cookieName makes browsers hold the cookie to its rules: with __Host- it is sent
// over TLS only, to this host only, and no other host can set it. On loopback there
// is no TLS, and all ports share their cookies, so the name has the port.
// https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix
func (g *Guard) cookieName(c *gin.Context, name string) string {
	if g.OverTLS(c) {
		return "__Host-tickler-" + name
	}
	if u, err := url.Parse("http://" + c.Request.Host); err == nil && u.Port() != "" {
		return "tickler-" + u.Port() + "-" + name
	}
	return "tickler-" + name
}

// CookieLasts is how long browsers keep the cookie of a session, which is as long as
// they keep any. When a session ends is for the server to say.
const CookieLasts = 400 * 24 * time.Hour

// SetCookie gives the browser one of the page's cookies for some time, or takes it
// away where value is "".
func (g *Guard) SetCookie(c *gin.Context, name, value string, lasts time.Duration) {
	cookie := &http.Cookie{
		Name: g.cookieName(c, name), Value: value, Path: "/", MaxAge: int(lasts.Seconds()),
		HttpOnly: true, Secure: g.OverTLS(c), SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.Writer, cookie)
}

// Cookie returns one of the page's cookies, or "".
func (g *Guard) Cookie(c *gin.Context, name string) string {
	value, err := c.Request.Cookie(g.cookieName(c, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(value.Value)
}
