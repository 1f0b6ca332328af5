package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/config"
	"tickler/internal/repository"
)

func TestExpiredTokenSaysSoAndHowToComeByAnother(t *testing.T) {
	t.Parallel()
	issuer := newSigner(t)
	h := build(t, func(c *config.Guard) { c.Issuers = []string{issuer.URL} })
	ann := h.resident(t, "ann")
	refused := func(token string) answer {
		a := h.send(t, token, http.MethodGet, "/v1/tasks", nil)
		require.Equal(t, http.StatusUnauthorized, a.status, a.text)
		require.Equal(t, "UNAUTHORIZED", a.body(t)["code"])
		return a
	}
	expired := func(token, name string) {
		a := refused(token)
		require.Contains(t, a.body(t)["detail"], "this token expired on ", name)
		require.Contains(t, a.body(t)["hint"], "api token create --user NAME", name)
		require.Contains(t, a.header.Get("WWW-Authenticate"), `error="invalid_token"`, name)
		require.Contains(t, a.header.Get("WWW-Authenticate"), "expired on", name)
	}
	_, err := h.owner.Exec(t.Context(), `UPDATE tokens SET expires_at = '2026-03-01T12:00Z' WHERE user_id = $1`, ann.user.UserID)
	require.NoError(t, err)
	expired(ann.token, "personal")
	require.Contains(t, refused(ann.token).body(t)["detail"], "1 March 2026 at 12:00 UTC")
	expired(issuer.token(t, "sue", -time.Hour), "of an issuer")
	_, err = h.owner.Exec(t.Context(), `UPDATE tokens SET revoked_at = now() WHERE user_id = $1`, ann.user.UserID)
	require.NoError(t, err)
	unknown, _ := access.NewToken()
	for name, token := range map[string]string{"revoked": ann.token, "unknown": unknown} {
		require.NotContains(t, refused(token).body(t)["detail"], "expired", name)
		require.Contains(t, refused(token).body(t)["hint"], "api token create --user NAME", name)
	}
}

func TestMCPRefusesWhatIsNoMCPAsEverythingElseIsRefused(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	for _, method := range []string{http.MethodGet, http.MethodDelete, http.MethodPut} {
		a := h.send(t, ann.token, method, "/mcp", nil)
		require.Equal(t, http.StatusMethodNotAllowed, a.status, method)
		require.Equal(t, "POST", a.header.Get("Allow"), method)
		require.Equal(t, "INVALID_INPUT", a.body(t)["code"], method)
	}
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json-seq", "nonsense/"} {
		a := h.send(t, ann.token, http.MethodPost, "/mcp", fields{"jsonrpc": "2.0", "id": 1, "method": "ping"}, "Content-Type", media)
		require.Equal(t, http.StatusUnsupportedMediaType, a.status, media)
		require.Equal(t, "Content-Type", a.body(t)["field"], media)
		require.Contains(t, a.body(t)["detail"], "application/json", media)
	}
	a := h.send(t, ann.token, http.MethodPost, "/mcp", fields{"jsonrpc": "2.0", "id": 1, "method": "ping"}, "Content-Type", "application/json; charset=utf-8")
	require.Equal(t, http.StatusOK, a.status, a.text)

	for _, c := range []struct{ address, tool, hint string }{
		{"/mcp", "add_tsak", `did you mean "add_task"?`},
		{"/mcp", "zzzzzz", "tools/list names all"},
		{"/mcp?tools=read", "add_task", "/mcp has all tools"},
		{"/mcp?tools=read", "list_taskz", `did you mean "list_tasks"?`},
	} {
		a := h.rpcAt(t, ann.token, c.address, "tools/call", fields{"name": c.tool, "arguments": fields{}})
		failure := a.body(t)["error"].(fields)
		require.EqualValues(t, -32602, failure["code"], c.tool)
		require.Contains(t, failure["message"], c.hint, c.tool)
		told := failure["data"].(fields)["error"].(fields)
		require.Equal(t, "NOT_FOUND", told["code"], c.tool)
		require.Equal(t, "name", told["field"], c.tool)
		require.Equal(t, c.hint, told["hint"].(string)[max(0, len(told["hint"].(string))-len(c.hint)):], c.tool)
	}
}

func TestStreamAndTokenOfADeletedPersonEnd(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, bob := h.resident(t, "ann"), h.resident(t, "bob")
	ann.call(t, "add_task", fields{"title": "x"})
	ended, listening, others := h.stream(t, ann.token, false), h.stream(t, ann.token, true), h.stream(t, bob.token, false)
	_, err := repository.New(h.owner, "api", func() {}).DeleteUser(t.Context(), ann.user.UserID)
	require.NoError(t, err)
	for _, one := range []<-chan struct{}{ended, listening} {
		select {
		case <-one:
		case <-time.After(10 * time.Second): // two seconds, on a machine that does nothing else
			require.Fail(t, "a stream of a deleted person goes on")
		}
	}
	require.Eventually(t, func() bool {
		return h.send(t, ann.token, http.MethodGet, "/v1/tasks", nil).status == http.StatusUnauthorized
	}, 10*time.Second, 50*time.Millisecond)
	select {
	case <-others:
		require.Fail(t, "a stream of another person ended")
	default:
	}
	bob.fetch(t, "/v1/tasks")
}
