package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
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
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}, Timeout: 20 * time.Second}
	call := func(ctx context.Context, token, from string) int {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL+"/v1/tasks", nil)
		if err != nil {
			return 0
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("X-Forwarded-For", from)
		response, err := client.Do(request)
		if err != nil {
			return 0
		}
		_, _ = io.Copy(io.Discard, response.Body) // else each call would be a connection
		_ = response.Body.Close()
		return response.StatusCode
	}
	measure := func(floodFrom func(n int) string) (p99 float64, floodRate float64) {
		ctx, cancel := context.WithTimeout(b.Context(), each)
		defer cancel()
		var flood sync.WaitGroup
		var sent, let atomic.Int64
		if floodFrom != nil {
			flood.Go(func() {
				paced(ctx, 1000, func(n int) {
					if status := call(context.WithoutCancel(ctx), bad[n%len(bad)], floodFrom(n)); status < 400 || status == http.StatusServiceUnavailable {
						let.Add(1)
					}
					sent.Add(1)
				})
			})
		}
		var mu sync.Mutex
		var took []time.Duration
		paced(ctx, 50, func(n int) {
			began := time.Now()
			if status := call(context.WithoutCancel(ctx), good[n%len(good)], "198.51.100.7"); status != http.StatusOK {
				b.Errorf("a good token gets %d", status)
			}
			mu.Lock()
			took = append(took, time.Since(began))
			mu.Unlock()
		})
		flood.Wait()
		require.Zero(b, let.Load(), "bad tokens that were let in, or could not be judged")
		slices.Sort(took)
		return took[len(took)*99/100].Seconds() * 1000, float64(sent.Load()) / each.Seconds()
	}
	for b.Loop() {
		quiet, _ := measure(nil)
		one, _ := measure(func(int) string { return "203.0.113.9" })
		everywhere, rate := measure(func(n int) string { return fmt.Sprintf("192.0.%d.%d", n/250%250, n%250) })
		b.ReportMetric(quiet, "quiet-p99-ms")
		b.ReportMetric(one, "one-address-p99-ms")
		b.ReportMetric(everywhere, "everywhere-p99-ms")
		b.ReportMetric(max(one, everywhere)/quiet, "flood:quiet")
		b.ReportMetric(rate, "bad/s")
		b.ReportMetric(float64(fetches.Load()), "key-fetches")
		b.ReportMetric(0, "ns/op")
	}
}

// paced calls do at a rate until ctx ends, each in time also when others hang.
func paced(ctx context.Context, rate int, do func(n int)) {
	var calls sync.WaitGroup
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	began, n := time.Now(), 0
	for ctx.Err() == nil {
		for ; n < int(time.Since(began).Seconds()*float64(rate)); n++ {
			calls.Go(func() { do(n) })
		}
		<-ticker.C
	}
	calls.Wait()
}
