package guard

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/internal/access"
)

const wellKnown = "/.well-known/oauth-protected-resource"

// resources are the paths that issuers may treat as resources of their own.
var resources = []string{"/mcp", "/v1"}

// Audiences lists the audiences of access tokens for this server: all of it, or one
// of its resources. RFC 8707, section 2.
func Audiences(publicURL string) []string {
	root := strings.TrimSuffix(publicURL, "/")
	all := []string{root, root + "/"}
	for _, path := range resources {
		all = append(all, root+path)
	}
	return all
}

// Metadata serves the documents that tell clients which issuers' tokens are accepted.
// Without issuers there is nothing to discover, and no document.
// https://www.rfc-editor.org/rfc/rfc9728#section-3
func (g *Guard) Metadata(router gin.IRoutes) {
	if len(g.trust.Issuers) == 0 {
		return
	}
	root := strings.TrimSuffix(g.config.PublicURL, "/")
	for _, path := range append([]string{""}, resources...) {
		serve := func(c *gin.Context) {
			c.Header("Access-Control-Allow-Origin", "*") // public, and needed by clients in browsers
			c.Header("Cross-Origin-Resource-Policy", "cross-origin")
			c.JSON(http.StatusOK, gin.H{
				"resource":                 root + path,
				"resource_name":            "Tickler",
				"authorization_servers":    g.trust.Issuers,
				"scopes_supported":         access.Standard,
				"bearer_methods_supported": []string{"header"},
			})
		}
		router.GET(wellKnown+path, serve)
		if _, prefix := g.metadataRoot(); prefix != "" {
			router.GET(wellKnown+prefix+path, serve)
		}
	}
}

// metadataRoot returns the URL prefix of the metadata, and the path of PublicURL,
// which follows the well-known part (RFC 9728, section 3.1).
func (g *Guard) metadataRoot() (root, prefix string) {
	u, err := url.Parse(strings.TrimSuffix(g.config.PublicURL, "/"))
	if err != nil {
		return "", ""
	}
	prefix = u.EscapedPath()
	return u.Scheme + "://" + u.Host + wellKnown + prefix, prefix
}

// metadataURL returns the URL of the metadata for a path, or "" if there is none.
func (g *Guard) metadataURL(path string) string {
	if len(g.trust.Issuers) == 0 {
		return ""
	}
	address, _ := g.metadataRoot()
	for _, resource := range resources {
		if path == resource || strings.HasPrefix(path, resource+"/") {
			return address + resource
		}
	}
	return address
}
