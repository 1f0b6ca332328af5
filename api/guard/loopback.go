package guard

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// numeric is the address that localhost stands for. Browsers keep the cookies of the
// two apart.
const numeric = "127.0.0.1"

// atLocalhost returns the same page at localhost, where people are signed in, for a
// request that came to 127.0.0.1; "" where there is nothing to send on. It leads to the
// port that was called, and only if that is the port of the public URL: behind another
// port may be another server.
func (g *Guard) atLocalhost(c *gin.Context) string {
	public, err := url.Parse(g.config.PublicURL)
	if err != nil || public.Scheme != "http" || !Loopback(public.Hostname()) || c.Request.TLS != nil {
		return ""
	}
	here, err := url.Parse("http://" + c.Request.Host)
	if err != nil || here.Hostname() != numeric || here.Port() != public.Port() || !slices.Contains(Reading, c.Request.Method) {
		return ""
	}
	path := c.Request.URL.RequestURI()
	if !strings.HasPrefix(path, "/") {
		return ""
	}
	root := "http://localhost"
	if port := here.Port(); port != "" {
		root += ":" + port
	}
	return root + path
}

// RootFor returns the Root by which the client that asks for a resource knows this
// server. The client may have asked at 127.0.0.1, while its person answers at localhost.
func (g *Guard) RootFor(c *gin.Context, indicator string) string {
	root := g.Root(c)
	here, err := url.Parse(root)
	if err != nil {
		return root
	}
	asked, err := url.Parse(indicator)
	if err != nil || here.Hostname() != "localhost" || asked.Hostname() != numeric || asked.Scheme != here.Scheme || asked.Port() != here.Port() {
		return root
	}
	return asked.Scheme + "://" + asked.Host
}
