package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/config"
)

// BenchmarkFlood has good users call fifty times a second while a thousand bad
// tokens a second arrive, half of them personal ones, half signed with a key that
// their issuer does not have: from one address, and each from another, where no
// limit for an address helps. Callers and server share the machine.
func BenchmarkFlood(b *testing.B) {
	const each = 10 * time.Second
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(b, err)
	var fetches atomic.Int32
	var issuer *httptest.Server
	issuer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/keys" {
			_ = json.NewEncoder(w).Encode(fields{"issuer": issuer.URL, "jwks_uri": issuer.URL + "/keys"})
			return
		}
		fetches.Add(1)
		encode := base64.RawURLEncoding.EncodeToString
		_ = json.NewEncoder(w).Encode(fields{"keys": []fields{{"kty": "RSA", "kid": "one", "alg": "RS256", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes())}}})
	}))
	defer issuer.Close()
	h := build(b, func(c *config.Guard) {
		c.UserRate, c.AddressRate, c.FailureRate = 100, 1000, 20 // as they are by default
		c.Issuers, c.Proxies = []string{issuer.URL}, []string{"127.0.0.0/8"}
	})
	var good []string
	for n := range 10 {
		good = append(good, h.resident(b, fmt.Sprint("user ", n)).token)
	}
	// Bad tokens are made in advance: that is the attacker's work, not the server's.
	bad := make([]string, 400)
	for n := range bad {
		if n%2 == 0 {
			bad[n], _ = access.NewToken()
			continue
		}
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"iss": issuer.URL, "sub": "x", "aud": "http://127.0.0.1/mcp", "exp": time.Now().Add(time.Hour).Unix(), "jti": fmt.Sprint(n)})
		token.Header["kid"] = rand.Text()
		bad[n], err = token.SignedString(key)
		require.NoError(b, err)
	}
	f := newFlooder(h.URL, good)
	f.measure(b, each, func(ctx context.Context, n int, from string) (let bool) {
		status := f.send(ctx, http.MethodGet, "/v1/tasks", "", "", from, bad[n%len(bad)])
		return status < 400 || status == http.StatusServiceUnavailable
	})
	b.ReportMetric(float64(fetches.Load()), "key-fetches")
}
