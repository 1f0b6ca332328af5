package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A client that disconnects while the database is busy is not an error of the server.
func TestClientThatLeavesIsNotLoggedAsAnError(t *testing.T) {
	t.Parallel()
	const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_tasks","arguments":{}}}`
	for name, c := range map[string]struct {
		method, path, body string
		locked             string
		noticed            func(h *house) bool
	}{
		"in an operation over REST": {http.MethodGet, "/v1/tasks", "", "tasks", func(h *house) bool {
			return strings.Contains(h.send(t, "", http.MethodGet, "/metrics", nil).text, `tickler_rest_seconds_count{operation="list_tasks",status="499"} 1`)
		}},
		"in an operation over MCP": {http.MethodPost, "/mcp", call, "tasks", func(h *house) bool {
			return strings.Contains(h.log.String(), "a caller left before the answer")
		}},
		"in the guard": {http.MethodGet, "/v1/tasks", "", "users", func(*house) bool { return true /* the lock is not waited for any more */ }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, nil)
			ann := h.resident(t, "ann")
			busy, err := h.owner.Begin(t.Context())
			require.NoError(t, err)
			defer func() { _ = busy.Rollback(context.WithoutCancel(t.Context())) }()
			_, err = busy.Exec(t.Context(), "LOCK TABLE "+c.locked)
			require.NoError(t, err)
			waiting := func(sessions int) func() bool {
				return func() bool {
					var n int
					require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n))
					return n == sessions
				}
			}
			ctx, leave := context.WithCancel(t.Context())
			left := make(chan error, 1)
			go func() {
				request, err := http.NewRequestWithContext(ctx, c.method, h.URL+c.path, strings.NewReader(c.body))
				if err == nil {
					request.Header.Set("Authorization", "Bearer "+ann.token)
					request.Header.Set("Content-Type", "application/json")
					request.Header.Set("Accept", "application/json, text/event-stream")
					_, err = http.DefaultClient.Do(request) //nolint:bodyclose // it is never answered
				}
				left <- err
			}()
			require.Eventually(t, waiting(1), 20*time.Second, 10*time.Millisecond)
			leave()
			require.ErrorIs(t, <-left, context.Canceled)
			require.Eventually(t, waiting(0), 20*time.Second, 10*time.Millisecond)
			require.Eventually(t, func() bool { return c.noticed(h) }, 20*time.Second, 10*time.Millisecond)
			require.NotContains(t, h.log.String(), `"level":"ERROR"`)
		})
	}
}
