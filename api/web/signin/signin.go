// Package signin lets people into the page: by a link that works once, by a passkey,
// or through an issuer of tokens that the operator trusts. Each way ends in a session
// of the browser; see package access.
package signin

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/guard"
	"tickler/api/operation"
	"tickler/api/web"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/journal"
)

// Store is where sessions, and what leads to them, are kept: repository.Repository.
type Store interface {
	// AddSession stores a session, and ends the one with the id replaced.
	AddSession(ctx context.Context, userID int64, s access.Session, replaced int64) (id int64, err error)
	// EndSession reports whether there was such a session of the user.
	EndSession(ctx context.Context, userID, id int64) (bool, error)

	// FindSignInLink returns the name of the person whom a link signs in, or
	// fault.ErrNotFound. It changes nothing.
	FindSignInLink(ctx context.Context, hash []byte) (name string, err error)
	// TakeSignInLink returns the user whom a link signs in, once, or
	// fault.ErrNotFound.
	TakeSignInLink(ctx context.Context, hash []byte) (userID int64, err error)
	// MailSignInLink does not tell whether anybody signs in by mail at the address.
	MailSignInLink(ctx context.Context, address, server string) error

	// BeginSignInStep remembers the state of a step. It returns false if too many
	// are remembered already.
	BeginSignInStep(ctx context.Context, hash []byte, kind, state string, lasts time.Duration) (begun bool, err error)
	// FindSignInStep returns the state of a step, or fault.ErrNotFound.
	FindSignInStep(ctx context.Context, hash []byte, kind string) (state string, err error)
	// TakeSignInStep does so once.
	TakeSignInStep(ctx context.Context, hash []byte, kind string) (state string, err error)

	// ProvisionUser returns the user whom an issuer knows by a subject, and makes them
	// if there is none.
	ProvisionUser(ctx context.Context, issuer, subject string) (int64, error)
	PasskeyStore
}

// Config is what signing in needs.
type Config struct {
	Store   Store
	Checker *access.Checker
	Guard   *guard.Guard
	Pages   *web.Pages
	// PublicURL is the root of links in mail. Without one, no link is mailed.
	PublicURL string
	// Issuers are those with which people may sign in, as the Clients.
	Issuers *access.Issuers
	Clients []access.Client
	Now     func() time.Time
	Visible func(ctx context.Context, what string, err error) *fault.Error
	Log     *slog.Logger
}

// Handler serves the pages of signing in, and is how the guard answers people.
type Handler struct{ Config }

// New makes a handler. Mount adds its routes.
func New(c Config) *Handler { return &Handler{c} }

// Mount adds the routes to a router.
func (h *Handler) Mount(router gin.IRouter) {
	open := h.Guard.WithoutSession(h, maxForm)
	attempt := append(h.Guard.WithoutSession(h, maxForm), h.private, h.Guard.SigningIn(h))
	router.Match(guard.Reading, "/sign-in", append(open, h.ask)...)
	router.Match(guard.Reading, "/sign-in/link/:secret", append(attempt, h.showLink)...)
	router.POST("/sign-in/link/:secret", append(attempt, h.followLink)...)
	router.POST("/sign-in/mail", append(attempt, h.mailLink)...)
	router.GET("/sign-in/with/:issuer", append(attempt, h.withIssuer)...)
	router.GET("/sign-in/back", append(attempt, h.backFromIssuer)...)

	in := h.Guard.WithSession(h, 0)
	router.Match(guard.Reading, "/sign-in/kept", append(in, h.showKept)...)
	router.POST("/sign-out", append(in, h.signOut)...)
	h.mountPasskeys(router, attempt, in)
}

// maxForm bounds forms from people who are not signed in, in bytes. The answer of an
// authenticator has a few thousand.
const maxForm = 64 << 10

// private refuses to sign anybody in where others could read along.
func (h *Handler) private(c *gin.Context) {
	if !h.Guard.Private(c) {
		h.Refuse(c, &fault.Error{
			Code: fault.Forbidden, Message: "nobody is signed in over plain HTTP, where others can read along; open the page over https, at the address that TICKLER_PUBLIC_URL has for whoever runs this server",
		})
		c.Abort()
	}
}

// asked is what the page of signing in shows.
type asked struct {
	Private  bool
	Passkeys bool
	Issuers  []way
	Mail     bool // links are mailed
	Mailed   bool // one was asked for
	Kept     bool // a form waits for its person to sign in
}

// ask shows the ways to sign in.
func (h *Handler) ask(c *gin.Context) {
	if _, err := h.Checker.CheckSession(c.Request.Context(), h.Guard.Cookie(c, guard.CookieSession)); err == nil && h.Guard.Private(c) {
		c.Redirect(http.StatusSeeOther, h.onward(c))
		return
	}
	h.show(c, http.StatusOK, web.Form{}, false)
}

func (h *Handler) show(c *gin.Context, status int, form web.Form, mailed bool) {
	h.Pages.Show(c, status, "signin", web.Page{Title: "Sign in", Alone: true, Scripts: []string{"passkey.js"}, Data: struct {
		asked
		Form web.Form
	}{asked{
		Private: h.Guard.Private(c), Passkeys: PasskeysAt(c), Issuers: h.ways(), Mail: h.PublicURL != "", Mailed: mailed, Kept: h.Guard.Cookie(c, guard.CookieForm) != "",
	}, form}})
}

// Refuse answers with a page about an error.
func (h *Handler) Refuse(c *gin.Context, e *fault.Error) { h.Pages.Fail(c, "page", e) }

// signIn gives the browser a new session, so that one that somebody planted in it
// before is worth nothing, and returns where the person goes from here. The session
// that the browser had ends.
func (h *Handler) signIn(c *gin.Context, userID int64, method string) (onward string, err error) {
	secret, stored := access.NewSession()
	stored.Browser, stored.Address, stored.Method = Browser(c.Request.UserAgent()), c.ClientIP(), method
	ctx := journal.With(c.Request.Context(), journal.NewCall(guard.Person(stored.Browser)))
	var replaced int64
	former := h.Guard.Cookie(c, guard.CookieSession)
	if before, err := h.Checker.CheckSession(ctx, former); err == nil {
		if replaced = before.SessionID; before.UserID != userID {
			if _, err := h.Store.EndSession(ctx, before.UserID, before.SessionID); err != nil {
				return "", err
			}
		}
		h.Checker.ForgetSession(former)
	}
	if _, err := h.Store.AddSession(ctx, userID, stored, replaced); err != nil {
		return "", err
	}
	h.Guard.SetCookie(c, guard.CookieSession, secret, guard.CookieLasts)
	h.Log.Info("a browser was signed in", "user_id", userID, "method", method, "request", guard.RequestID(c))
	return h.onward(c), nil
}

// signOut ends the session of the browser.
func (h *Handler) signOut(c *gin.Context) {
	ctx := c.Request.Context()
	caller, _ := access.From(ctx)
	if _, err := h.Store.EndSession(ctx, caller.UserID, caller.SessionID); err != nil {
		h.Pages.Fail(c, "sign out", err)
		return
	}
	h.Checker.ForgetSession(h.Guard.Cookie(c, guard.CookieSession))
	for _, name := range []string{guard.CookieSession, guard.CookieStep, guard.CookieForm, guard.CookieKept, guard.CookieNext} {
		h.Guard.SetCookie(c, name, "", 0)
	}
	// What the browser still shows of the page goes too.
	c.Header("Clear-Site-Data", `"cache"`)
	c.Redirect(http.StatusSeeOther, "/sign-in")
}

// Session returns the session of a signed-in person's browser.
func Session(ctx context.Context) (userID, sessionID int64, err error) {
	caller, known := access.From(ctx)
	if _, err := operation.User(ctx); err != nil || !known || caller.SessionID == 0 {
		return 0, 0, &fault.Error{Code: fault.Unauthorized, Message: "nobody is signed in"}
	}
	return caller.UserID, caller.SessionID, nil
}
