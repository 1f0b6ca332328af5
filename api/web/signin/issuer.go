package signin

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"tickler/api/guard"
	"tickler/api/web"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/person"
)

// issuerLasts is how long a person may take to sign in with an issuer.
const issuerLasts = 15 * time.Minute

// way is an issuer with which people sign in, as the page offers it.
type way struct{ Name, Path string }

func (h *Handler) ways() []way {
	var all []way
	for i, client := range h.Clients {
		name := client.Issuer
		if u, err := url.Parse(client.Issuer); err == nil && u.Host != "" {
			name = u.Host
		}
		all = append(all, way{name, "/sign-in/with/" + strconv.Itoa(i)})
	}
	return all
}

// withIssuer sends the person to an issuer. It is a link and not a form: the policy
// of the page lets no form lead to another server.
func (h *Handler) withIssuer(c *gin.Context) {
	i, err := strconv.Atoi(c.Param("issuer"))
	if err != nil || i < 0 || i >= len(h.Clients) {
		h.Pages.Fail(c, "sign in", &fault.Error{Code: fault.NotFound, Message: "there is no such issuer"})
		return
	}
	s := access.SignIn{
		Issuer: h.Clients[i].Issuer, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(),
		Back: h.origin(c) + "/sign-in/back",
	}
	address, err := h.Issuers.Start(h.Clients[i], s)
	if err != nil {
		h.failIssuer(c, err)
		return
	}
	if err := h.begin(c, stepIssuer, s, issuerLasts); err != nil {
		h.Pages.Fail(c, "sign in", err)
		return
	}
	c.Redirect(http.StatusFound, address)
}

// backFromIssuer signs in who comes back from an issuer.
func (h *Handler) backFromIssuer(c *gin.Context) {
	var s access.SignIn
	if err := h.take(c, stepIssuer, &s); err != nil {
		h.failIssuer(c, err)
		return
	}
	var client access.Client
	for _, one := range h.Clients {
		if one.Issuer == s.Issuer {
			client = one
		}
	}
	if refusal := c.Query("error"); refusal != "" && c.Query("state") == s.State {
		h.failIssuer(c, &fault.Error{Code: fault.Forbidden, Message: "the issuer signed nobody in and says " + strconv.Quote(fault.Clip(refusal))})
		return
	}
	ctx := c.Request.Context()
	subject, err := h.Issuers.Finish(ctx, client, s, access.Answer{State: c.Query("state"), Code: c.Query("code"), Issuer: c.Query("iss")})
	if err != nil {
		h.failIssuer(c, err)
		return
	}
	userID, err := h.Store.ProvisionUser(ctx, client.Issuer, subject)
	if err != nil {
		h.Pages.Fail(c, "sign in", err)
		return
	}
	onward, err := h.signIn(c, userID, client.Issuer)
	if err != nil {
		h.Pages.Fail(c, "sign in", err)
		return
	}
	c.Redirect(http.StatusSeeOther, onward)
}

// failIssuer shows the ways to sign in again, with what went wrong.
func (h *Handler) failIssuer(c *gin.Context, err error) {
	status, e := http.StatusBadRequest, &fault.Error{}
	switch {
	case errors.As(err, &e):
	case errors.Is(err, access.ErrIssuerAway):
		h.Log.Warn("an issuer signs nobody in", "error", err, "request", guard.RequestID(c))
		status = http.StatusServiceUnavailable
		e = fault.Busy("the issuer does not answer as it should").WithHint(fault.TryAgain + ", or sign in another way")
	case errors.Is(err, access.ErrNotSignedIn), errors.Is(err, access.ErrInvalid), errors.Is(err, fault.ErrNotFound):
		h.Guard.Failed(c)
		h.Log.Info("an issuer's answer signed nobody in", "error", err, "request", guard.RequestID(c))
		e = &fault.Error{Code: fault.Forbidden, Message: "that did not sign you in: the answer was not the one to what this browser asked, or came too late; try again"}
	default:
		h.Pages.Fail(c, "sign in", err)
		return
	}
	h.show(c, status, web.Form{Error: e}, false)
}

// origin is this server as the browser calls it.
func (h *Handler) origin(c *gin.Context) string {
	if h.Guard.OverTLS(c) {
		return "https://" + c.Request.Host
	}
	return "http://" + c.Request.Host
}

// begin remembers a step of signing in, and its secret in the browser.
func (h *Handler) begin(c *gin.Context, kind string, state any, lasts time.Duration) error {
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	secret := person.NewSecret()
	begun, err := h.Store.BeginSignInStep(c.Request.Context(), person.HashSecret(secret), kind, string(text), lasts)
	if err != nil {
		return err
	}
	if !begun {
		return fault.Busy("too many people are signing in at the moment")
	}
	h.Guard.SetCookie(c, guard.CookieStep, secret, lasts)
	return nil
}

// take returns the state of the step that this browser began, once. The error is
// fault.ErrNotFound if it began none.
func (h *Handler) take(c *gin.Context, kind string, state any) error {
	text, err := h.Store.TakeSignInStep(c.Request.Context(), person.HashSecret(h.Guard.Cookie(c, guard.CookieStep)), kind)
	h.Guard.SetCookie(c, guard.CookieStep, "", 0)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), state)
}
