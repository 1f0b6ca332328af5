package delivery

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Ntfy publishes messages to a topic to which phones subscribe. It uses JSON rather
// than headers, which cannot hold Unicode.
// https://docs.ntfy.sh/publish/#publish-as-json
type Ntfy struct{ Client *http.Client }

// priorities of ntfy by those of tasks.
// https://docs.ntfy.sh/publish/#message-priority
var priorities = map[string]int{"low": 2, "medium": 3, "high": 4, "urgent": 5}

// Send publishes to the topic that is the path of the target.
func (n Ntfy) Send(ctx context.Context, to Target, m Message, now time.Time) error {
	server, err := url.Parse(to.Address)
	if err != nil {
		return &Failure{Reason: "the address is no URL"}
	}
	topic := strings.TrimPrefix(server.Path, "/")
	server.Path = "/"
	title, text := m.words(now)
	content := map[string]any{"topic": topic, "title": title, "message": text, "tags": []string{"bell"}, "sequence_id": m.ID}
	if m.Reminder != nil {
		content["priority"] = priorities[m.Reminder.Priority]
	}
	header := http.Header{}
	if to.Secret != "" {
		header.Set("Authorization", "Bearer "+to.Secret)
	}
	return postJSON(ctx, n.Client, server.String(), content, header, now)
}
