package guard

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/internal/access"
)

const wellKnown = "/.well-known/oauth-protected-resource"

// resources are the paths that issuers may treat as resources of their own. A client
// that was given /mcp with a slash behind it looks for the metadata of just that.
var resources = []string{"/mcp", "/mcp/", "/v1"}

// Audiences lists the audiences of access tokens for this server: all of it, or one
// of its resources. RFC 8707, section 2.
func Audiences(publicURL string) []string {
	all := []string{publicURL, publicURL + "/"}
	for _, path := range resources {
		all = append(all, publicURL+path)
	}
	return all
}

// Root returns the URL of this server, without a slash at its end: the public one. On
// loopback it is the one that the caller used, since nothing else leads there for sure.
func (g *Guard) Root(c *gin.Context) string {
	root := g.config.PublicURL
	u, err := url.Parse(root)
	if err != nil || !Loopback(u.Hostname()) || !Loopback(hostname(c.Request.Host)) {
		return root
	}
	if c.Request.TLS != nil {
		return "https://" + c.Request.Host
	}
	return "http://" + c.Request.Host
}

// Resource returns the path that a resource indicator (RFC 8707) of this server names:
// /mcp, /v1, or "" for all of it. ok is false for one of another server.
func (g *Guard) Resource(c *gin.Context, indicator string) (path string, ok bool) {
	path, ok = strings.CutPrefix(normal(indicator), normal(g.RootFor(c, indicator)))
	if path = strings.TrimSuffix(path, "/"); !ok || path != "" && !slices.Contains(resources, path) {
		return "", false
	}
	return path, true
}

// normal is a URL with its host in lower case and without the port that goes without
// saying: who typed it otherwise means the same server. RFC 3986, section 6.2.
func normal(address string) string {
	u, err := url.Parse(address)
	if err != nil || strings.Contains(address, "#") {
		return address
	}
	standard := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	u.Host = strings.TrimSuffix(strings.ToLower(u.Host), standard)
	return u.String()
}

// Prefix is the path of the public URL, "" for most servers. It follows the well-known
// part of a path.
func (g *Guard) Prefix() string {
	u, err := url.Parse(g.config.PublicURL)
	if err != nil {
		return ""
	}
	return u.EscapedPath()
}

// Metadata serves the documents that tell clients whose tokens are accepted. Where
// there are neither issuers nor tokens of this server there is nothing to discover, and
// no document. https://www.rfc-editor.org/rfc/rfc9728#section-3
func (g *Guard) Metadata(router gin.IRoutes) {
	if !g.discoverable() {
		return
	}
	for _, path := range append([]string{""}, resources...) {
		serve := func(c *gin.Context) {
			c.Header("Access-Control-Allow-Origin", "*") // public, and needed by clients in browsers
			c.Header("Cross-Origin-Resource-Policy", "cross-origin")
			c.JSON(http.StatusOK, gin.H{
				"resource":                 g.Root(c) + path,
				"resource_name":            "Tickler",
				"authorization_servers":    g.servers(c),
				"scopes_supported":         access.Standard,
				"bearer_methods_supported": []string{"header"},
			})
		}
		router.Match(Reading, wellKnown+path, serve)
		if prefix := g.Prefix(); prefix != "" {
			router.Match(Reading, wellKnown+prefix+path, serve)
		}
	}
}

func (g *Guard) discoverable() bool { return g.config.Authorizes || len(g.trust.Issuers) > 0 }

// servers lists those that give tokens for this server. Many clients ask the first only.
func (g *Guard) servers(c *gin.Context) []string {
	switch {
	case !g.config.Authorizes:
		return g.trust.Issuers
	case g.config.IssuersFirst:
		return append(slices.Clone(g.trust.Issuers), g.Root(c))
	}
	return append([]string{g.Root(c)}, g.trust.Issuers...)
}

// metadataURL returns the URL of the metadata for the path of a request, or "" if there
// is none. The path of the public URL follows the well-known part (RFC 9728, section 3.1).
func (g *Guard) metadataURL(c *gin.Context) string {
	if !g.discoverable() {
		return ""
	}
	prefix := g.Prefix()
	address := strings.TrimSuffix(g.Root(c), prefix) + wellKnown + prefix
	path := c.Request.URL.Path
	if slices.Contains(resources, path) {
		return address + path
	}
	for _, resource := range resources {
		if strings.HasPrefix(path, resource+"/") {
			return address + resource
		}
	}
	return address
}
