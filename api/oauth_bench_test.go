package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/config"
)

// BenchmarkOAuthFlood has connected clients call fifty times a second while five hundred
// refresh tokens that nobody was given, and as many registrations, arrive each second:
// from one address, and each from another. Callers and server share the machine.
func BenchmarkOAuthFlood(b *testing.B) {
	const each = 8 * time.Second
	h := build(b, func(c *config.Guard) {
		c.UserRate, c.AddressRate, c.FailureRate, c.Proxies = 100, 1000, 20, []string{"127.0.0.0/8"} // rates as they are by default
	})
	p := h.registered(b, "Web", "https://app.example/callback")
	var good []string
	for n := range 5 {
		good = append(good, p.connects(b, h.resident(b, fmt.Sprint("user ", n)), "connect", "resource", h.URL).Access)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}, Timeout: 20 * time.Second}
	send := func(method, path, kind, body, from string, headers ...string) int {
		request, err := http.NewRequestWithContext(context.WithoutCancel(b.Context()), method, h.URL+path, strings.NewReader(body))
		if err != nil {
			return 0
		}
		request.Header.Set("Content-Type", kind)
		request.Header.Set("X-Forwarded-For", from)
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		response, err := client.Do(request)
		if err != nil {
			return 0
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		return response.StatusCode
	}
	measure := func(from func(n int) string) (p99, rate float64) {
		ctx, cancel := context.WithTimeout(b.Context(), each)
		defer cancel()
		var flood sync.WaitGroup
		var sent, let atomic.Int64
		if from != nil {
			flood.Go(func() {
				paced(ctx, 1000, func(n int) {
					if n%2 == 0 {
						send(http.MethodPost, "/oauth/register", "application/json", `{"redirect_uris":["https://app.example/callback"]}`, from(n))
					} else if send(http.MethodPost, "/oauth/token", "application/x-www-form-urlencoded", url.Values{
						"grant_type": {"refresh_token"}, "client_id": {p.id}, "refresh_token": {"tklr_" + rand.Text() + rand.Text()},
					}.Encode(), from(n)) == http.StatusOK {
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
			if status := send(http.MethodGet, "/v1/tasks", "application/json", "", "198.51.100.7", "Authorization", "Bearer "+good[n%len(good)]); status != http.StatusOK {
				b.Errorf("a good token gets %d", status)
			}
			mu.Lock()
			took = append(took, time.Since(began))
			mu.Unlock()
		})
		flood.Wait()
		require.Zero(b, let.Load())
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
		b.ReportMetric(0, "ns/op")
	}
}
