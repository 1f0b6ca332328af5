package guard

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/api/problem"
	"tickler/internal/fault"
)

// ExpectedHost refuses requests for a host name that is not this server's. Otherwise
// a page whose name resolves to this server would count as same-origin (DNS
// rebinding). IP addresses are allowed: nobody can make them resolve elsewhere.
func (g *Guard) ExpectedHost(c *gin.Context) {
	host := hostname(c.Request.Host)
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" ||
		g.goesBy(host) || slices.Contains(g.config.Hosts, "*") {
		return
	}
	problem.Refuse(c, &fault.Error{Code: fault.Forbidden, Message: "this server does not go by that name",
		Hint: "the operator lists its names in TICKLER_HOSTS"})
}

// Inside hides paths for the operator's own machines, such as metrics, from requests to
// the public name of this server: a proxy passes on every path.
func (g *Guard) Inside(c *gin.Context) {
	host := hostname(c.Request.Host)
	if _, err := netip.ParseAddr(host); err != nil && host != "localhost" && host == g.publicHost() {
		problem.Refuse(c, &fault.Error{Code: fault.NotFound, Message: "there is nothing here"})
	}
}

// goesBy reports whether the operator gave the server this name, by itself and not
// with *.
func (g *Guard) goesBy(host string) bool {
	return host == g.publicHost() || slices.Contains(g.config.Hosts, host)
}

func (g *Guard) publicHost() string {
	u, err := url.Parse(g.config.PublicURL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	return strings.ToLower(host)
}

// expectedOrigin refuses calls that browsers send for pages of other origins. MCP
// clients send no Origin.
// https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
func (g *Guard) expectedOrigin(c *gin.Context) {
	origins := c.Request.Header.Values("Origin")
	if len(origins) == 0 {
		return
	}
	if u, err := url.Parse(origins[0]); err == nil && len(origins) == 1 && u.Host != "" &&
		(u.Host == c.Request.Host || slices.Contains(g.config.Origins, origins[0])) {
		return
	}
	problem.Refuse(c, &fault.Error{Code: fault.Forbidden, Message: "pages of this Origin may not call",
		Hint: "the operator lists those that may in TICKLER_ORIGINS"})
}

// sharedMethods and sharedHeaders are what pages of other origins may send.
const (
	sharedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	sharedHeaders = "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, " +
		"Mcp-Method, Mcp-Name, Mcp-Protocol-Version, Mcp-Session-Id, Traceparent, X-Request-Id"
)

// Share lets pages of the origins that the operator lists read what they are answered,
// and answers what their browsers ask first. Metadata is for all pages. Cookies do not
// come along, so nothing of this opens the page. https://fetch.spec.whatwg.org/#http-cors-protocol
func (g *Guard) Share(c *gin.Context) {
	origin := c.GetHeader("Origin")
	if origin == "" || !slices.Contains(g.config.Origins, origin) && !strings.HasPrefix(c.Request.URL.Path, "/.well-known/") {
		return
	}
	c.Header("Vary", "Origin")
	c.Header("Access-Control-Allow-Origin", origin)
	c.Header("Access-Control-Expose-Headers", "ETag, Location, Mcp-Session-Id, Retry-After, WWW-Authenticate, X-Request-Id")
	if c.Request.Method == http.MethodOptions && c.GetHeader("Access-Control-Request-Method") != "" {
		c.Header("Access-Control-Allow-Methods", sharedMethods)
		c.Header("Access-Control-Allow-Headers", sharedHeaders)
		c.Header("Access-Control-Max-Age", "600")
		c.AbortWithStatus(http.StatusNoContent)
	}
}

// noTokenInURL refuses tokens in URLs, which logs, histories and referrers keep.
// https://www.rfc-editor.org/rfc/rfc9700#section-4.3.2
func noTokenInURL(c *gin.Context) {
	for name, values := range c.Request.URL.Query() {
		switch strings.ToLower(name) {
		case "access_token", "token", "authorization", "bearer", "api_key", "apikey":
		default:
			if !slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, "tkl_") }) {
				continue
			}
		}
		problem.Refuse(c, &fault.Error{Code: fault.InvalidInput, Message: "a token may not be in the address; send the header Authorization: Bearer TOKEN",
			Hint: "revoke the token that was sent this way: logs may have it by now"})
		return
	}
}
