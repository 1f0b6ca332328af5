package tools

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"tickler/internal/event"
)

const maxSubscribed = 100 // resources of one subscription

// wanted holds the resources a client subscribed to, without those that cannot
// exist.
type wanted struct{ uris []string }

func subscribed(uris []string) wanted {
	var w wanted
	for _, uri := range uris {
		_, isTask := taskOf(uri)
		if (isTask || uri == overviewURI || uri == tasksURI || uri == remindersURI) && !slices.Contains(w.uris, uri) {
			w.uris = append(w.uris, uri)
		}
	}
	return w
}

func (w wanted) nothing() bool { return len(w.uris) == 0 }

// filter returns the subscription that the client is granted.
func (w wanted) filter() mcp.SubscriptionFilter {
	return mcp.SubscriptionFilter{ResourceSubscriptions: w.uris}
}

// concerned lists the wanted resources that an event changes. A subscriber to all
// tasks gets the URI of the changed task: a notification may name a sub-resource.
func (w wanted) concerned(e event.Entry) []string {
	var found []string
	for _, uri := range w.uris {
		id, isTask := taskOf(uri)
		switch {
		case uri == tasksURI || isTask && id == e.TaskID:
			uri = taskURI + strconv.FormatInt(e.TaskID, 10)
		case uri == remindersURI && e.Type == event.ReminderSent:
		case uri == overviewURI && e.Type != event.ReminderSent:
		default:
			continue
		}
		if !slices.Contains(found, uri) {
			found = append(found, uri)
		}
	}
	return found
}

// taskOf parses the id of a task from its URI.
func taskOf(uri string) (int64, bool) {
	digits, ok := strings.CutPrefix(uri, taskURI)
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, ok && err == nil && id > 0
}
