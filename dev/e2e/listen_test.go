package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

// told is a message on a stream of subscriptions/listen.
type told struct {
	ID     any    `json:"id"`
	Method string `json:"method"`
	Params struct {
		URI           string         `json:"uri"`
		Meta          map[string]any `json:"_meta"`
		Notifications map[string]any `json:"notifications"`
	} `json:"params"`
	Result map[string]any `json:"result"`
}

func (m told) event() map[string]any {
	e, _ := m.Params.Meta["tickler/event"].(map[string]any)
	return e
}

// ear is a client that listens by plain HTTP.
type ear struct {
	mu       sync.Mutex
	messages []told
	ended    bool
}

const listenMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ear","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`

func listenRequest(ctx context.Context, t testing.TB, url, token, id string, uris ...string) *http.Request {
	t.Helper()
	list, err := json.Marshal(uris)
	require.NoError(t, err)
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"subscriptions/listen","params":{%s,"notifications":{"toolsListChanged":true,"resourceSubscriptions":%s}}}`, id, listenMeta, list)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range map[string]string{
		"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen",
	} {
		request.Header.Set(name, value)
	}
	return request
}

// listen opens a stream and waits until the server has acknowledged it.
func listen(t testing.TB, url, token string, uris ...string) *ear {
	t.Helper()
	response, err := (&http.Client{}).Do(listenRequest(t.Context(), t, url, token, `"ear-1"`, uris...))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	e := &ear{}
	go func() {
		defer response.Body.Close()
		readEvents(response.Body, func(one happening) {
			var m told
			if json.Unmarshal([]byte(one.data), &m) != nil {
				m.Method = "unreadable: " + one.data
			}
			e.mu.Lock()
			defer e.mu.Unlock()
			e.messages = append(e.messages, m)
		})
		e.mu.Lock()
		e.ended = true
		e.mu.Unlock()
	}()
	until(t, soon, "the acknowledgement", func() bool { return len(e.all()) > 0 })
	first := e.all()[0]
	require.Equal(t, "notifications/subscriptions/acknowledged", first.Method)
	require.Equal(t, "ear-1", first.Params.Meta["io.modelcontextprotocol/subscriptionId"])
	return e
}

func (e *ear) all() []told {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]told(nil), e.messages...)
}

// over tells whether the stream has ended.
func (e *ear) over() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended
}

// of lists the types of the events that were told of a resource.
func (e *ear) of(uri string) []string {
	types := []string{}
	for _, m := range e.all() {
		if m.Method == "notifications/resources/updated" && m.Params.URI == uri {
			types = append(types, fmt.Sprint(m.event()["type"]))
		}
	}
	return types
}

func TestListenersAreToldOfTheirOwnTasksFromAnyReplica(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *stack.Config) { c.Replicas = map[string]int{"api": 2} })
	here, there := s.MCPURL(), s.Env()["TICKLER_API_2_URL"]+"/mcp"
	require.NotEqual(t, here, there)
	ann, bob := s.person(t, ""), s.person(t, "")
	watched := ann.add(t, fields{"title": "watched"})
	task := fmt.Sprintf("tickler://tasks/%d", watched.ID)

	all := listen(t, there, ann.token, "tickler://tasks", "tickler://reminders", "file:///etc/passwd")
	one := listen(t, here, ann.token, task, "tickler://overview")
	other := listen(t, there, bob.token, "tickler://tasks", "tickler://overview", "tickler://reminders", task)
	require.Equal(t, map[string]any{"resourceSubscriptions": []any{"tickler://tasks", "tickler://reminders"}}, all.all()[0].Params.Notifications,
		"only what there can be is acknowledged")

	var mu sync.Mutex
	var heard []string
	client := mcp.NewClient(&mcp.Implementation{Name: "listener", Version: "1"}, &mcp.ClientOptions{
		ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, r.Params.URI)
		},
	})
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: there, HTTPClient: &http.Client{Transport: bearer{ann.token}}, DisableStandaloneSSE: true, MaxRetries: -1,
	}, &mcp.ClientSessionOptions{ProtocolVersion: "2026-07-28"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	go func() { _ = session.Subscribe(t.Context(), &mcp.SubscribeParams{URI: "tickler://tasks"}) }()
	gauge := func() string { return body(t, s.Env()["TICKLER_API_2_URL"]+"/metrics") }
	until(t, soon, "the official client to listen", func() bool { return strings.Contains(gauge(), "tickler_feed_subscriptions 3") })

	ann.call(t, "update_task", fields{"task_id": watched.ID, "title": "seen"})
	ann.call(t, "complete_task", fields{"task_id": watched.ID})
	due := ann.add(t, fields{"title": "due", "due_date": in(10 * time.Minute)})
	dueTask := fmt.Sprintf("tickler://tasks/%d", due.ID)

	until(t, soon, "the changes on the other replica", func() bool { return len(all.of(task)) == 2 })
	require.Equal(t, []string{"task.updated", "task.completed"}, all.of(task))
	until(t, soon, "the changes of one task", func() bool { return len(one.of(task)) == 2 })
	until(t, soon, "the overview to change with each", func() bool { return len(one.of("tickler://overview")) == 3 })
	until(t, soon, "the reminder", func() bool { return len(all.of("tickler://reminders")) == 1 })
	require.Equal(t, []string{"task.created", "reminder.sent"}, all.of(dueTask), "a reminder is told of the task too")
	require.Empty(t, one.of(dueTask), "nothing that was not asked for")
	for _, m := range all.all()[1:] {
		require.Equal(t, "ear-1", m.Params.Meta["io.modelcontextprotocol/subscriptionId"])
	}
	until(t, soon, "the official client to hear it", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(heard) == 4
	})
	read, err := session.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "tickler://reminders"})
	require.NoError(t, err)
	require.Contains(t, read.Contents[0].Text, fmt.Sprintf(`"task_id":%d`, due.ID))

	bob.add(t, fields{"title": "bob's"})
	until(t, soon, "his own change", func() bool { return len(other.all()) >= 2 })
	require.Empty(t, other.of(task), "never another's")
	require.Len(t, other.all(), 3, "acknowledgement, task and overview")

	require.NoError(t, s.StopPart("api-2"))
	until(t, soon, "the streams to end with their replica", all.over)
	last := all.all()[len(all.all())-1]
	require.Equal(t, "ear-1", last.ID, "closed by an answer")
	require.Equal(t, "complete", last.Result["resultType"])
	require.False(t, one.over())
}

func TestWhoCannotListenIsToldWhy(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	answer := func(change func(*http.Request)) (int, string) {
		request := listenRequest(t.Context(), t, s.MCPURL(), p.token, "1", "tickler://tasks")
		change(request)
		client := &http.Client{Timeout: 5 * time.Second}
		response, err := client.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		text := make([]byte, 4096)
		n, _ := response.Body.Read(text)
		return response.StatusCode, string(text[:n])
	}
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		status int
		text   string
	}{
		{"no token", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "UNAUTHORIZED"},
		{"another method in the header", func(r *http.Request) { r.Header.Set("Mcp-Method", "tools/list") }, 400, "-32020"},
		{"no version in the header", func(r *http.Request) { r.Header.Del("Mcp-Protocol-Version") }, 400, "-32020"},
		{"another version in the header", func(r *http.Request) { r.Header.Set("Mcp-Protocol-Version", "2025-11-25") }, 400, "-32020"},
		{"to go on where it left off", func(r *http.Request) { r.Header.Set("Last-Event-ID", "7") }, 400, "-32020"},
	} {
		status, text := answer(c.change)
		require.Equal(t, c.status, status, "%s: %s", c.name, text)
		require.Contains(t, text, c.text, c.name)
	}
	for content, want := range map[string]string{
		`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{}}}`:                       "-32601",
		`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{` + listenMeta + `}}`:                       "-32602",
		`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{` + listenMeta + `,"notifications":"all"}}`: "-32602",
		`{"jsonrpc":"2.0","method":"subscriptions/listen","params":{` + listenMeta + `,"notifications":{}}}`:           "-32600",
		`{"jsonrpc":"2.0","id":null,"method":"subscriptions/listen","params":{` + listenMeta + `,"notifications":{}}}`: "-32600",
	} {
		require.Contains(t, s.post(t, p.token, content).body, want, content)
	}
	nothing := listen(t, s.MCPURL(), p.token, "tickler://nothing")
	until(t, soon, "a stream with nothing to tell to end", nothing.over)
	for range 10 {
		listen(t, s.MCPURL(), p.token, "tickler://tasks")
	}
	status, text := answer(func(*http.Request) {})
	require.Equal(t, http.StatusTooManyRequests, status, text)
	require.Contains(t, text, "too many")
}
