package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
)

func TestOnlyAValidTokenPassesTheGuard(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	revoked := s.api(t, "token", "create", "--user", p.name, "--name", "to revoke")
	require.Equal(t, http.StatusOK, s.post(t, revoked, ping).status)
	s.api(t, "token", "revoke", "--user", p.name, s.tokenID(t, "to revoke"))
	until(t, 5*time.Second, "the revoked token is refused", func() bool { return s.post(t, revoked, ping).status == http.StatusUnauthorized })
	expired := s.api(t, "token", "create", "--user", p.name, "--name", "to expire", "--expires", "1m")
	s.exec(t, `UPDATE tokens SET expires_at = now() - interval '1 second' WHERE id = $1`, s.tokenID(t, "to expire"))

	for _, c := range []struct{ name, header, challenge string }{
		{"none", "", `Bearer realm="tickler"`},
		{"other scheme", "Basic dXNlcjpwYXNz", `Bearer realm="tickler"`},
		{"empty", "Bearer ", `Bearer realm="tickler"`},
		{"wrong", "Bearer tkl_wrong", `error="invalid_token"`},
		{"almost right", "Bearer " + p.token[:len(p.token)-1], `error="invalid_token"`},
		{"expired", "Bearer " + expired, `error="invalid_token"`},
		{"revoked", "Bearer " + revoked, `error="invalid_token"`},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
			r := send(t, method, s.MCPURL(), ping, "Content-Type", "application/json", "Accept", "application/json, text/event-stream", "Authorization", c.header)
			require.Equal(t, http.StatusUnauthorized, r.status, "%s %s", method, c.name)
			require.Contains(t, r.header.Get("WWW-Authenticate"), c.challenge, c.name)
			require.Contains(t, r.header.Get("WWW-Authenticate"), "Bearer ", c.name)
			var problem struct{ Code, Detail string }
			require.NoError(t, json.Unmarshal([]byte(r.body), &problem), c.name)
			require.Equal(t, "UNAUTHORIZED", problem.Code)
			require.NotEmpty(t, problem.Detail)
		}
	}
	require.Equal(t, http.StatusOK, s.post(t, p.token, ping).status)
	require.NotContains(t, s.Log("api"), p.token, "tokens are not logged")
}

// tokenID is the id of a token by its name.
func (s *system) tokenID(t testing.TB, name string) string {
	t.Helper()
	return strconv.FormatInt(query[int64](t, s, `SELECT max(id) FROM tokens WHERE name = $1`, name), 10)
}

func TestClientWithAWrongTokenCannotConnect(t *testing.T) {
	t.Parallel()
	s := shared(t)
	client := mcp.NewClient(&mcp.Implementation{Name: "e2e", Version: "1"}, nil)
	_, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: s.MCPURL(), HTTPClient: &http.Client{Transport: bearer{"tkl_wrong"}}, MaxRetries: -1,
	}, nil)
	require.Error(t, err)
}

func TestTokenIsStoredHashedAndCreatedForPeopleOnly(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "Asia/Tokyo")
	require.Zero(t, query[int](t, s, `SELECT count(*) FROM tokens t WHERE to_jsonb(t)::text LIKE '%' || $1 || '%'`, p.token))
	for _, wrong := range [][]string{
		{"token", "create"}, {"token", "create", "--user", ""}, {"token", "create", "--user", "x", "--time-zone", "Mars/Base"},
		{"token", "create", "--user", "x", "--expires", "-1h"}, {"token", "create", "--user", "x", "stray"}, {"token"}, {"token", "revoke"},
	} {
		output, err := command(t, "api", []string{"DATABASE_URL=" + s.DatabaseURL()}, wrong...).CombinedOutput()
		require.Error(t, err, "api %v: %s", wrong, output)
		require.NotEmpty(t, output)
	}
}

func TestPagesElsewhereMayNotCall(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	for _, origin := range []string{"https://evil.example", "null", "http://127.0.0.1:1", "http://" + strings.TrimPrefix(s.APIURL(), "http://") + ".evil.example"} {
		require.Equal(t, http.StatusForbidden, s.post(t, p.token, ping, "Origin", origin).status, origin)
	}
	require.Equal(t, http.StatusOK, s.post(t, p.token, ping, "Origin", strings.TrimSuffix(s.MCPURL(), "/mcp")).status)
	require.Equal(t, http.StatusForbidden, s.post(t, "", ping, "Origin", "https://evil.example").status, "before any token is looked at")
}

func TestHTTPIsHeldToItsLimits(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	message := func(size int) string {
		frame := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_task","arguments":{"title":""}}}`
		return strings.Replace(frame, `"title":""`, `"title":"`+repeat("x", size-len(frame))+`"`, 1)
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, s.post(t, p.token, message(1<<20+1)).status)
	require.Equal(t, http.StatusOK, s.post(t, p.token, message(1<<20)).status, "one at the limit is read, and the title refused")
	require.Equal(t, http.StatusUnauthorized, s.post(t, "", message(2<<20)).status)

	headers := []string{"Authorization", "Bearer " + p.token, "Accept", "text/event-stream"}
	require.Equal(t, http.StatusMethodNotAllowed, send(t, http.MethodGet, s.MCPURL(), "", headers...).status)
	for _, method := range []string{http.MethodPut, http.MethodPatch} {
		status := send(t, method, s.MCPURL(), ping, headers...).status
		require.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, status, method)
	}
	require.Equal(t, http.StatusNotFound, send(t, http.MethodGet, s.APIURL()+"/nowhere", "").status)

	for _, broken := range []string{"", "{", "[]", "null", `"text"`, "\xff\xfe"} {
		r := s.post(t, p.token, broken)
		require.Less(t, r.status, 500, "%q answers %s", broken, r.body)
		require.True(t, r.status >= 400 || strings.Contains(r.body, `"error"`), "%q answers %d %s", broken, r.status, r.body)
	}
	p.call(t, "list_tasks", fields{})
}

func TestProbesAndMetricsNeedNoToken(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	s.observer.wait(t, 1, "task-events", "task.created", p.add(t, fields{"title": "counted"}).ID)
	for _, app := range []string{"api", "notifier", "recurrer"} {
		url := s.Env()["TICKLER_"+upper(app)+"_URL"]
		require.Contains(t, body(t, url+"/healthz"), "ok")
		needs, series := `{"postgres":"ok","sidecar":"ok"}`, []string{"tickler_outbox_published_total", "go_goroutines", "process_resident_memory_bytes"}
		if app == "api" {
			needs, series = `{"postgres":"ok"}`, series[1:]
		}
		require.JSONEq(t, needs, body(t, url+"/readyz"))
		metrics := body(t, url+"/metrics")
		for _, name := range series {
			require.Contains(t, metrics, "\n"+name, app)
		}
	}
}

func TestCallbacksTakeTheSidecarOnly(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for app, route := range map[string]string{"NOTIFIER": "/events/task-reminders", "RECURRER": "/events/task-recurrence"} {
		url := "http://127.0.0.1:" + s.Env()["TICKLER_"+app+"_APP_PORT"]
		for _, token := range []string{"", "wrong", s.Token()} {
			require.Equal(t, http.StatusUnauthorized, send(t, http.MethodPost, url+route, "{}", "dapr-api-token", token).status)
		}
	}
	notifier := "http://127.0.0.1:" + s.Env()["TICKLER_NOTIFIER_APP_PORT"]
	require.Equal(t, http.StatusUnauthorized, send(t, http.MethodPost, notifier+"/reminder-scan", "").status)
}

func TestTasksOfOthersDoNotExist(t *testing.T) {
	t.Parallel()
	s := shared(t)
	owner, other := s.person(t, ""), s.person(t, "")
	theirs := owner.add(t, fields{"title": "Secret zebra", "recurrence_rule": "daily", "due_date": in(day), "tags": []string{"hidden"}})
	s.exec(t, `INSERT INTO categories (user_id, name, name_key) SELECT id, 'Private', 'private' FROM users WHERE subject = $1`, owner.name)
	owner.call(t, "update_task", fields{"task_id": theirs.ID, "category": "Private"})
	before := owner.get(t, theirs.ID)

	for tool, arguments := range map[string]fields{
		"get_task": {}, "complete_task": {}, "delete_task": {}, "reopen_task": {}, "skip_occurrence": {},
		"update_task": {"title": "mine now"},
	} {
		arguments["task_id"] = theirs.ID
		refused := other.refused(t, tool, arguments)
		arguments["task_id"] = int64(1) << 40
		absent := owner.refused(t, tool, arguments)
		require.Equal(t, "NOT_FOUND", refused.Code, tool)
		require.Equal(t, absent.Code, refused.Code)
		require.Equal(t, absent.Hint, refused.Hint, "nothing tells it from one that does not exist")
	}
	require.Empty(t, other.call(t, "list_tasks", fields{}).Tasks)
	require.Empty(t, other.call(t, "search_tasks", fields{"query": "zebra"}).Tasks)
	require.Zero(t, other.call(t, "search_tasks", fields{"query": ""}).Total)
	require.Equal(t, "NOT_FOUND", other.refused(t, "list_tasks", fields{"tags": []string{"hidden"}}).Code)
	require.Equal(t, "NOT_FOUND", other.refused(t, "add_task", fields{"title": "x", "category": "Private"}).Code)
	require.Equal(t, "NOT_FOUND", other.refused(t, "add_task", fields{"title": "x", "tag_ids": before.TagIDs}).Code)
	require.Equal(t, before, owner.get(t, theirs.ID), "nothing happened to it")

	owner.call(t, "delete_task", fields{"task_id": theirs.ID})
	require.Equal(t, "NOT_FOUND", other.refused(t, "reopen_task", fields{"task_id": theirs.ID}).Code)
	key := fields{"title": "keyed", "idempotency_key": "the same for both"}
	require.NotEqual(t, owner.add(t, key).ID, other.add(t, key).ID, "a key belongs to its user")
}

func TestCancellationOfOneCallerStopsNobodyElse(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	r := s.post(t, p.token, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	require.Equal(t, http.StatusAccepted, r.status)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.try(ctx, "list_tasks", fields{})
	require.Error(t, err)
	p.call(t, "list_tasks", fields{})
}
