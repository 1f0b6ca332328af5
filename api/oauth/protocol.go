package oauth

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/journal"
)

// protocol is what the library asks of this server. It reads requests, compares what
// the standards say must be compared, and writes answers and errors.
type protocol struct {
	op.UnimplementedServer
	h *Handler
}

// request is what goes along with a request in its context.
type request struct {
	resource func(indicator string) (path string, ok bool)
	asked    *question // filled as the request is read
	failed   error     // why the client of a request for access was not found
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(requestKey{}).(*request)
	return r
}

// question is a request for access that is as it should be.
type question struct {
	client            client
	redirect, state   string
	challenge         string
	resource          string
	scopes            []access.Scope
	clientKnown, good bool
}

const maxState = 2000 // bytes

// VerifyAuthRequest finds the client of a request for access. Its errors are shown to
// the person: nobody is sent anywhere before it is known where the client is.
func (p protocol) VerifyAuthRequest(ctx context.Context, r *op.Request[oidc.AuthRequest]) (*op.ClientRequest[oidc.AuthRequest], error) {
	one, err := p.h.find(ctx, r.Data.ClientID)
	if err != nil {
		requestOf(ctx).failed = err
		return nil, oidc.ErrInvalidClient()
	}
	q := requestOf(ctx).asked
	q.client, q.clientKnown = one, true
	if registered(one.redirects, r.Data.RedirectURI) {
		one.given = r.Data.RedirectURI
	}
	if len(r.Data.Scopes) == 0 { // a client that asks for none in particular
		r.Data.Scopes = []string{string(access.TasksRead), string(access.TasksWrite)}
	}
	// What the library would refuse in words of its own is checked in Authorize.
	r.Data.ResponseType, r.Data.ResponseMode, r.Data.CodeChallengeMethod = oidc.ResponseTypeCode, oidc.ResponseModeQuery, oidc.CodeChallengeMethodS256
	return &op.ClientRequest[oidc.AuthRequest]{Request: r, Client: one}, nil
}

// challengeForm is a challenge of PKCE with S256: RFC 7636, section 4.2.
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// Authorize takes a request whose client and redirect URI fit. Its errors go back to
// the client.
func (p protocol) Authorize(ctx context.Context, r *op.ClientRequest[oidc.AuthRequest]) (*op.Redirect, error) {
	d, q := r.Data, requestOf(ctx).asked
	refuse := func(e *oidc.Error, description string) (*op.Redirect, error) {
		return nil, e.WithDescription("%s", description)
	}
	path, ours := requestOf(ctx).resource(r.Form.Get("resource"))
	var scopes []access.Scope
	for _, s := range access.Standard {
		if slices.Contains(d.Scopes, string(s)) {
			scopes = append(scopes, s)
		}
	}
	switch {
	case r.Form.Has("request") || r.Form.Has("request_uri"):
		return refuse(oidc.ErrRequestNotSupported(), "request objects are not supported; send the parameters themselves")
	case !r.Form.Has("response_type"):
		return refuse(oidc.ErrInvalidRequest(), "response_type is missing; it must be code")
	case r.Form.Get("response_type") != "code":
		return refuse(&oidc.Error{ErrorType: "unsupported_response_type"}, "response_type must be code")
	case r.Form.Has("response_mode") && r.Form.Get("response_mode") != "query":
		return refuse(oidc.ErrInvalidRequest(), "response_mode must be query")
	case len(d.State) > maxState:
		return refuse(oidc.ErrInvalidRequest(), "state can have 2000 bytes")
	case d.CodeChallenge == "":
		return refuse(oidc.ErrInvalidRequest(), "code_challenge is missing: PKCE is required (RFC 7636)")
	case r.Form.Get("code_challenge_method") != "S256":
		return refuse(oidc.ErrInvalidRequest(), "code_challenge_method must be S256")
	case !challengeForm.MatchString(d.CodeChallenge):
		return refuse(oidc.ErrInvalidRequest(), "code_challenge must be the SHA-256 of the verifier in base64url, 43 characters")
	case !r.Form.Has("resource"):
		return refuse(oidc.ErrInvalidTarget(), "resource is missing: it names this server, as its metadata does (RFC 8707)")
	case !ours:
		return refuse(oidc.ErrInvalidTarget(), "resource is another server; it must be as the metadata of this one names it")
	case len(scopes) == 0:
		return refuse(oidc.ErrInvalidScope(), "no scope that is known here is asked for; there are tasks:read and tasks:write")
	case slices.Contains(d.Prompt, oidc.PromptNone):
		return refuse(oidc.ErrInteractionRequired(), "a person must agree; ask without prompt=none")
	}
	q.redirect, q.state, q.challenge, q.resource, q.scopes, q.good = d.RedirectURI, d.State, d.CodeChallenge, path, scopes, true
	return op.NewRedirect(pathAuthorize), nil // not followed: the question is asked right here
}

// VerifyClient finds the client that wants tokens. The document of a client that
// describes itself is not fetched again: the code or token it sends must have been given
// to the same id.
func (p protocol) VerifyClient(ctx context.Context, r *op.Request[op.ClientCredentials]) (op.Client, error) {
	id := r.Data.ClientID
	if isDocument(id) && checkAddress(id) == nil {
		return client{id: id}, nil
	}
	one, err := client{}, error(errNoClient)
	if !isDocument(id) {
		one, err = p.h.find(ctx, id)
	}
	if errors.Is(err, errNoClient) {
		return nil, op.NewStatusError(oidc.ErrInvalidClient().WithDescription("the client is not known here; register anew"), http.StatusUnauthorized)
	}
	if err != nil {
		return nil, p.failed(ctx, err)
	}
	return one, nil
}

// verifierForm is a verifier of PKCE: RFC 7636, section 4.1.
var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// CodeExchange gives a client the tokens of a new connection.
func (p protocol) CodeExchange(ctx context.Context, r *op.ClientRequest[oidc.AccessTokenRequest]) (*op.Response, error) {
	d, id := r.Data, r.Client.GetID()
	ctx = acting(ctx, id)
	issued, err := p.h.Store.RedeemCode(ctx, d.Code, func(g access.Grant) (string, error) {
		switch {
		case g.ClientID != id:
			return "", &access.Refused{Reason: "the code was given to another client"}
		case g.Redirect != d.RedirectURI:
			return "", &access.Refused{Reason: "redirect_uri is not the one to which the code was sent"}
		case !verifierForm.MatchString(d.CodeVerifier):
			return "", &access.Refused{Reason: "code_verifier is missing, or has not 43 to 128 characters of those that are allowed"}
		case !oidc.VerifyCodeChallenge(&oidc.CodeChallenge{Challenge: g.Challenge, Method: oidc.CodeChallengeMethodS256}, d.CodeVerifier):
			return "", &access.Refused{Reason: "code_verifier does not belong to the code_challenge"}
		}
		return destinationOf(g.Redirect).Name, p.fits(ctx, r.Form["resource"], g.Resource)
	})
	return p.answer(ctx, issued, err)
}

// RefreshToken gives a client new tokens for one that it has.
func (p protocol) RefreshToken(ctx context.Context, r *op.ClientRequest[oidc.RefreshTokenRequest]) (*op.Response, error) {
	id := r.Client.GetID()
	ctx = acting(ctx, id)
	issued, err := p.h.Store.RefreshTokens(ctx, r.Data.RefreshToken, id, func(of string) error { return p.fits(ctx, r.Form["resource"], of) }, r.Data.Scopes)
	return p.answer(ctx, issued, err)
}

// Revocation ends the connection of a token. The answer does not tell whether there
// was one: RFC 7009, section 2.2.
func (p protocol) Revocation(ctx context.Context, r *op.ClientRequest[oidc.RevocationRequest]) (*op.Response, error) {
	id := r.Client.GetID()
	if err := p.h.Store.EndByClient(acting(ctx, id), r.Data.Token, id); err != nil {
		return nil, p.failed(ctx, err)
	}
	return op.NewResponse(nil), nil
}

// fits checks the resource that a client names when it fetches tokens. It may leave it
// out: the one that the person agreed to counts (RFC 8707, section 2.2).
func (p protocol) fits(ctx context.Context, named []string, of string) error {
	for _, one := range named {
		if path, ours := requestOf(ctx).resource(one); !ours || path != of {
			return &access.Refused{Reason: "resource is not the one that the person agreed to", Target: true}
		}
	}
	return nil
}

func (p protocol) answer(ctx context.Context, issued access.Issued, err error) (*op.Response, error) {
	var refused *access.Refused
	switch {
	case errors.Is(err, access.ErrUnknownGrant):
		return nil, oidc.ErrInvalidGrant().WithDescription("the code or token is unknown, expired, or another client's")
	case errors.As(err, &refused) && refused.Target:
		return nil, oidc.ErrInvalidTarget().WithDescription("%s", refused.Reason)
	case errors.As(err, &refused) && refused.Scope:
		return nil, oidc.ErrInvalidScope().WithDescription("%s", refused.Reason)
	case errors.As(err, &refused):
		return nil, oidc.ErrInvalidGrant().WithDescription("%s", refused.Reason)
	case err != nil:
		return nil, p.failed(ctx, err)
	}
	var scopes oidc.SpaceDelimitedArray
	for _, s := range issued.Scopes {
		scopes = append(scopes, string(s))
	}
	return op.NewResponse(&oidc.AccessTokenResponse{
		AccessToken: issued.Access, TokenType: oidc.BearerToken, RefreshToken: issued.Refresh, ExpiresIn: uint64(max(0, issued.Lasts.Seconds())), Scope: scopes,
	}), nil
}

// failed is the error for a client that could not be served now, for no fault of its
// own.
func (p protocol) failed(ctx context.Context, err error) error {
	e := p.h.Visible(ctx, "oauth", err)
	status := http.StatusInternalServerError
	switch e.Code {
	case fault.Unavailable:
		status = http.StatusServiceUnavailable
	case fault.RateLimited:
		status = http.StatusTooManyRequests
	}
	return op.NewStatusError(oidc.ErrServerError().WithDescription("%s", e.Message), status)
}

// acting returns a context in which a client acts without a person.
func acting(ctx context.Context, clientID string) context.Context {
	name := clientID
	if isDocument(clientID) {
		name = hostOf(clientID)
	}
	return journal.With(ctx, journal.NewCall(journal.Actor{Kind: journal.Agent, Name: name, Client: strings.ToValidUTF8(clientID, ""), Transport: journal.REST}))
}
