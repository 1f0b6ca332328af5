// Package oauth lets a person connect a client by giving it this server's address: it
// is the authorization server of OAuth 2.1 as the Model Context Protocol wants it. The
// protocol itself is zitadel/oidc's (docs/decisions/0019-oauth-server.md). What stands
// here is what that leaves open: who is a client, what a person is asked, and what codes
// and tokens are.
// https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization
package oauth

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/zitadel/oidc/v3/pkg/op"

	"tickler/api/guard"
	"tickler/api/problem"
	"tickler/api/web"
	"tickler/internal/access"
	"tickler/internal/fault"
)

// Store keeps clients, codes, connections and attempts: repository.Repository.
type Store interface {
	// AddClient returns false where too many clients have registered.
	AddClient(ctx context.Context, id, name string, redirects []string) (bool, error)
	// Client returns a client that registered, or fault.ErrNotFound.
	Client(ctx context.Context, id string) (name string, redirects []string, err error)

	AddCode(ctx context.Context, hash []byte, g access.Grant) error
	// RedeemCode and RefreshTokens return access.ErrUnknownGrant, or an
	// *access.Refused, where there is nothing to be had.
	RedeemCode(ctx context.Context, code string, check func(access.Grant) (leadsTo string, err error)) (access.Issued, error)
	RefreshTokens(ctx context.Context, token, clientID string, resource func(of string) error, scopes []string) (access.Issued, error)
	EndByClient(ctx context.Context, token, clientID string) error
	// Leads reports whether a user is connected with a client, and was led there.
	Leads(ctx context.Context, userID int64, clientID, leadsTo string) (bool, error)

	NoteAttempt(ctx context.Context, userID int64, key []byte, a access.Attempt) error
	PersonName(ctx context.Context, userID int64) (string, error)
}

// Config is what the authorization server needs.
type Config struct {
	Store  Store
	Guard  *guard.Guard
	Pages  *web.Pages
	People guard.ForPeople
	// Fetch gets the documents by which clients describe themselves. It must reach
	// nothing that is not public.
	Fetch *http.Client
	// Registration is whether clients may register (RFC 7591).
	Registration bool
	Now          func() time.Time
	Visible      func(ctx context.Context, what string, err error) *fault.Error
	Log          *slog.Logger
}

// Handler serves the endpoints.
type Handler struct {
	Config
	protocol  http.Handler
	documents *documents
	turns     chan struct{} // of requests that clients send without a person
}

// atATime is how many requests of clients are worked on at the same time, on each
// replica. A flood of them, from however many addresses, must not take the sessions of
// the database from the calls of connected clients.
const atATime = 4

// patience is how long a client waits for its turn.
const patience = 5 * time.Second

func (h *Handler) inTurn(c *gin.Context) {
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
		c.Next()
	case <-wait.C:
		c.Header("Retry-After", "5")
		problem.Refuse(c, fault.Busy("too many clients ask for tokens at the moment"))
	case <-c.Request.Context().Done():
		c.Abort()
	}
}

// New makes a handler. Mount adds its routes.
func New(c Config) *Handler {
	h := &Handler{Config: c, documents: newDocuments(c.Fetch, c.Now), turns: make(chan struct{}, atATime)}
	h.protocol = op.RegisterServer(protocol{h: h}, op.Endpoints{
		Authorization: op.NewEndpoint(pathAuthorize), Token: op.NewEndpoint(pathToken), Revocation: op.NewEndpoint(pathRevoke),
	}, op.WithServerCORSOptions(nil))
	return h
}

const (
	pathAuthorize = "/oauth/authorize"
	pathToken     = "/oauth/token"
	pathRevoke    = "/oauth/revoke"
	pathRegister  = "/oauth/register"
)

// Mount adds the routes to a router.
func (h *Handler) Mount(router gin.IRouter) {
	in := h.Guard.WithSession(h.People, maxForm)
	router.GET(pathAuthorize, append(in, h.ask)...)
	router.POST(pathAuthorize, append(in, h.answer)...)

	clients := h.Guard.ForClients()
	router.POST(pathToken, append(clients, h.inTurn, h.exchange)...)
	router.POST(pathRevoke, append(clients, h.inTurn, h.exchange)...)
	if h.Registration {
		router.POST(pathRegister, append(clients, h.Guard.Registering, h.inTurn, h.register)...)
	}
	router.Match(guard.Reading, wellKnown, h.metadata)
	if prefix := h.Guard.Prefix(); prefix != "" {
		router.Match(guard.Reading, wellKnown+prefix, h.metadata)
	}
}

// maxForm bounds the answer to the question, in bytes.
const maxForm = 16 << 10

const wellKnown = "/.well-known/oauth-authorization-server"

// metadata tells clients what this server can do.
// https://www.rfc-editor.org/rfc/rfc8414#section-2
func (h *Handler) metadata(c *gin.Context) {
	root := h.Guard.Root(c)
	told := gin.H{
		"issuer":                                         root,
		"authorization_endpoint":                         root + pathAuthorize,
		"token_endpoint":                                 root + pathToken,
		"revocation_endpoint":                            root + pathRevoke,
		"scopes_supported":                               access.Standard,
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"token_endpoint_auth_methods_supported":          []string{"none"},
		"revocation_endpoint_auth_methods_supported":     []string{"none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true, // RFC 9207
		"client_id_metadata_document_supported":          true,
	}
	if h.Registration {
		told["registration_endpoint"] = root + pathRegister
	}
	c.Header("Access-Control-Allow-Origin", "*") // public, and needed by clients in browsers
	c.Header("Cross-Origin-Resource-Policy", "cross-origin")
	c.JSON(http.StatusOK, told)
}
