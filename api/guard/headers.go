package guard

import (
	"regexp"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

const requestIDKey = "request id"

var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Headers gives every answer the id of its request, the caller's own where it is
// fit to be logged, and tells browsers to do nothing with it.
func Headers(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !requestID.MatchString(id) {
		id = uuid.NewString()
	}
	c.Set(requestIDKey, id)
	c.Header("X-Request-Id", id)
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	c.Header("X-Frame-Options", "DENY")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cross-Origin-Resource-Policy", "same-origin")
	if c.Request.TLS != nil {
		c.Header("Strict-Transport-Security", "max-age=31536000")
	}
}

// RequestID is the id that the answer carries as X-Request-Id.
func RequestID(c *gin.Context) string { return c.GetString(requestIDKey) }
