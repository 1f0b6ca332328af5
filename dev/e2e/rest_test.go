package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

// restClient is a client of REST with a token.
type restClient struct{ root, token string }

func (c restClient) call(t testing.TB, status int, method, path, content string, headers ...string) (map[string]any, http.Header) {
	t.Helper()
	if content != "" {
		headers = append([]string{"Content-Type", "application/json"}, headers...)
	}
	r := send(t, method, c.root+path, content, append(headers, "Authorization", "Bearer "+c.token)...)
	require.Equal(t, status, r.status, "%s %s: %s", method, path, r.body)
	answer := map[string]any{}
	if r.body != "" {
		require.NoError(t, json.Unmarshal([]byte(r.body), &answer), r.body)
	}
	return answer, r.header
}

// happening is one server-sent event.
type happening struct{ id, kind, data string }

// follow streams the events behind an id, or those from now on, until the test
// ends; the first is where the stream begins.
func (c restClient) follow(t testing.TB, after string) <-chan happening {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.root+"/v1/events", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+c.token)
	if after != "" {
		request.Header.Set("Last-Event-ID", after)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	events := make(chan happening, 100)
	ended := make(chan struct{})
	t.Cleanup(func() { cancel(); <-ended })
	go func() {
		defer close(ended)
		defer close(events)
		defer response.Body.Close()
		readEvents(response.Body, func(one happening) { events <- one })
	}()
	return events
}

// readEvents calls do with each event of a stream, until the stream ends.
func readEvents(stream io.Reader, do func(happening)) {
	var one happening
	for lines := bufio.NewScanner(stream); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			one.id = value
		case "event":
			one.kind = value
		case "data":
			one.data = value
		case "": // the end of an event, or a comment, which stands between two
			if one != (happening{}) {
				do(one)
			}
			one = happening{}
		}
	}
}

func next(t testing.TB, events <-chan happening) happening {
	t.Helper()
	select {
	case one, open := <-events:
		require.True(t, open, "the stream ended")
		return one
	case <-time.After(soon):
		t.Fatal("no event came")
		return happening{}
	}
}

func TestProgramsWorkOverRESTWithAnyReplica(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *stack.Config) { c.Replicas = map[string]int{"api": 2} })
	p, other := s.person(t, "Europe/Berlin"), s.person(t, "")
	here := restClient{s.Env()["TICKLER_API_URL"], p.token}
	there := restClient{s.Env()["TICKLER_API_2_URL"], p.token}
	require.NotEqual(t, here.root, there.root)
	require.Contains(t, body(t, here.root+"/openapi.json"), `"openapi":"3.1.0"`)
	require.Contains(t, body(t, here.root+"/docs"), "add_task")

	events := there.follow(t, "")
	begin := next(t, events).id
	added, header := here.call(t, http.StatusCreated, "POST", "/v1/tasks", `{"title":"Water the plants","due_date":"2031-03-01T09:00","recurrence_rule":"weekly","tags":["home"]}`, "Idempotency-Key", "k")
	path := header.Get("Location")
	again, _ := there.call(t, http.StatusOK, "POST", "/v1/tasks", `{"title":"Water the plants","due_date":"2031-03-01T09:00","recurrence_rule":"weekly","tags":["home"]}`, "Idempotency-Key", "k")
	require.Equal(t, added["task"], again["task"])
	created := next(t, events)
	require.Equal(t, "task.created", created.kind)

	_, header = there.call(t, http.StatusOK, "GET", path, "")
	etag := header.Get("ETag")
	here.call(t, http.StatusOK, "PATCH", path, `{"priority":"high"}`, "If-Match", etag)
	stale, _ := there.call(t, http.StatusPreconditionFailed, "PATCH", path, `{"priority":"low"}`, "If-Match", etag)
	require.Equal(t, "CONFLICT", stale["code"])
	require.Equal(t, "task.updated", next(t, events).kind)
	done, _ := here.call(t, http.StatusOK, "POST", path+"/complete", "")
	require.Equal(t, "2031-03-08T09:00:00+01:00", done["next_due"])
	require.Equal(t, "task.completed", next(t, events).kind)
	require.Equal(t, "task.created", next(t, events).kind, "the next occurrence, which the recurrer made")

	resumed := here.follow(t, created.id) // on the other replica
	next(t, resumed)
	require.Equal(t, "task.updated", next(t, resumed).kind)
	whole := here.follow(t, begin)
	next(t, whole)
	require.Equal(t, created.data, next(t, whole).data)

	stranger := restClient{here.root, other.token}
	stranger.call(t, http.StatusNotFound, "GET", path, "")
	theirs := restClient{there.root, other.token}.follow(t, "")
	next(t, theirs)
	exported, _ := here.call(t, http.StatusOK, "GET", "/v1/export", "")
	text, err := json.Marshal(exported)
	require.NoError(t, err)
	tried, _ := stranger.call(t, http.StatusOK, "POST", "/v1/import?dry_run=true", string(text))
	require.EqualValues(t, 2, tried["created"])
	none, _ := stranger.call(t, http.StatusOK, "GET", "/v1/tasks", "")
	require.EqualValues(t, 0, none["total"])
	moved, _ := stranger.call(t, http.StatusOK, "POST", "/v1/import", string(text))
	require.EqualValues(t, 2, moved["created"])
	require.Equal(t, "task.created", next(t, theirs).kind)
	s.drained(t, other)
	listed, _ := stranger.call(t, http.StatusOK, "GET", "/v1/tasks", "")
	require.EqualValues(t, 4, listed["total"], "what was imported, what drained added, and nothing that followed from what was completed before")

	here.call(t, http.StatusOK, "DELETE", path, "")
	require.Equal(t, "task.deleted", next(t, events).kind, "and none of the other's in between")
	require.NoError(t, s.StopPart("api-2"))
	for deadline := time.After(soon); ; {
		select {
		case _, open := <-events:
			if !open {
				return // the stream ended with its replica
			}
		case <-deadline:
			t.Fatal(fmt.Errorf("the stream did not end with its replica"))
		}
	}
}
