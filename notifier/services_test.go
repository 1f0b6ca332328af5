package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The whole way of a service's channel: from the address that a person gives to what
// the service gets, and its token nowhere but there.
func TestServiceGetsMessagesAndNobodyElseItsToken(t *testing.T) {
	o := open(t)
	const token = "Asecret-token_1"
	type call struct{ path, key, body string }
	calls := make(chan call, 10)
	limited := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "Pay") && limited {
			limited = false
			w.Header().Set("Retry-After", "900")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		calls <- call{r.URL.RequestURI(), r.Header.Get("X-Gotify-Key"), string(body)}
	}))
	t.Cleanup(server.Close)
	ann := o.user(t, "ann", server.URL+"/push/message?token="+token)
	test := <-calls
	require.Equal(t, "/push/message", test.path)
	require.Equal(t, token, test.key)
	require.JSONEq(t, `{"title":"Tickler reaches you here","message":"This is a test. Reminders of your tasks will come this way.","priority":5}`, test.body)

	o.remind(t, ann, "Pay")
	o.until(t, "the refusal", func() bool {
		return o.reach(t, ann).Deliveries[0].Attempts == 1 && o.rests(t).Equal(o.clock().Add(15*time.Minute))
	})
	require.Equal(t, "it answers 429 Too Many Requests", o.reach(t, ann).Deliveries[0].Outcome)
	o.pass(15 * time.Minute)
	require.Contains(t, (<-calls).body, `"title":"Pay"`)
	o.until(t, "the outcome", func() bool { return o.reach(t, ann).Channels[0].Problem == "" })

	reach := o.reach(t, ann)
	require.Equal(t, server.URL+"/push/message", reach.Channels[0].Target)
	for _, d := range reach.Deliveries {
		require.NotContains(t, d.Target+d.Outcome, token)
	}
	var journal string
	require.NoError(t, o.pool.QueryRow(t.Context(), `SELECT string_agg(j::text, ' ') FROM journal j WHERE object = 'channel'`).Scan(&journal))
	require.Contains(t, journal, "gotify")
	require.NotContains(t, journal, token)
}
