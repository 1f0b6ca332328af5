package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

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
	f := newFlooder(h.URL, good)
	f.measure(b, each, func(ctx context.Context, n int, from string) (let bool) {
		if n%2 == 0 {
			f.send(ctx, http.MethodPost, "/oauth/register", "application/json", `{"redirect_uris":["https://app.example/callback"]}`, from, "")
			return false
		}
		return f.send(ctx, http.MethodPost, "/oauth/token", "application/x-www-form-urlencoded", url.Values{
			"grant_type": {"refresh_token"}, "client_id": {p.id}, "refresh_token": {"tklr_" + rand.Text() + rand.Text()},
		}.Encode(), from, "") == http.StatusOK
	})
}
