package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// away takes Postgres away until back is called: nobody can connect, and who was
// connected is cut off.
func (h *house) away(t *testing.T) (back func()) {
	t.Helper()
	config := h.owner.Config().ConnConfig.Copy()
	name := config.Database
	config.Database = "postgres" // from where the database can be closed
	conn, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	allow := func(ctx context.Context, yes string) {
		_, err := conn.Exec(ctx, `ALTER DATABASE `+pgx.Identifier{name}.Sanitize()+` ALLOW_CONNECTIONS `+yes)
		require.NoError(t, err)
	}
	gone := true
	back = func() {
		if gone {
			gone = false
			allow(context.WithoutCancel(t.Context()), "true")
			require.NoError(t, conn.Close(context.WithoutCancel(t.Context())))
		}
	}
	t.Cleanup(back)
	allow(t.Context(), "false")
	_, err = conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name)
	require.NoError(t, err)
	return back
}

// While Postgres is away the page says so, and what was typed stands in it to be sent
// again; nobody is taken for signed out.
func TestPageSaysThatPostgresIsAwayAndKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	link := h.signInLink(t, ann.user.UserID)
	require.Equal(t, http.StatusOK, b.get("/").status)
	session := b.cookie("session").Value
	back := h.away(t)
	asked := time.Now()
	for round := range 2 { // while the session counts as checked, and after that
		for path, form := range map[string][]string{
			"/add":                {"text", "Buy <bread> tomorrow", "back", "/"},
			"/settings":           {"time_zone", "Buy <bread> tomorrow"},
			"/connections/tokens": {"name", "Buy <bread> tomorrow", "may", "read", "expires", "30"},
		} {
			a := b.post(path, form...)
			require.Equal(t, http.StatusServiceUnavailable, a.status, "%s: %s", path, a.text)
			require.NotEmpty(t, a.header.Get("Retry-After"), path)
			require.Contains(t, a.text, "Buy &lt;bread&gt; tomorrow", "%s: what was typed is kept", path)
			require.Contains(t, a.text, `action="`+path+`"`, "and can be sent again")
		}
		for _, path := range []string{"/", "/settings", "/connections", "/task/1"} {
			a := b.get(path)
			require.Equal(t, http.StatusServiceUnavailable, a.status, path)
			require.Contains(t, a.text, "<h1>Not now</h1>", path)
		}
		stranger := h.browser(t)
		require.Equal(t, http.StatusServiceUnavailable, stranger.get(link).status)
		require.Equal(t, http.StatusServiceUnavailable, stranger.post(link).status)
		require.Equal(t, http.StatusOK, stranger.get("/sign-in").status)
		require.Equal(t, session, b.cookie("session").Value)
		if round == 0 {
			time.Sleep(time.Until(asked.Add(2100 * time.Millisecond))) // until it does not count as checked any more
		}
	}
	back()
	require.Eventually(t, func() bool { return b.get("/").status == http.StatusOK }, 10*time.Second, 50*time.Millisecond)
	require.Equal(t, http.StatusSeeOther, b.post("/add", "text", "Buy <bread> tomorrow", "back", "/").status)
	require.Equal(t, http.StatusSeeOther, h.browser(t).post(link).status, "the link was not used up")
}

// A tree whose connection breaks is no item's fault: all of it can be sent again.
func TestTreeWhoseConnectionBreaksIsUnavailableAsAWhole(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	tree := fields{"tasks": []fields{
		{"title": "Paint the hall", "ref": "hall", "idempotency_key": "hall"},
		{"title": "Buy paint", "parent_ref": "hall", "idempotency_key": "paint"},
	}}
	add := func() string {
		return h.rpc(t, ann.token, "tools/call", fields{"name": "add_tasks", "arguments": tree}).text
	}
	lock, err := h.owner.Begin(t.Context())
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), `LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE`)
	require.NoError(t, err)
	told := make(chan string, 1)
	go func() { told <- add() }()
	require.Eventually(t, func() bool {
		var broken int
		require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&broken))
		return broken > 0
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, lock.Rollback(t.Context()))
	text := <-told
	require.Contains(t, text, "UNAVAILABLE")
	require.NotContains(t, text, "INTERNAL")
	require.Contains(t, add(), `"succeeded":2`)
}
