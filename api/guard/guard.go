// Package guard decides which requests reach the handlers of the public listener: by
// host, origin, rate, token and scope.
package guard

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/api/problem"
	"tickler/api/sse"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/person"
	"tickler/internal/telemetry"
)

// Config holds the settings of a guard.
type Config struct {
	// PublicURL is how callers reach the server, without a slash at its end, for example
	// https://tickler.example.com; it names the resource of access tokens.
	PublicURL string
	// Authorizes is whether this server gives tokens to clients itself (package oauth),
	// and IssuersFirst whether clients are told of the trusted issuers before it.
	Authorizes, IssuersFirst bool
	Hosts                    []string // allowed in the Host header besides that of PublicURL; * for any
	Origins                  []string // of web pages that may call, besides those of this server
	// UserRate and AddressRate limit calls per second, FailureRate refused tokens per
	// second and address, each on one replica; 0 is no limit. Bursts may have four
	// times as many.
	UserRate, AddressRate, FailureRate float64
	// UserCalls limits the concurrent calls of one user on one replica; 0 is no
	// limit. Streams count until they have begun.
	UserCalls int
}

// Reading are the methods of a request that only reads: where GET is answered, HEAD
// is too, which link previews and monitors send (RFC 9110, section 9.1).
var Reading = []string{http.MethodGet, http.MethodHead}

// Guard checks requests. It is safe for concurrent use.
type Guard struct {
	config   Config
	trust    access.Trust
	checker  *access.Checker
	settings func(ctx context.Context, userID int64) (person.Settings, error)
	log      *slog.Logger

	users, addresses, failures, secrets, signIns, registrations *limiters
	calls                                                       *callsUnderWay
	reads                                                       *reads
}

// New makes a guard. settings reads the settings of the user a token belongs to.
func New(config Config, trust access.Trust, checker *access.Checker, settings func(context.Context, int64) (person.Settings, error), now func() time.Time, log *slog.Logger) *Guard {
	return &Guard{
		config: config, trust: trust, checker: checker, settings: settings, log: log,
		users: newLimiters(config.UserRate, now), addresses: newLimiters(config.AddressRate, now), failures: newLimiters(config.FailureRate, now),
		secrets: newLimiters(min(secretRate, config.AddressRate), now), signIns: newLimiters(min(signInRate, config.AddressRate), now),
		registrations: newLimiters(min(registrationRate, config.AddressRate), now),
		calls:         newCallsUnderWay(config.UserCalls), reads: &reads{of: map[string]int{}},
	}
}

// WithToken returns the checks of a request that carries a token, cheapest first:
// those that need no token come before those that do. The body may have maxBody
// bytes; 0 is MaxBody.
func (g *Guard) WithToken(maxBody int64) gin.HandlersChain {
	return gin.HandlersChain{g.expectedOrigin, noTokenInURL, plainBody(cmp.Or(maxBody, MaxBody)), g.notTooOften, g.authenticated}
}

// newToken tells how to come by a token that works.
const newToken = "a person makes one at /connections, or: api token create --user NAME"

// authenticated admits callers with a valid token and puts them into the context.
// The token is the only source of identity. The context ends with the token.
// https://www.rfc-editor.org/rfc/rfc6750#section-3
func (g *Guard) authenticated(c *gin.Context) {
	ctx, address := c.Request.Context(), addressOf(c)
	token, ok := access.ParseBearer(c.GetHeader("Authorization"))
	if !ok || len(c.Request.Header.Values("Authorization")) > 1 {
		g.failures.take(address)
		g.challenge(c, "", access.Standard, &fault.Error{
			Code: fault.Unauthorized, Message: "a token is needed: send the header Authorization: Bearer TOKEN, once",
			Hint: newToken,
		})
		return
	}
	caller, fresh, seen := g.checker.Known(token)
	if !fresh {
		// Too many failures from an address block unknown tokens from there, but not
		// one that was valid a while ago.
		if wait := g.failures.wait(address); !seen && wait > 0 {
			tooOften(c, wait, "too many bad tokens came from this address")
			return
		}
		var err error
		caller, err = g.checker.Check(ctx, token)
		if errors.Is(err, access.ErrInvalid) {
			g.failures.take(address)
			refusal := unknownToken()
			if expired := (*access.ExpiredError)(nil); errors.As(err, &expired) {
				refusal.Message = "this token expired on " + expired.At.UTC().Format("2 January 2006 at 15:04 UTC")
				refusal.Hint = newToken + "; a connected program gets one with its refresh token"
			}
			g.challenge(c, "invalid_token", access.Standard, refusal)
			return
		}
		if err != nil {
			problem.Refuse(c, g.unchecked(c, err))
			return
		}
	}
	if !caller.MayOpen(c.Request.URL.Path) {
		g.challenge(c, "invalid_token", access.Standard, &fault.Error{
			Code: fault.Unauthorized, Message: "this token is for " + caller.Resource + " only", Hint: "ask for one with the resource that the metadata names",
		})
		return
	}
	g.admit(c, caller, func(e *fault.Error) { problem.Refuse(c, e) }, func() { g.challenge(c, "invalid_token", access.Standard, unknownToken()) })
}

// admit runs the handlers for a caller who was identified, unless they call too
// often. The context of the request ends with what identified them. gone answers for
// a person who was deleted, as what identified them will be refused once it is no
// longer cached.
func (g *Guard) admit(c *gin.Context, caller access.Caller, refuse func(*fault.Error), gone func()) {
	ctx := c.Request.Context()
	if wait := g.users.takeID(caller.UserID); wait > 0 {
		refuse(slowDown(c, wait, "you call too often"))
		return
	}
	end, ok := g.calls.begin(caller.UserID)
	if !ok {
		c.Header("Retry-After", "1")
		refuse(g.tooManyAtOnce())
		return
	}
	defer end()
	user, err := g.settings(ctx, caller.UserID)
	if errors.Is(err, fault.ErrNotFound) {
		gone()
		return
	}
	if err != nil {
		refuse(g.unchecked(c, err))
		return
	}
	ctx, release := g.checker.Hold(ctx, caller)
	defer release()
	// An open stream counts as a stream, not as a call. Its token may have been
	// checked two seconds ago, so it is checked again.
	ctx = sse.OnOpen(ctx, func() { end(); g.checker.Recheck() })
	ctx = journal.With(access.With(ctx, caller), journal.NewCall(actor(caller, c.Request.URL.Path)))
	c.Request = c.Request.WithContext(operation.WithUser(ctx, user))
	c.Next()
}

// actor is who the history says made the changes of a call.
func actor(caller access.Caller, path string) journal.Actor {
	if caller.SessionID != 0 {
		return Person(caller.Client)
	}
	by := journal.Actor{Kind: journal.Agent, Name: caller.Actor, TokenID: caller.TokenID, Client: caller.Client, Transport: journal.REST}
	if strings.HasPrefix(path, "/mcp") {
		by.Transport = journal.MCP
	}
	return by
}

// Person is the actor of changes that a person makes at the page, in a browser.
func Person(browser string) journal.Actor {
	return journal.Actor{Kind: journal.Person, Name: access.ActorPage, Client: browser, Transport: journal.Page}
}

func unknownToken() *fault.Error {
	return &fault.Error{Code: fault.Unauthorized, Message: "this token is unknown, revoked, or not meant for this server", Hint: newToken}
}

// unchecked is the error for a caller whose token or session could not be checked.
func (g *Guard) unchecked(c *gin.Context, err error) *fault.Error {
	if operation.CallerLeft(c.Request.Context(), err) {
		return &fault.Error{Code: fault.Internal, Message: "the caller left before its token was checked"}
	}
	g.log.Error("a token could not be checked", "error", err, "request", RequestID(c), "trace", telemetry.TraceID(c.Request.Context()))
	return fault.Busy("tokens cannot be checked at the moment")
}

// challenge refuses a request and says which token would be accepted.
// https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#scope-challenge-handling
func (g *Guard) challenge(c *gin.Context, reason string, needed []access.Scope, e *fault.Error) {
	parts := []string{`Bearer realm="tickler"`}
	if reason != "" {
		parts = append(parts, `error="`+reason+`"`, `error_description="`+e.Message+`"`)
	}
	parts = append(parts, `scope="`+access.Join(needed, " ")+`"`)
	if address := g.metadataURL(c); address != "" {
		parts = append(parts, `resource_metadata="`+address+`"`)
	}
	c.Header("WWW-Authenticate", strings.Join(parts, ", "))
	problem.Refuse(c, e)
}
