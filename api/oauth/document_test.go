package oauth

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
)

// host serves descriptions of clients, once it is let to.
type host struct {
	*httptest.Server
	let     chan struct{}
	mu      sync.Mutex
	at, top int // requests that it has, and had, at a time
}

func newHost(t *testing.T, let chan struct{}) *host {
	h := &host{let: let}
	h.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.count(1)
		defer h.count(-1)
		select {
		case <-h.let:
		case <-r.Context().Done():
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"client_id":"https://%s%s","redirect_uris":["https://app.example/"]}`, r.Host, r.URL.Path)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *host) count(by int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at += by
	h.top = max(h.top, h.at)
}

func (h *host) now() (at, top int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at, h.top
}

// deadlines keeps until when each request may last.
type deadlines struct {
	http.RoundTripper
	mu sync.Mutex
	of map[string]time.Time
}

func (d *deadlines) RoundTrip(r *http.Request) (*http.Response, error) {
	until, _ := r.Context().Deadline()
	d.mu.Lock()
	d.of[r.URL.String()] = until
	d.mu.Unlock()
	return d.RoundTripper.RoundTrip(r)
}

func TestSlowDocumentsOfAUserKeepNobodyElseWaiting(t *testing.T) {
	let, open := make(chan struct{}), make(chan struct{})
	close(open)
	quick := newHost(t, open)
	trip := &deadlines{RoundTripper: quick.Client().Transport, of: map[string]time.Time{}}
	d := newDocuments(&http.Client{Transport: trip}, time.Now)
	d.patience, d.lasts = time.Minute, time.Minute // the machine may be slow

	// Eve wants many, each of a host of its own that does not answer yet.
	const eve, ann = 1, 2
	var slow []*host
	var wait sync.WaitGroup
	answers := make([]error, 10)
	for i := range answers {
		one := newHost(t, let)
		slow = append(slow, one)
		wait.Go(func() { _, answers[i] = d.get(context.Background(), eve, one.URL+"/client.json") })
	}
	under := func() (n int) {
		for _, one := range slow {
			at, _ := one.now()
			n += at
		}
		return n
	}
	require.Eventually(t, func() bool { return under() == fetchesAtATimeEach }, time.Minute, time.Millisecond)
	_, err := d.get(t.Context(), ann, quick.URL+"/client.json")
	require.NoError(t, err)
	require.Equal(t, fetchesAtATimeEach, under(), "others of eve wait for those")

	// Those that waited have their whole time once their turn begins.
	first := map[string]bool{}
	trip.mu.Lock()
	for url := range trip.of {
		first[url] = true
	}
	trip.mu.Unlock()
	released := time.Now()
	close(let)
	wait.Wait()
	for i, err := range answers {
		require.NoError(t, err)
		if url := slow[i].URL + "/client.json"; !first[url] {
			require.False(t, trip.of[url].Before(released.Add(d.lasts)), "its time began while it waited")
		}
	}
	require.Empty(t, d.users.of)
	require.Empty(t, d.hosts.of)
}

func TestHostIsAskedForFewDocumentsAtATime(t *testing.T) {
	let := make(chan struct{})
	one := newHost(t, let)
	trip := &deadlines{RoundTripper: one.Client().Transport, of: map[string]time.Time{}}
	d := newDocuments(&http.Client{Transport: trip}, time.Now)
	d.patience, d.lasts = time.Minute, time.Minute // the machine may be slow
	var wait sync.WaitGroup
	answers := make([]error, 8)
	for i := range answers {
		wait.Go(func() {
			_, answers[i] = d.get(context.Background(), int64(i), fmt.Sprint(one.URL, "/", i, "/client.json"))
		})
	}
	there := func() int {
		d.hosts.mu.Lock()
		defer d.hosts.mu.Unlock()
		if q := d.hosts.of[hostOf(one.URL)]; q != nil {
			return q.there
		}
		return 0
	}
	require.Eventually(t, func() bool { at, _ := one.now(); return there() == len(answers) && at == fetchesAtATimeEach }, time.Minute, time.Millisecond)
	released := time.Now()
	for left := len(answers); left > 0; left-- {
		require.Eventually(t, func() bool { at, _ := one.now(); return at == min(left, fetchesAtATimeEach) }, time.Minute, time.Millisecond)
		let <- struct{}{}
	}
	wait.Wait()
	for _, err := range answers {
		require.NoError(t, err)
	}
	_, top := one.now()
	require.Equal(t, fetchesAtATimeEach, top)
	late := 0
	for _, until := range trip.of {
		if !until.Before(released.Add(d.lasts)) {
			late++
		}
	}
	require.Equal(t, len(answers)-fetchesAtATimeEach, late, "those that waited have their whole time once their turn begins")
}

func TestWhoHasNoTurnIsToldToTryAgain(t *testing.T) {
	let := make(chan struct{})
	defer close(let)
	d := newDocuments(newHost(t, let).Client(), time.Now)
	for range fetchesAtATimeEach {
		_, ok := d.users.take(t.Context(), "1")
		require.True(t, ok)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.get(ctx, 1, "https://app.example/client.json")
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, fault.Unavailable, e.Code)
}

func TestDocumentIsKeptAsLongAsItsHeadersSay(t *testing.T) {
	for header, kept := range map[string]time.Duration{
		"": 5 * time.Minute, "max-age=60": time.Minute, "public, Max-Age=\"120\"": 2 * time.Minute, "no-store": 0, "max-age=60, no-cache": 0,
		"max-age=99999999": 24 * time.Hour, "max-age=-1": 5 * time.Minute, "max-age=x": 5 * time.Minute, "max-age=0": 0,
	} {
		require.Equal(t, kept, freshFor(http.Header{"Cache-Control": {header}}), header)
	}
}
