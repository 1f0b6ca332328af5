package rest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/jsonschema-go/jsonschema"

	"tickler/api/operation"
	"tickler/api/sse"
	"tickler/internal/access"
	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/feed"
)

const (
	lastEventID = "Last-Event-ID"

	writeTimeout  = 10 * time.Second
	eventsAreGone = "some events before this are not kept any more; read the present state afresh"
)

// events registers the stream of events about the caller's own tasks.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
func (s *server) events() {
	s.handle(s.Guard(access.TasksRead, 0), get, "/v1/events", &described{
		OperationID: "follow_events", Summary: "Follow events", Tags: []string{aboutEvents},
		Description: "Streams what happens to the caller's tasks from now on, as server-sent events: `event` is its type, `data` its JSON as on the bus, `id` the place to go on from. Send the last id as Last-Event-ID to get what came since, from any replica, for 90 days; an event `reset` tells that some are not kept any more. A delivery can be repeated: event_id tells. The stream ends after ten minutes, with its token, and when the server stops: connect again, with the last id.",
		Parameters: []parameter{{
			Name: lastEventID, In: "header", Description: "The id of the last event that the client has seen.",
			Schema: &jsonschema.Schema{Type: "string", Pattern: "^([0-9]{1,18}-){1,2}[0-9]{1,19}$"},
		}},
		Responses: responses(map[int]response{http.StatusOK: {Description: "A stream.", Content: content{"text/event-stream": {textSchema()}}}}),
	}, func(c *gin.Context) error {
		subscription, err := s.subscribe(c)
		if err != nil {
			return err
		}
		defer subscription.Close()
		follow(c, subscription, cmp.Or(s.Longest, sse.Longest))
		return nil
	})
}

func (s *server) subscribe(c *gin.Context) (*feed.Subscription, error) {
	user, err := operation.User(c.Request.Context())
	if err != nil {
		return nil, err
	}
	for name := range c.Request.URL.Query() {
		return nil, fault.Invalid(fault.Clip(name), "is not a field here; the header %s says where to go on", lastEventID)
	}
	var after *event.Position
	if last := c.GetHeader(lastEventID); last != "" {
		position, err := event.ParsePosition(last)
		if err != nil {
			return nil, fault.Invalid(lastEventID, "%q is not the id of an event; send it as it came, for example 7412-93, or leave it out to begin now", fault.Clip(last))
		}
		after = &position
	}
	return s.Events.Subscribe(c.Request.Context(), user.UserID, after)
}

// follow writes events until the client leaves, the server stops, or long has
// passed.
func follow(c *gin.Context, subscription *feed.Subscription, long time.Duration) {
	s := sse.Open(c.Request.Context(), c.Writer, writeTimeout)
	defer s.Close()
	begin := "retry: 2000\n"
	if !subscription.Whole {
		begin += fmt.Sprintf("event: reset\ndata: {\"message\":%q}\n", eventsAreGone)
	}
	s.Write(fmt.Sprintf("%sid: %s\n\n", begin, subscription.Position()))
	s.Follow(long, func(ctx context.Context) (string, error) { // the client reconnects with the id of the last event
		entries, err := subscription.Next(ctx)
		return lines(entries), err
	})
}

func lines(entries []event.Entry) string {
	var text strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&text, "id: %s\nevent: %s\ndata: %s\n\n", e.Position, e.Type, bytes.ReplaceAll(e.Data, []byte("\n"), nil))
	}
	return text.String()
}
