package access_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/access"
)

// counter is a provider at which people sign in: it answers with tokens that a test
// spoils.
type counter struct {
	*provider
	server *httptest.Server
	token  func(asked url.Values) string // what it answers with, and with what it was asked
	told   map[string]any                // more of its metadata
	moved  bool                          // it sends clients elsewhere
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{provider: newProvider(t)}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		told := map[string]any{"issuer": c.server.URL, "jwks_uri": c.provider.URL + "/keys", "authorization_endpoint": c.server.URL + "/authorize", "token_endpoint": c.server.URL + "/token"}
		for name, value := range c.told {
			told[name] = value
		}
		_ = json.NewEncoder(w).Encode(told)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if c.moved {
			http.Redirect(w, r, c.server.URL+"/elsewhere", http.StatusTemporaryRedirect)
			return
		}
		_ = r.ParseForm()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"access_token": "x", "token_type": "Bearer", "id_token": c.token(r.PostForm)})
	})
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { t.Error("the code was sent elsewhere") })
	c.server = httptest.NewServer(mux)
	t.Cleanup(c.server.Close)
	return c
}

// identity signs the token that signs ann in; change may spoil it.
func (c *counter) identity(t *testing.T, change func(header map[string]any, claims jwt.MapClaims)) string {
	t.Helper()
	claims := jwt.MapClaims{"iss": c.server.URL, "sub": "ann", "aud": "tickler", "nonce": "n", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix()}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = c.kid
	if change != nil {
		change(token.Header, claims)
	}
	signed, err := token.SignedString(c.key)
	require.NoError(t, err)
	return signed
}

func (c *counter) finish(t *testing.T, answer access.Answer) (string, error) {
	t.Helper()
	issuers := access.NewIssuers(t.Context(), access.Trust{Issuers: []string{c.server.URL}, Audiences: []string{resource}, Algorithms: []string{"RS256"}}, time.Now, slog.New(slog.DiscardHandler))
	way := access.SignIn{Issuer: c.server.URL, State: "s", Nonce: "n", Verifier: "v", Back: "https://tickler.example.com/sign-in/back"}
	return issuers.Finish(t.Context(), access.Client{Issuer: c.server.URL, ID: "tickler", Secret: "secret"}, way, answer)
}

var good = access.Answer{State: "s", Code: "c"}

func TestIDTokenSignsInWhomItIsFor(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var asked url.Values
	c.token = func(values url.Values) string { asked = values; return c.identity(t, nil) }
	subject, err := c.finish(t, good)
	require.NoError(t, err)
	require.Equal(t, "ann", subject)
	require.Equal(t, "v", asked.Get("code_verifier"))
	require.Equal(t, "c", asked.Get("code"))
	require.Empty(t, asked.Get("client_secret"), "it goes into the header")
	for name, change := range map[string]func(map[string]any, jwt.MapClaims){
		"several audiences and this client": func(_ map[string]any, claims jwt.MapClaims) {
			claims["aud"], claims["azp"] = []string{"other", "tickler"}, "tickler"
		},
		"a type": func(header map[string]any, _ jwt.MapClaims) { header["typ"] = "JWT" },
	} {
		c.token = func(url.Values) string { return c.identity(t, change) }
		_, err := c.finish(t, good)
		require.NoError(t, err, name)
	}
	c.token = func(values url.Values) string { asked = values; return c.identity(t, nil) }
	c.told = map[string]any{"token_endpoint_auth_methods_supported": []string{"client_secret_post"}}
	_, err = c.finish(t, good)
	require.NoError(t, err)
	require.Equal(t, "secret", asked.Get("client_secret"), "or where the issuer wants it")
}

func TestIDTokenThatIsNotRightSignsNobodyIn(t *testing.T) {
	t.Parallel()
	c, other := newCounter(t), newCounter(t)
	for name, change := range map[string]func(map[string]any, jwt.MapClaims){
		"another nonce":           func(_ map[string]any, claims jwt.MapClaims) { claims["nonce"] = "m" },
		"no nonce":                func(_ map[string]any, claims jwt.MapClaims) { delete(claims, "nonce") },
		"another audience":        func(_ map[string]any, claims jwt.MapClaims) { claims["aud"] = resource },
		"several and no client":   func(_ map[string]any, claims jwt.MapClaims) { claims["aud"] = []string{"tickler", "other"} },
		"another client":          func(_ map[string]any, claims jwt.MapClaims) { claims["azp"] = "other" },
		"another issuer":          func(_ map[string]any, claims jwt.MapClaims) { claims["iss"] = other.server.URL },
		"expired":                 func(_ map[string]any, claims jwt.MapClaims) { claims["exp"] = time.Now().Add(-time.Minute).Unix() },
		"no end":                  func(_ map[string]any, claims jwt.MapClaims) { delete(claims, "exp") },
		"from the future":         func(_ map[string]any, claims jwt.MapClaims) { claims["iat"] = time.Now().Add(time.Hour).Unix() },
		"nobody":                  func(_ map[string]any, claims jwt.MapClaims) { claims["sub"] = "" },
		"an access token":         func(header map[string]any, _ jwt.MapClaims) { header["typ"] = "at+jwt" },
		"a logout token":          func(header map[string]any, _ jwt.MapClaims) { header["typ"] = "logout+jwt" },
		"a critical extension":    func(header map[string]any, _ jwt.MapClaims) { header["crit"] = []string{"x"} },
		"another key of its name": func(header map[string]any, _ jwt.MapClaims) { header["kid"] = "two" },
	} {
		c.token = func(url.Values) string { return c.identity(t, change) }
		_, err := c.finish(t, good)
		require.Error(t, err, name)
	}
	for name, token := range map[string]string{"another's key": other.identity(t, func(_ map[string]any, claims jwt.MapClaims) { claims["iss"] = c.server.URL }), "no token": "", "no JWT": "x.y.z"} {
		c.token = func(url.Values) string { return token }
		_, err := c.finish(t, good)
		require.ErrorIs(t, err, access.ErrNotSignedIn, name)
	}
	c.token = func(url.Values) string { return c.identity(t, nil) }
	for name, answer := range map[string]access.Answer{
		"another state": {State: "t", Code: "c"}, "no state": {Code: "c"}, "no code": {State: "s"}, "another issuer": {State: "s", Code: "c", Issuer: other.server.URL},
	} {
		_, err := c.finish(t, answer)
		require.ErrorIs(t, err, access.ErrNotSignedIn, name)
	}
	c.moved = true
	_, err := c.finish(t, good)
	require.Error(t, err)
	c.moved = false
	c.told = map[string]any{"authorization_response_iss_parameter_supported": true}
	_, err = c.finish(t, good)
	require.ErrorIs(t, err, access.ErrNotSignedIn, "an issuer that names itself did not")
	named := good
	named.Issuer = c.server.URL
	_, err = c.finish(t, named)
	require.NoError(t, err)
	c.told = map[string]any{"token_endpoint": "http://token.example.com"}
	_, err = c.finish(t, named)
	require.ErrorIs(t, err, access.ErrIssuerAway, "the code goes over TLS only")
}
