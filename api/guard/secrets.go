package guard

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"

	"tickler/api/problem"
	"tickler/internal/fault"
)

const (
	// secretRate is how many requests per second one secret allows, on one replica; four
	// times as many may come at once. Calendar programs come every few minutes.
	secretRate = 1
	// secretReads is how many requests with one secret are answered at the same time.
	secretReads = 2
	// maxForm bounds the body of a form without fields, in bytes.
	maxForm = 1 << 10
)

// WithSecret returns the checks of a request that carries a secret in its path, as the
// parameter with this name, instead of a token. The handler looks the secret up, and
// answers 404 if it is unknown.
func (g *Guard) WithSecret(parameter string) gin.HandlersChain {
	return gin.HandlersChain{g.notTooOften, func(c *gin.Context) { g.secret(c, c.Param(parameter)) }}
}

// FormWithSecret is WithSecret for a form without fields on a page of this server.
func (g *Guard) FormWithSecret(parameter string) gin.HandlersChain {
	return append(gin.HandlersChain{g.expectedOrigin, plainBody(maxForm)}, g.WithSecret(parameter)...)
}

// secret limits requests with a secret before the secret is looked up, and all that come
// from an address that has sent wrong ones.
func (g *Guard) secret(c *gin.Context, secret string) {
	address := addressOf(c)
	if wait := g.failures.wait(address); wait > 0 {
		tooOften(c, wait, "too many wrong secret links, or bad tokens, came from this address")
		return
	}
	sum := sha256.Sum256([]byte(secret))
	key := hex.EncodeToString(sum[:]) // a limiter keeps no secret
	if wait := g.secrets.take(key); wait > 0 {
		tooOften(c, wait, "this address is read too often")
		return
	}
	if !g.reads.begin(key) {
		c.Header("Retry-After", "1")
		problem.Refuse(c, &fault.Error{Code: fault.RateLimited, Message: "this address is being read already, as often as it may be at a time; wait for the answers"})
		return
	}
	defer g.reads.end(key)
	c.Next()
	if c.Writer.Status() == http.StatusNotFound {
		g.failures.take(address)
	}
}

// reads counts what is under way for each secret.
type reads struct {
	mu sync.Mutex
	of map[string]int
}

func (r *reads) begin(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of[key] >= secretReads {
		return false
	}
	r.of[key]++
	return true
}

func (r *reads) end(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of[key]--; r.of[key] == 0 {
		delete(r.of, key)
	}
}
