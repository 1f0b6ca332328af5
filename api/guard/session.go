package guard

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"tickler/internal/access"
	"tickler/internal/fault"
)

// signInRate is how many attempts to sign in an address may make per second, on one
// replica; four times as many may come at once.
const signInRate = 2

// ForPeople is how the guard answers people, who read pages and not JSON.
type ForPeople interface {
	// SignedOut answers a request that needs a session and has none.
	SignedOut(c *gin.Context)
	// Refuse answers with a page that says what is wrong.
	Refuse(c *gin.Context, e *fault.Error)
}

// WithSession returns the checks of a request for a page of a signed-in person. A
// token opens none of them, and a session opens nothing else. The body may have
// maxBody bytes; 0 is MaxBody.
func (g *Guard) WithSession(people ForPeople, maxBody int64) gin.HandlersChain {
	return append(g.WithoutSession(people, maxBody), func(c *gin.Context) { g.signedIn(c, people) })
}

// WithoutSession returns the checks of a request for a page that anybody may see.
func (g *Guard) WithoutSession(people ForPeople, maxBody int64) gin.HandlersChain {
	return gin.HandlersChain{sameOrigin(people), plainBody(cmp.Or(maxBody, MaxBody)), func(c *gin.Context) {
		if wait := g.addresses.take(addressOf(c)); wait > 0 {
			refuse(c, people, slowDown(c, wait, "too many calls come from this address"))
		}
	}}
}

// SigningIn limits how often an address tries to sign in. It stands behind
// WithoutSession.
func (g *Guard) SigningIn(people ForPeople) gin.HandlerFunc {
	return func(c *gin.Context) {
		if wait := g.signIns.take(addressOf(c)); wait > 0 {
			refuse(c, people, slowDown(c, wait, "too many attempts to sign in come from this address"))
		}
	}
}

// Failed counts a link that signs nobody in, as a bad token is counted.
func (g *Guard) Failed(c *gin.Context) { g.failures.take(addressOf(c)) }

// MayKeep reports whether the address may have one more form kept for it, and counts
// it: anybody can send forms without a session.
func (g *Guard) MayKeep(c *gin.Context) bool { return g.signIns.take(addressOf(c)) == 0 }

// sameOrigin refuses requests that browsers send for pages of other origins, except for
// following a link. A request without the headers that tell comes from no current
// browser.
func sameOrigin(people ForPeople) gin.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	return func(c *gin.Context) {
		if err := protection.Check(c.Request); err != nil {
			refuse(c, people, &fault.Error{Code: fault.Forbidden, Message: "this form was sent by a page of another server, so nothing was done"})
		}
	}
}

func (g *Guard) signedIn(c *gin.Context, people ForPeople) {
	c.Header("Vary", "Cookie")
	secret, address := g.Cookie(c, CookieSession), addressOf(c)
	if secret == "" || !g.Private(c) {
		g.signedOut(c, people)
		return
	}
	caller, fresh, seen := g.checker.KnownSession(secret)
	if !fresh {
		if wait := g.failures.wait(address); !seen && wait > 0 {
			refuse(c, people, slowDown(c, wait, "too many sessions that have ended came from this address"))
			return
		}
		var err error
		caller, err = g.checker.CheckSession(c.Request.Context(), secret)
		if errors.Is(err, access.ErrInvalid) {
			g.failures.take(address)
			g.signOut(c, people)
			return
		}
		if err != nil {
			refuse(c, people, g.unchecked(c, err))
			return
		}
	}
	g.admit(c, caller, func(e *fault.Error) { refuse(c, people, e) }, func() { g.signOut(c, people) })
}

func (g *Guard) signOut(c *gin.Context, people ForPeople) {
	g.SetCookie(c, CookieSession, "", 0)
	g.signedOut(c, people)
}

func (g *Guard) signedOut(c *gin.Context, people ForPeople) {
	if page := g.atLocalhost(c); page != "" {
		c.Redirect(http.StatusSeeOther, page)
	} else {
		people.SignedOut(c)
	}
	c.Abort()
}

func refuse(c *gin.Context, people ForPeople, e *fault.Error) {
	people.Refuse(c, e)
	c.Abort()
}
