package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// flooder measures what good callers notice of a flood of bad requests.
type flooder struct {
	url    string
	good   []string // tokens
	client *http.Client
}

func newFlooder(url string, good []string) flooder {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}, Timeout: 20 * time.Second}
	return flooder{url: url, good: good, client: client}
}

// send sends a request as if from an address, and returns the status of the answer, 0 if
// there is none. A body has a kind; a token may be "".
func (f flooder) send(ctx context.Context, method, path, kind, body, from, token string) int {
	request, err := http.NewRequestWithContext(ctx, method, f.url+path, strings.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("X-Forwarded-For", from)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := f.client.Do(request)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, response.Body) // else each call would be a connection
	_ = response.Body.Close()
	return response.StatusCode
}

// measure has the good callers list tasks fifty times a second: alone, while bad sends a
// thousand requests a second from one address, and while it sends them from many. bad
// tells whether its nth request was let in, or could not be judged.
func (f flooder) measure(b *testing.B, each time.Duration, bad func(ctx context.Context, n int, from string) (let bool)) {
	during := func(from func(n int) string) (p99, rate float64) {
		ctx, cancel := context.WithTimeout(b.Context(), each)
		defer cancel()
		whole := context.WithoutCancel(ctx) // the last calls are answered too
		var flood sync.WaitGroup
		var sent, let atomic.Int64
		if from != nil {
			flood.Go(func() {
				paced(ctx, 1000, func(n int) {
					if bad(whole, n, from(n)) {
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
			if status := f.send(whole, http.MethodGet, "/v1/tasks", "", "", "198.51.100.7", f.good[n%len(f.good)]); status != http.StatusOK {
				b.Errorf("a good token gets %d", status)
			}
			mu.Lock()
			took = append(took, time.Since(began))
			mu.Unlock()
		})
		flood.Wait()
		require.Zero(b, let.Load(), "bad requests that were let in, or could not be judged")
		slices.Sort(took)
		return took[len(took)*99/100].Seconds() * 1000, float64(sent.Load()) / each.Seconds()
	}
	for b.Loop() {
		quiet, _ := during(nil)
		one, _ := during(func(int) string { return "203.0.113.9" })
		everywhere, rate := during(func(n int) string { return fmt.Sprintf("192.0.%d.%d", n/250%250, n%250) })
		b.ReportMetric(quiet, "quiet-p99-ms")
		b.ReportMetric(one, "one-address-p99-ms")
		b.ReportMetric(everywhere, "everywhere-p99-ms")
		b.ReportMetric(max(one, everywhere)/quiet, "flood:quiet")
		b.ReportMetric(rate, "bad/s")
	}
	b.ReportMetric(0, "ns/op")
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
