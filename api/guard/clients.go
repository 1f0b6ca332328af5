package guard

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"tickler/api/problem"
	"tickler/internal/fault"
)

const (
	// registrationRate is how many clients an address may register per second, on one
	// replica; four times as many may come at once.
	registrationRate = 1
	// maxClientForm bounds what a client sends, in bytes.
	maxClientForm = 16 << 10
)

// ForClients lists the checks of a request by which a client fetches tokens. It carries
// no token itself. Its parameters may not be in the address, which logs keep.
// Refusals have the form of OAuth.
func (g *Guard) ForClients() gin.HandlersChain {
	return gin.HandlersChain{problem.ForClients, g.expectedOrigin, noQuery, plainBody(maxClientForm), g.notTooOften, func(c *gin.Context) {
		address := addressOf(c)
		if wait := g.failures.wait(address); wait > 0 {
			tooOften(c, wait, "too many bad codes or tokens came from this address")
			return
		}
		c.Next()
		if status := c.Writer.Status(); status == http.StatusBadRequest || status == http.StatusUnauthorized {
			g.failures.take(address)
		}
	}}
}

// Registering limits how many clients an address registers. It stands behind
// ForClients.
func (g *Guard) Registering(c *gin.Context) {
	if wait := g.registrations.take(addressOf(c)); wait > 0 {
		tooOften(c, wait, "too many clients were registered from this address")
	}
}

func noQuery(c *gin.Context) {
	if c.Request.URL.RawQuery != "" {
		problem.Refuse(c, &fault.Error{Code: fault.InvalidInput, Message: "parameters are not accepted in the address, which logs keep; send them in the body"})
	}
}
