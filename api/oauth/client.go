package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"tickler/api/operation"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/input"
)

// maxClientName is how many characters the name of a client can have.
const maxClientName = 100

// client is a program that wants to be connected. It has no secret: each is public,
// and held to PKCE.
type client struct {
	id, name  string
	redirects []string
	vouched   string // the domain that describes it, "" where nobody vouches
	given     string // the redirect URI of the request at hand
}

// newClientID makes the id of a client that registers.
func newClientID() string { return "client_" + rand.Text() }

var registeredID = regexp.MustCompile(`^client_[A-Z2-7]{26}$`)

// isDocument reports whether a client's id is the address of a document.
// https://datatracker.ietf.org/doc/html/draft-ietf-oauth-client-id-metadata-document
func isDocument(id string) bool { return strings.HasPrefix(id, "https://") }

// errNoClient says that no client has the id of a request.
var errNoClient = &fault.Error{
	Code: fault.NotFound, Message: "this program is not known here: it registered too long ago, or never; remove the connection in it and add it again",
}

// find returns the client with an id, with all that it says of itself. One that
// describes itself is looked up for the user in the context.
func (h *Handler) find(ctx context.Context, id string) (client, error) {
	if isDocument(id) {
		user, err := operation.User(ctx)
		if err != nil {
			return client{}, err
		}
		return h.documents.get(ctx, user.UserID, id)
	}
	if !registeredID.MatchString(id) {
		return client{}, errNoClient
	}
	name, redirects, err := h.Store.Client(ctx, id)
	if errors.Is(err, fault.ErrNotFound) {
		return client{}, errNoClient
	}
	return client{id: id, name: name, redirects: redirects}, err
}

// described is what a client says of itself: RFC 7591, section 2.
type described struct {
	ClientID      string   `json:"client_id"`
	Name          string   `json:"client_name"`
	Redirects     []string `json:"redirect_uris"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	GrantTypes    []string `json:"grant_types"`
	ResponseTypes []string `json:"response_types"`
}

const maxRedirects = 50

// check returns what is wrong with a description; redirect tells whether that is a
// redirect URI. It names a client that has no name after where it leads.
func (d *described) check() (redirect bool, err error) {
	if len(d.Redirects) == 0 || len(d.Redirects) > maxRedirects {
		return true, errors.New("redirect_uris must list 1 to 50 URIs")
	}
	for _, uri := range d.Redirects {
		if err := checkRedirect(uri); err != nil {
			return true, err
		}
	}
	if len(d.GrantTypes) > 0 && !slices.Contains(d.GrantTypes, "authorization_code") {
		return false, errors.New("grant_types must contain authorization_code")
	}
	if len(d.ResponseTypes) > 0 && !slices.Contains(d.ResponseTypes, "code") {
		return false, errors.New("response_types must contain code")
	}
	if d.Name == "" {
		d.Name = destinationOf(d.Redirects[0]).Name
	}
	name, err := input.CheckName("client_name", d.Name, maxClientName, "Claude")
	if err != nil {
		var e *fault.Error
		if errors.As(err, &e) {
			return false, errors.New(e.Message)
		}
		return false, err
	}
	d.Name = name
	return false, nil
}

// hostOf is the domain of a document.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// As a client of the library. Redirect URIs were compared before: the library is given
// the one of the request, if it is the client's.

func (c client) GetID() string { return c.id }
func (c client) RedirectURIs() []string {
	if c.given != "" {
		return []string{c.given}
	}
	return nil
}
func (c client) PostLogoutRedirectURIs() []string    { return nil }
func (c client) ApplicationType() op.ApplicationType { return op.ApplicationTypeNative }
func (c client) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodNone }
func (c client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
}
func (c client) LoginURL(string) string                                   { return "" }
func (c client) AccessTokenType() op.AccessTokenType                      { return op.AccessTokenTypeBearer }
func (c client) IDTokenLifetime() time.Duration                           { return 0 }
func (c client) DevMode() bool                                            { return false }
func (c client) IDTokenUserinfoClaimsAssertion() bool                     { return false }
func (c client) ClockSkew() time.Duration                                 { return 0 }
func (c client) IsScopeAllowed(scope string) bool                         { return grantable(scope) }
func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string { return same }
func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return same
}

func same(scopes []string) []string { return scopes }

// grantable reports whether a person can grant a scope to a client: never admin.
func grantable(scope string) bool {
	return slices.Contains(access.Standard, access.Scope(scope))
}
