package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Trust says whose access tokens are accepted, and for what.
type Trust struct {
	Issuers    []string // as they name themselves in the claim iss
	Audiences  []string // what this server calls itself: RFC 8707 resource indicators
	Algorithms []string
	// Admin lets the issuers grant the scope admin. Without it a token of theirs
	// never has it, whatever it says.
	Admin bool
}

// Algorithms that may be trusted: those with a public key. A shared secret would
// let whoever verifies also sign, and none verifies nothing.
var Algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// CheckIssuer returns what is wrong with the name of an issuer.
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("%s is not the URL of an issuer; example: https://id.example.com/realms/home", quoted(issuer))
	}
	return checkSecure(u)
}

// checkSecure refuses plain HTTP to other machines: whoever can replace an issuer's
// keys in transit can impersonate anybody.
func checkSecure(u *url.URL) error {
	host := u.Hostname()
	if u.Scheme == "https" || u.Scheme == "http" && (host == "127.0.0.1" || host == "::1" || host == "localhost") {
		return nil
	}
	return fmt.Errorf("%s must begin with https://", quoted(u.Redacted()))
}

const (
	leeway      = 30 * time.Second // by which clocks may differ
	longestName = 255              // of a subject or client
)

// Claims are what is taken from a token that was verified.
type Claims struct {
	Issuer, Subject, Client string
	Scopes                  []Scope
	Expires                 time.Time
}

func (c Claims) actor() string {
	if c.Client == "" {
		return c.Issuer
	}
	return c.Issuer + " client " + c.Client
}

// Issuers verifies tokens of the trusted issuers.
type Issuers struct {
	ctx    context.Context // of the refreshing of keys
	client *http.Client
	direct *http.Client // follows no redirects
	log    *slog.Logger
	parser *jwt.Parser
	byName map[string]*issuer
	scopes []Scope // that they can grant

	algorithms []string
	now        func() time.Time
}

// NewIssuers trusts issuers; their keys are kept up to date until ctx ends. It
// returns nil when there are none.
func NewIssuers(ctx context.Context, trust Trust, now func() time.Time, log *slog.Logger) *Issuers {
	if len(trust.Issuers) == 0 {
		return nil
	}
	all := &Issuers{
		ctx: ctx, log: log, byName: map[string]*issuer{}, scopes: Standard, algorithms: trust.Algorithms, now: now,
		client: &http.Client{Timeout: fetchTimeout, Transport: limitedTransport{http.DefaultTransport}},
		parser: jwt.NewParser(
			jwt.WithValidMethods(trust.Algorithms), jwt.WithAudience(trust.Audiences...), jwt.WithExpirationRequired(),
			jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(now)),
	}
	direct := *all.client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	all.direct = &direct
	if trust.Admin {
		all.scopes = Scopes
	}
	for _, name := range trust.Issuers {
		all.byName[name] = &issuer{name: name}
	}
	return all
}

// payload is the part of a token's content that is used here.
type payload struct {
	jwt.RegisteredClaims
	Scope    string          `json:"scope"` // RFC 9068
	SCP      json.RawMessage `json:"scp"`   // what some issuers call it, a text or a list
	ClientID string          `json:"client_id"`
	AZP      string          `json:"azp"`
}

// Verify checks a token: signed by a trusted issuer with a permitted algorithm,
// for this server, of the right type, not expired.
// https://www.rfc-editor.org/rfc/rfc9068#section-4
func (all *Issuers) Verify(ctx context.Context, token string) (Claims, error) {
	var content payload
	var away error
	parsed, err := all.parser.ParseWithClaims(token, &content, func(t *jwt.Token) (any, error) {
		if err := checkHeader(t.Header); err != nil {
			return nil, err
		}
		from, trusted := all.byName[content.Issuer]
		if !trusted {
			return nil, errors.New("the issuer is not trusted")
		}
		keys, err := all.keysOf(from)
		if err != nil {
			away = err
			return nil, err
		}
		return keys.KeyfuncCtx(ctx)(t)
	})
	if away != nil {
		return Claims{}, away
	}
	if errors.Is(err, jwt.ErrTokenExpired) && content.ExpiresAt != nil { // the signature was checked before
		return Claims{}, &ExpiredError{At: content.ExpiresAt.Time}
	}
	if err != nil || !parsed.Valid {
		return Claims{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := checkSubject(content.Subject); err != nil {
		return Claims{}, err
	}
	client := content.ClientID
	if client == "" {
		client = content.AZP
	}
	return Claims{
		Issuer: content.Issuer, Subject: content.Subject, Client: strings.ToValidUTF8(client[:min(len(client), longestName)], ""),
		Scopes: content.scopesOf(all.scopes), Expires: content.ExpiresAt.Time,
	}, nil
}

func checkSubject(subject string) error {
	if subject == "" || len(subject) > longestName || strings.ContainsRune(subject, 0) {
		return fmt.Errorf("%w: it names nobody", ErrInvalid)
	}
	return nil
}

// checkHeader refuses tokens of another type, and critical extensions that are not
// understood.
func checkHeader(header map[string]any) error {
	if _, critical := header["crit"]; critical {
		return errors.New("the token has a critical extension")
	}
	typ, set := header["typ"]
	if !set {
		return nil
	}
	name, _ := typ.(string)
	switch strings.TrimPrefix(strings.ToLower(name), "application/") {
	case "jwt", "at+jwt":
		return nil
	default:
		return errors.New("the token is not an access token")
	}
}

// scopesOf are those of the token that may be granted.
func (p payload) scopesOf(grantable []Scope) []Scope {
	names := strings.Fields(p.Scope)
	var text string
	var list []string
	if json.Unmarshal(p.SCP, &text) == nil {
		names = append(names, strings.Fields(text)...)
	} else if json.Unmarshal(p.SCP, &list) == nil {
		names = append(names, list...)
	}
	var known []Scope
	for _, s := range grantable {
		if slices.Contains(names, string(s)) {
			known = append(known, s)
		}
	}
	return known
}
