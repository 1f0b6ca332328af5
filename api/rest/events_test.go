package rest_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/api/rest"
)

// stream is a client of /v1/events.
type stream struct {
	lines *bufio.Scanner
	id    string // of the last event
	close func()
}

func (c *client) follow(t *testing.T, lastID string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, "GET", c.server.URL+"/v1/events", nil)
	require.NoError(t, err)
	request.Header.Set("X-Test-User", c.name())
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(t, 200, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	s := &stream{lines: bufio.NewScanner(response.Body), close: func() { _ = response.Body.Close() }}
	s.next(t) // where it begins
	return s
}

// next reads one block.
func (s *stream) next(t *testing.T) (event, data string) {
	t.Helper()
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			s.id = value
		case "event":
			event = value
		case "data":
			data = value
		case "":
			if s.id != "" {
				return event, data
			}
		}
	}
	require.NoError(t, s.lines.Err())
	t.Fatal("the stream ended")
	return "", ""
}

func TestEventsOfOnesOwnTasksAreStreamedAndResumed(t *testing.T) {
	ann, bob := setup(t)
	s := ann.follow(t, "")
	begin := s.id
	bob.add(t, `{"title":"Bob's"}`)
	path := ann.add(t, `{"title":"x\ny"}`)
	event, data := s.next(t)
	require.Equal(t, "task.created", event)
	require.Contains(t, data, `"title":"x\ny"`)
	first := s.id
	ann.ok(t, "POST", path+"/complete", "")
	event, _ = s.next(t)
	require.Equal(t, "task.completed", event)
	s.close()

	again := ann.follow(t, first)
	event, _ = again.next(t)
	require.Equal(t, "task.completed", event)
	fromStart := ann.follow(t, begin)
	event, _ = fromStart.next(t)
	require.Equal(t, "task.created", event)
}

func TestStreamsAreBounded(t *testing.T) {
	ann, _ := setup(t)
	for range 10 {
		ann.follow(t, "")
	}
	refused := ann.do(t, "GET", "/v1/events", "")
	require.Equal(t, 429, refused.StatusCode)
	require.Equal(t, "RATE_LIMITED", refused.body["code"])
	require.NotEmpty(t, refused.Header.Get("Retry-After"))
}

func TestAStreamEndsInTimeAndGoesOnWhereItEnded(t *testing.T) {
	ann, _ := setup(t, func(c *rest.Config) { c.Longest = 2 * time.Second })
	s := ann.follow(t, "")
	path := ann.add(t, `{"title":"x"}`)
	for s.lines.Scan() { // until the server ends it
		if id, ok := strings.CutPrefix(s.lines.Text(), "id: "); ok {
			s.id = id
		}
	}
	require.NoError(t, s.lines.Err(), "it ends like any answer")
	ann.ok(t, "DELETE", path, "")
	deleted := false
	for range 20 { // as often as it takes: on a busy machine an event can come later than a stream lasts
		again := ann.follow(t, s.id)
		for again.lines.Scan() && !deleted {
			deleted = again.lines.Text() == "event: task.deleted"
		}
		if deleted {
			break
		}
	}
	require.True(t, deleted)
}
