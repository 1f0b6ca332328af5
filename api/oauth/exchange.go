package oauth

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"
)

// exchange answers what clients send by themselves, without a person.
func (h *Handler) exchange(c *gin.Context) {
	refuse := func(description string) {
		c.AbortWithStatusJSON(http.StatusBadRequest, gin.H{"error": "invalid_request", "error_description": description})
	}
	if err := c.Request.ParseForm(); err != nil || c.ContentType() != "application/x-www-form-urlencoded" {
		refuse("the body must be application/x-www-form-urlencoded, at most 16 KiB")
		return
	}
	for name, values := range c.Request.PostForm {
		if len(values) > 1 && name != "resource" {
			refuse(quoted(name) + " was sent twice")
			return
		}
	}
	if id, _, basic := c.Request.BasicAuth(); basic {
		id, err := url.QueryUnescape(id)
		if named := c.Request.PostForm.Get("client_id"); err != nil || named != "" && named != id {
			refuse("the header Authorization names another client than client_id")
			return
		}
		c.Writer = challenging{c.Writer}
	}
	asking := &request{resource: func(indicator string) (string, bool) { return h.Guard.Resource(c, indicator) }}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestKey{}, asking))
	h.protocol.ServeHTTP(c.Writer, c.Request)
}

// challenging tells a client that named itself in the header Authorization, and is not
// known, that it did so there: RFC 6749, section 5.2.
type challenging struct{ gin.ResponseWriter }

func (w challenging) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="tickler"`)
	}
	w.ResponseWriter.WriteHeader(status)
}
