package rest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/api/operation"
	"tickler/api/rest"
	"tickler/internal/access"
	"tickler/internal/feed"
	"tickler/internal/history"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
	"tickler/internal/transfer"
)

// fields are a body or an answer.
type fields = map[string]any

// server is the REST transport on a real database; X-Test-User names the caller.
type server struct {
	*httptest.Server
	operations *operation.Operations
}

// client is a user of the server.
type client struct {
	server *server
	user   person.Settings
}

func setup(t *testing.T, change ...func(*rest.Config)) (ann, bob *client) {
	t.Helper()
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	var events *feed.Feed
	store := repository.New(pgtest.Open(t), "api", func() { events.Wake() })
	log, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	events = feed.New(store, log, registry)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { events.Run(ctx); close(ended) }()
	tasks, labels := task.NewService(store, time.Now), label.NewService(store, time.Now)
	people := person.NewService(store, time.Now, person.ChannelRules{})
	s := &server{operations: operation.New(tasks, labels, people, history.NewService(store, time.Now), time.Now, log)}
	users := map[string]person.Settings{}
	for name, zone := range map[string]string{"ann": "Europe/Berlin", "bob": "UTC"} {
		id, err := store.EnsureUser(ctx, repository.LocalIssuer, name, zone)
		require.NoError(t, err)
		users[name], err = store.Settings(ctx, id)
		require.NoError(t, err)
	}
	router := gin.New()
	config := rest.Config{
		Operations: s.operations, Events: events, Transfer: transfer.NewService(tasks, labels, people, time.Now).WithHistory(history.NewService(store, time.Now).Everything), Version: "test", Log: log, Registry: registry,
		Audit: store,
		Guard: func(_ access.Scope, maxBody int64) gin.HandlersChain {
			return gin.HandlersChain{func(c *gin.Context) {
				c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, cmp.Or(maxBody, 1<<20))
				if user, ok := users[c.GetHeader("X-Test-User")]; ok {
					c.Request = c.Request.WithContext(operation.WithUser(c.Request.Context(), user))
				}
			}}
		},
	}
	for _, c := range change {
		c(&config)
	}
	rest.Mount(router, config)
	s.Server = httptest.NewServer(router)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close(); stop(); <-ended })
	return &client{s, users["ann"]}, &client{s, users["bob"]}
}

func (c *client) name() string {
	if c.user.TimeZone == "UTC" {
		return "bob"
	}
	return "ann"
}

// answer is a response that was read.
type answer struct {
	*http.Response
	text string
	body fields
}

// do sends a request; headers are name and value in turn.
func (c *client) do(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequest(method, c.server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("X-Test-User", c.name())
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	a := answer{Response: response, text: string(text)}
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		require.NoError(t, json.Unmarshal(text, &a.body), a.text)
	}
	return a
}

func (c *client) ok(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	a := c.do(t, method, path, body, headers...)
	require.Less(t, a.StatusCode, 300, a.text)
	return a
}

// add adds a task and returns its path.
func (c *client) add(t *testing.T, body string) string {
	t.Helper()
	return c.ok(t, "POST", "/v1/tasks", body).Header.Get("Location")
}

func (c *client) refused(t *testing.T, status int, code, field, method, path, body string, headers ...string) answer {
	t.Helper()
	a := c.do(t, method, path, body, headers...)
	require.Equal(t, status, a.StatusCode, "%s %s %.80s: %.300s", method, path, body, a.text)
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	require.Equal(t, code, a.body["code"], a.text)
	require.Equal(t, field, fmt.Sprint(a.body["field"]), a.text)
	require.EqualValues(t, status, a.body["status"])
	require.Equal(t, http.StatusText(status), a.body["title"])
	require.Less(t, len(a.text), 2000, "what was given is not given back whole")
	return a
}

func TestEveryOperationHasAPath(t *testing.T) {
	ann, _ := setup(t)
	described := map[string]bool{}
	for _, methods := range ann.ok(t, "GET", "/openapi.json", "").body["paths"].(fields) {
		for _, one := range methods.(fields) {
			described[one.(fields)["operationId"].(string)] = true
		}
	}
	all := ann.server.operations.All()
	require.Len(t, all, 26)
	for _, o := range all {
		require.True(t, described[o.Name], "%s has no path", o.Name)
	}
}

func TestATaskIsAddedReadChangedAndDeleted(t *testing.T) {
	ann, bob := setup(t)
	added := ann.ok(t, "POST", "/v1/tasks", `{"title":"Milk 🥛 <b>","tags":["errand"],"due_date":"2030-03-01T09:00","recurrence_rule":"daily"}`)
	require.Equal(t, http.StatusCreated, added.StatusCode)
	path := added.Header.Get("Location")
	read := ann.ok(t, "GET", path, "")
	require.Equal(t, "Milk 🥛 <b>", read.body["task"].(fields)["title"])
	require.Equal(t, "2030-03-01T09:00:00+01:00", read.body["task"].(fields)["due_date"])
	require.EqualValues(t, 1, read.body["task"].(fields)["version"], "detailed is the default here")
	require.Equal(t, added.Header.Get("ETag"), read.Header.Get("ETag"))
	require.NotContains(t, ann.ok(t, "GET", path+"?response_format=concise", "").body["task"], "version")

	changed := ann.ok(t, "PATCH", path, `{"priority":"high","tags":null}`)
	require.Equal(t, []any{"priority", "tag_ids"}, changed.body["changed"])
	require.Equal(t, changed.Header.Get("ETag"), ann.ok(t, "GET", path, "").Header.Get("ETag"))
	ann.ok(t, "POST", path+"/tags", `{"tag":"shop"}`)
	var tagID float64
	for _, tag := range ann.ok(t, "GET", "/v1/tags", "").body["tags"].([]any) {
		if tag.(fields)["name"] == "shop" {
			tagID = tag.(fields)["id"].(float64)
		}
	}
	require.Equal(t, []any{"tag_ids"}, ann.ok(t, "DELETE", fmt.Sprintf("%s/tags/%v", path, tagID), "").body["changed"])
	require.NotEmpty(t, ann.ok(t, "POST", path+"/reminder", `{"snooze_minutes":5}`).body["remind_at"])
	require.Contains(t, ann.ok(t, "POST", path+"/skip", "").body["task"].(fields)["due_date"], "2030-03-02")
	require.Contains(t, ann.ok(t, "POST", path+"/complete", "{}").body["next_due"], "2030-03-03")
	require.Equal(t, false, ann.ok(t, "POST", path+"/reopen", "").body["task"].(fields)["completed"])
	require.Contains(t, ann.ok(t, "DELETE", path, "").body["note"], "restores")
	ann.refused(t, 404, "NOT_FOUND", "task_id", "GET", path, "")
	for _, theirs := range []string{"GET ", "PATCH ", "DELETE ", "POST /complete", "POST /reopen", "POST /skip", "POST /reminder", "POST /tags", "DELETE /tags/1"} {
		method, rest, _ := strings.Cut(theirs, " ")
		body := map[string]string{"/reminder": `{"snooze_minutes":5}`, "/tags": `{"tag":"x"}`, "": `{"title":"y"}`}[rest]
		if method != "PATCH" && rest == "" {
			body = ""
		}
		bob.refused(t, 404, "NOT_FOUND", "task_id", method, path+rest, body)
	}
}

func TestLabelsSettingsOverviewSearchAndBatches(t *testing.T) {
	ann, _ := setup(t)
	category := ann.ok(t, "POST", "/v1/categories", `{"name":"Büro","color":"#1E90FF"}`)
	require.Equal(t, http.StatusCreated, category.StatusCode)
	id := category.body["category"].(fields)["id"]
	ann.add(t, `{"title":"Pay the invoice","category":"büro"}`)
	require.Equal(t, "Office", ann.ok(t, "PATCH", fmt.Sprintf("/v1/categories/%v", id), `{"name":"Office"}`).body["category"].(fields)["name"])
	require.EqualValues(t, 1, ann.ok(t, "GET", "/v1/search?query=invoi&priority=medium&priority=high", "").body["total"])
	require.EqualValues(t, 1, ann.ok(t, "GET", "/v1/overview?days=3", "").body["undated"].(fields)["count"])
	require.EqualValues(t, 1, ann.ok(t, "DELETE", fmt.Sprintf("/v1/categories/%v", id), "").body["tasks_unfiled"])
	require.Equal(t, "Europe/Berlin", ann.ok(t, "GET", "/v1/settings", "").body["time_zone"])
	require.Equal(t, []any{"reminder_offsets"}, ann.ok(t, "PATCH", "/v1/settings", `{"reminder_offsets":[5]}`).body["changed"])
	batch := ann.ok(t, "POST", "/v1/batch", `{"tasks":[{"title":"a"},{"titel":"b"}]}`)
	require.EqualValues(t, 1, batch.body["failed"])
	require.EqualValues(t, 1, ann.ok(t, "PATCH", "/v1/batch", `{"tasks":[{"task_id":1,"action":"complete"}]}`).body["succeeded"])
}

func TestPagesAreLinked(t *testing.T) {
	ann, _ := setup(t)
	for n := range 5 {
		ann.add(t, fmt.Sprintf(`{"title":"task %d","tags":["a b"]}`, n))
	}
	path, seen := "/v1/tasks?limit=2&sort_by=title&tags=a+b", []any{}
	for path != "" {
		page := ann.ok(t, "GET", path, "")
		for _, one := range page.body["tasks"].([]any) {
			seen = append(seen, one.(fields)["title"])
		}
		link := page.Header.Get("Link")
		require.Equal(t, page.body["next_cursor"] != nil, link != "")
		path, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
	}
	require.Equal(t, []any{"task 0", "task 1", "task 2", "task 3", "task 4"}, seen)
}

func TestConditionalRequests(t *testing.T) {
	ann, _ := setup(t)
	path := ann.add(t, `{"title":"x","tags":["a"]}`)
	first := ann.ok(t, "GET", path, "").Header.Get("ETag")
	require.Equal(t, 304, ann.do(t, "GET", path, "", "If-None-Match", `"other", W/`+first).StatusCode)
	ann.ok(t, "PATCH", "/v1/tags/1", `{"name":"b"}`)
	renamed := ann.do(t, "GET", path, "", "If-None-Match", first)
	require.Equal(t, 200, renamed.StatusCode, "what it shows is new, although its version is not")
	require.Equal(t, 200, ann.do(t, "PATCH", path, `{"title":"y"}`, "If-Match", first).StatusCode)
	stale := ann.refused(t, 412, "CONFLICT", "If-Match", "PATCH", path, `{"title":"z"}`, "If-Match", first)
	require.Contains(t, stale.body["hint"], "ETag")
	ann.refused(t, 412, "CONFLICT", "If-Match", "PATCH", path, `{"title":"z"}`, "If-Match", `W/"2"`)
	ann.refused(t, 409, "CONFLICT", "if_version", "PATCH", path, `{"title":"z","if_version":1}`)
	ann.ok(t, "PATCH", path, `{"title":"z"}`, "If-Match", `"2"`)
	ann.ok(t, "PATCH", path, `{"title":"z"}`, "If-Match", "*")
	ann.refused(t, 400, "INVALID_INPUT", "If-Match", "PATCH", path, `{"title":"z","if_version":2}`, "If-Match", `"3"`)
	ann.refused(t, 400, "INVALID_INPUT", "If-Match", "DELETE", path, "", "If-Match", `"3"`)
	list := ann.ok(t, "GET", "/v1/tasks", "").Header.Get("ETag")
	require.Equal(t, 304, ann.do(t, "GET", "/v1/tasks", "", "If-None-Match", list).StatusCode)
}

func TestIdempotencyKeyAddsOnce(t *testing.T) {
	ann, _ := setup(t)
	first := ann.ok(t, "POST", "/v1/tasks", `{"title":"x"}`, "Idempotency-Key", "k1")
	again := ann.ok(t, "POST", "/v1/tasks", `{"title":"x"}`, "Idempotency-Key", "k1")
	require.Equal(t, []int{201, 200}, []int{first.StatusCode, again.StatusCode})
	require.Equal(t, first.body["task"], again.body["task"])
	ann.refused(t, 409, "CONFLICT", "idempotency_key", "POST", "/v1/tasks", `{"title":"y"}`, "Idempotency-Key", "k1")
	ann.refused(t, 400, "INVALID_INPUT", "Idempotency-Key", "POST", "/v1/tasks", `{"title":"y","idempotency_key":"k2"}`, "Idempotency-Key", "k1")
	ann.refused(t, 400, "INVALID_INPUT", "Idempotency-Key", "POST", "/v1/tags", `{"name":"y"}`, "Idempotency-Key", "k1")
}

func TestWhatIsWrongIsRefusedByField(t *testing.T) {
	ann, _ := setup(t)
	path := ann.add(t, `{"title":"x"}`)
	const invalid = "INVALID_INPUT"
	for _, c := range []struct {
		status                          int
		code, field, method, path, body string
	}{
		{400, invalid, "title", "POST", "/v1/tasks", ``},
		{400, invalid, "title", "POST", "/v1/tasks", `{}`},
		{400, invalid, "arguments", "POST", "/v1/tasks", `null`},
		{400, invalid, "arguments", "POST", "/v1/tasks", `[]`},
		{400, invalid, "arguments", "POST", "/v1/tasks", `{"title":`},
		{400, invalid, "arguments", "POST", "/v1/tasks", "{\"title\":\"\xff\"}"},
		{400, invalid, "titel", "POST", "/v1/tasks", `{"titel":"x"}`},
		{400, invalid, "title", "POST", "/v1/tasks", `{"title":"` + strings.Repeat("é", 201) + `"}`},
		{400, invalid, "title", "POST", "/v1/tasks", `{"title":"a\u0000b"}`},
		{413, invalid, "body", "POST", "/v1/tasks", `{"title":"` + strings.Repeat("x", 1<<20) + `"}`},
		{422, "LIMIT_EXCEEDED", "tags", "POST", "/v1/tasks", `{"title":"x","tags":["1","2","3","4","5","6","7","8","9","10","11"]}`},
		{404, "NOT_FOUND", "category", "POST", "/v1/tasks", `{"title":"x","category":"none"}`},
		{400, invalid, "task_id", "GET", "/v1/tasks/abc", ``},
		{400, invalid, "task_id", "GET", "/v1/tasks/0", ``},
		{400, invalid, "task_id", "GET", "/v1/tasks/99999999999999999999", ``},
		{404, "NOT_FOUND", "task_id", "GET", "/v1/tasks/999999", ``},
		{400, invalid, "task_id", "PATCH", path, `{"task_id":7,"title":"x"}`},
		{400, invalid, "title", "PATCH", path + "?title=x", `{}`},
		{400, invalid, "limit", "GET", "/v1/tasks?limit=many", ``},
		{400, invalid, "limit", "GET", "/v1/tasks?limit=101", ``},
		{400, invalid, "limit", "GET", "/v1/tasks?limit=1&limit=2", ``},
		{400, invalid, "sort", "GET", "/v1/tasks?sort=title", ``},
		{400, invalid, "priority", "GET", "/v1/tasks?priority=hgih", ``},
		{400, invalid, "cursor", "GET", "/v1/tasks?cursor=x", ``},
		{400, invalid, "query", "GET", "/v1/search", ``},
		{400, invalid, "query", "GET", "/v1/search?query=%FF", ``},
		{400, invalid, "query", "GET", "/v1/search?query=%zz", ``},
		{400, invalid, "query", "GET", "/v1/search?query=" + strings.Repeat("x", 501), ``},
		{404, "NOT_FOUND", "tags", "GET", "/v1/tasks?tags=none", ``},
		{400, invalid, "category", "PATCH", "/v1/categories/1", `{"category":"x"}`},
		{400, invalid, "time_zone", "GET", "/v1/settings?time_zone=UTC", ``},
		{400, invalid, "time_zone", "PATCH", "/v1/settings", `{"time_zone":"Berlin"}`},
		{422, "LIMIT_EXCEEDED", "tasks", "POST", "/v1/batch", `{"tasks":[` + strings.Repeat("1,", 50) + `1]}`},
		{400, invalid, "Last-Event-ID", "GET", "/v1/events", ``},
	} {
		ann.refused(t, c.status, c.code, c.field, c.method, c.path, c.body, "Last-Event-ID", "yesterday")
	}
	ann.refused(t, 415, invalid, "Content-Type", "POST", "/v1/tasks", `title=x`, "Content-Type", "application/x-www-form-urlencoded")
	ann.refused(t, 401, "UNAUTHORIZED", "<nil>", "GET", "/v1/tasks", "", "X-Test-User", "nobody")
}

func TestTheDocumentationNeedsNothingFromElsewhere(t *testing.T) {
	ann, _ := setup(t)
	page := ann.ok(t, "GET", "/docs", "")
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "default-src 'none'")
	for _, part := range []string{"<script", "@import", "src=", "url(", `href="http`} {
		require.NotContains(t, page.text, part)
	}
	for _, o := range ann.server.operations.All() {
		require.Contains(t, page.text, `id="`+o.Name+`"`)
	}
}
