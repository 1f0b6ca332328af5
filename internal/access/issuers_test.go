package access_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/access"
)

// provider is an issuer of tokens, with metadata and keys over HTTP.
type provider struct {
	*httptest.Server
	key     *rsa.PrivateKey
	kid     string
	fetches atomic.Int32 // of the keys
	further int          // keys beside its own
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	p := &provider{kid: "one"}
	p.rotate(t, "one")
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		p.fetches.Add(1)
		encode := base64.RawURLEncoding.EncodeToString
		keys := []map[string]string{{
			"kty": "RSA", "kid": p.kid, "alg": "RS256", "use": "sig",
			"n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
		}}
		for range p.further {
			keys = append(keys, map[string]string{})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) rotate(t testing.TB, kid string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p.key, p.kid = key, kid
}

const resource = "https://tickler.example.com/mcp"

// token signs claims; change may spoil header and claims.
func (p *provider) token(t testing.TB, change func(header map[string]any, claims jwt.MapClaims)) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": p.URL, "sub": "ann", "aud": resource, "scope": "tasks:read openid", "client_id": "agent",
		"exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"], token.Header["typ"] = p.kid, "at+jwt"
	if change != nil {
		change(token.Header, claims)
	}
	signed, err := token.SignedString(p.key)
	require.NoError(t, err)
	return signed
}

func trust(t testing.TB, issuers ...string) *access.Issuers {
	t.Helper()
	return access.NewIssuers(t.Context(), access.Trust{
		Issuers: issuers, Audiences: []string{resource}, Algorithms: []string{"RS256", "ES256"},
	}, time.Now, slog.New(slog.DiscardHandler))
}

func TestTokenOfATrustedIssuerIsAccepted(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	issuers := trust(t, p.URL)
	claims, err := issuers.Verify(t.Context(), p.token(t, nil))
	require.NoError(t, err)
	require.Equal(t, p.URL, claims.Issuer)
	require.Equal(t, "ann", claims.Subject)
	require.Equal(t, "agent", claims.Client)
	require.Equal(t, []access.Scope{access.TasksRead}, claims.Scopes)
	for _, change := range []func(map[string]any, jwt.MapClaims){
		func(h map[string]any, _ jwt.MapClaims) { delete(h, "typ") },
		func(h map[string]any, _ jwt.MapClaims) { h["typ"] = "JWT" },
		func(h map[string]any, _ jwt.MapClaims) { h["typ"] = "application/at+jwt" },
		func(h map[string]any, _ jwt.MapClaims) { delete(h, "kid") },
		func(_ map[string]any, c jwt.MapClaims) { c["aud"] = []string{"https://other.example", resource} },
		func(_ map[string]any, c jwt.MapClaims) { delete(c, "scope"); c["scp"] = []string{"tasks:read"} },
	} {
		claims, err := issuers.Verify(t.Context(), p.token(t, change))
		require.NoError(t, err)
		require.Equal(t, []access.Scope{access.TasksRead}, claims.Scopes)
	}
	require.EqualValues(t, 1, p.fetches.Load(), "the keys are fetched once")
}

func TestTokenThatIsNotForHereIsRefused(t *testing.T) {
	t.Parallel()
	p, stranger := newProvider(t), newProvider(t)
	issuers := trust(t, p.URL)
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"iss": p.URL, "sub": "ann", "aud": resource, "exp": time.Now().Add(time.Hour).Unix()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	require.NoError(t, err)
	public, err := json.Marshal(p.key.PublicKey)
	require.NoError(t, err)
	confused := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": p.URL, "sub": "ann", "aud": resource, "exp": time.Now().Add(time.Hour).Unix()})
	confused.Header["kid"] = p.kid
	hmac, err := confused.SignedString(public)
	require.NoError(t, err)
	good := p.token(t, nil)
	parts := strings.Split(good, ".")
	bob := strings.Split(p.token(t, func(_ map[string]any, c jwt.MapClaims) { c["sub"] = "bob" }), ".")

	for name, token := range map[string]string{
		"another issuer's":       stranger.token(t, nil),
		"signed by a stranger":   stranger.token(t, func(_ map[string]any, c jwt.MapClaims) { c["iss"] = p.URL }),
		"for another audience":   p.token(t, func(_ map[string]any, c jwt.MapClaims) { c["aud"] = "https://other.example" }),
		"for nobody":             p.token(t, func(_ map[string]any, c jwt.MapClaims) { delete(c, "aud") }),
		"expired":                p.token(t, func(_ map[string]any, c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Minute).Unix() }),
		"without an end":         p.token(t, func(_ map[string]any, c jwt.MapClaims) { delete(c, "exp") }),
		"not valid yet":          p.token(t, func(_ map[string]any, c jwt.MapClaims) { c["nbf"] = time.Now().Add(time.Hour).Unix() }),
		"of the future":          p.token(t, func(_ map[string]any, c jwt.MapClaims) { c["iat"] = time.Now().Add(time.Hour).Unix() }),
		"without a subject":      p.token(t, func(_ map[string]any, c jwt.MapClaims) { delete(c, "sub") }),
		"with a huge subject":    p.token(t, func(_ map[string]any, c jwt.MapClaims) { c["sub"] = strings.Repeat("x", 300) }),
		"with NUL in it":         p.token(t, func(_ map[string]any, c jwt.MapClaims) { c["sub"] = "a\x00b" }),
		"of another type":        p.token(t, func(h map[string]any, _ jwt.MapClaims) { h["typ"] = "logout+jwt" }),
		"with a type of number":  p.token(t, func(h map[string]any, _ jwt.MapClaims) { h["typ"] = 7 }),
		"with a critical header": p.token(t, func(h map[string]any, _ jwt.MapClaims) { h["crit"] = []string{"x"} }),
		"of an unknown key":      p.token(t, func(h map[string]any, _ jwt.MapClaims) { h["kid"] = "two" }),
		"with a key of number":   p.token(t, func(h map[string]any, _ jwt.MapClaims) { h["kid"] = 1 }),
		"with its own key": stranger.token(t, func(h map[string]any, c jwt.MapClaims) {
			c["iss"] = p.URL
			h["jku"] = stranger.URL + "/keys"
			h["kid"] = "one"
		}),
		"unsigned":               none,
		"signed with public key": hmac,
		"with other content":     parts[0] + "." + bob[1] + "." + parts[2],
		"cut":                    good[:len(good)-5],
		"no token":               "a.b.c",
	} {
		_, err := issuers.Verify(t.Context(), token)
		require.ErrorIs(t, err, access.ErrInvalid, name)
	}
}

func TestFloodOfUnknownKeysFetchesNoKeys(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	issuers := trust(t, p.URL)
	_, err := issuers.Verify(t.Context(), p.token(t, nil))
	require.NoError(t, err)
	for range 200 {
		_, err := issuers.Verify(t.Context(), p.token(t, func(h map[string]any, _ jwt.MapClaims) { h["kid"] = rand.Text() }))
		require.ErrorIs(t, err, access.ErrInvalid)
	}
	require.EqualValues(t, 1, p.fetches.Load())
	_, err = issuers.Verify(t.Context(), p.token(t, nil))
	require.NoError(t, err)
}

func TestIssuerThatIsAwayIsNotABadToken(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	token := p.token(t, nil)
	p.Close()
	_, err := trust(t, p.URL).Verify(t.Context(), token)
	require.ErrorIs(t, err, access.ErrIssuerAway)
}

func TestOneIssuerCannotSpeakForAnother(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	liar := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
	}))
	t.Cleanup(liar.Close)
	_, err := trust(t, liar.URL).Verify(t.Context(), p.token(t, func(_ map[string]any, c jwt.MapClaims) { c["iss"] = liar.URL }))
	require.ErrorIs(t, err, access.ErrIssuerAway)
}

func TestIssuersAreNamedSafely(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"https://id.example.com", "https://id.example.com/realms/home", "http://127.0.0.1:9000"} {
		require.NoError(t, access.CheckIssuer(good), good)
	}
	for _, bad := range []string{"", "id.example.com", "http://id.example.com", "https://user:pw@id.example.com", "https://id.example.com?x=1", "https://id.example.com#x", "file:///etc/passwd"} {
		require.Error(t, access.CheckIssuer(bad), bad)
	}
}

// What an issuer answers is bounded before it is decoded.
func TestMoreKeysThanAnIssuerNeedsAreNotTaken(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.further = 100
	_, err := trust(t, p.URL).Verify(t.Context(), p.token(t, nil))
	require.NoError(t, err)
	p.further = 100_000 // of which each would take some hundred bytes
	_, err = trust(t, p.URL).Verify(t.Context(), p.token(t, nil))
	require.ErrorIs(t, err, access.ErrIssuerAway)
}

// Whoever can give out scopes at a provider would else be an administrator here.
func TestIssuerGrantsAdminOnlyWhereTheOperatorSaysSo(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	token := p.token(t, func(_ map[string]any, c jwt.MapClaims) { c["scope"] = "admin tasks:read tasks:write" })
	for admin, want := range map[bool][]access.Scope{false: access.Standard, true: access.Scopes} {
		issuers := access.NewIssuers(t.Context(), access.Trust{
			Issuers: []string{p.URL}, Audiences: []string{resource}, Algorithms: []string{"RS256"}, Admin: admin,
		}, time.Now, slog.New(slog.DiscardHandler))
		claims, err := issuers.Verify(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, want, claims.Scopes)
	}
}
