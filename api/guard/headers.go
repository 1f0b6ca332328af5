package guard

import (
	"regexp"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

const requestIDKey = "request id"

var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Headers sets X-Request-Id on every answer, to the caller's own id if that is safe
// to log, and headers that keep browsers from interpreting the answer.
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

// RequestID returns the id of the request, as sent in X-Request-Id.
func RequestID(c *gin.Context) string { return c.GetString(requestIDKey) }
