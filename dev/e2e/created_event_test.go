package e2e

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

var traceParent = regexp.MustCompile(`^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$`)

// traceID is that of a traceparent header, or empty.
func traceID(header string) string {
	if match := traceParent.FindStringSubmatch(header); match != nil {
		return match[1]
	}
	return ""
}

func TestAddedTaskIsAnnouncedOnTheBus(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	trace := "4bf92f3577b34da6a3ce929d0e0e4736"
	ctx := withHeader(t.Context(), "traceparent", "00-"+trace+"-00f067aa0ba902b7-01")

	begun := time.Now().Add(-time.Second)
	added, err := p.try(ctx, "add_task", fields{
		"title": "Pay the rent", "description": "To the landlord", "priority": "high",
		"due_date": "2031-03-01T17:30:00+01:00", "tags": []string{"home", "money"}, "recurrence_rule": "monthly",
	})
	require.NoError(t, err)
	require.Nil(t, added.Error)

	m := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, added.Task.ID)[0]
	id := strconv.FormatInt(added.Task.ID, 10)
	require.NoError(t, m.check())
	require.Equal(t, id, m.key)
	require.Equal(t, "1.0", m.SpecVersion)
	require.Equal(t, m.EventID.String(), m.Envelope.ID)
	require.Equal(t, "tickler/api", m.Source)
	require.Equal(t, "task.created", m.Type)
	require.Equal(t, id, m.Subject)
	require.Equal(t, id, m.PartitionKey)
	require.Equal(t, "application/json", m.DataContentType)
	require.Equal(t, event.SchemaURI(event.TaskCreated), m.DataSchema)
	require.WithinRange(t, m.Time, begun, time.Now())
	require.Equal(t, trace, traceID(m.TraceParent), "the trace of the request goes on in its event")

	data, err := event.Decode[event.Created](m.Envelope, event.TaskCreated)
	require.NoError(t, err)
	require.Equal(t, "Pay the rent", data.Title)
	require.Equal(t, "To the landlord", data.Description)
	require.Equal(t, "high", data.Priority)
	require.Equal(t, "2031-03-01T16:30:00Z", data.DueDate.Format(time.RFC3339))
	require.Equal(t, "FREQ=MONTHLY", data.RecurrenceRule)
	require.Len(t, data.TagIDs, 2)
	require.Nil(t, data.PreviousTaskID)
	require.Equal(t, 1, data.TaskVersion)
	require.Equal(t, query[int64](t, s, `SELECT id FROM users WHERE subject = $1`, p.name), data.UserID)
}

func TestEveryChangeIsAnnouncedWithTheNextVersion(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	id := p.add(t, fields{"title": "Draft", "due_date": "2031-05-05"}).ID
	p.call(t, "update_task", fields{"task_id": id, "title": "Final", "clear": []string{"due_date"}})
	p.call(t, "update_task", fields{"task_id": id, "title": "Final"}) // no change, no event
	p.call(t, "complete_task", fields{"task_id": id})
	p.call(t, "complete_task", fields{"task_id": id}) // no change, no event
	p.call(t, "reopen_task", fields{"task_id": id})
	p.call(t, "delete_task", fields{"task_id": id})
	p.call(t, "reopen_task", fields{"task_id": id})

	kinds := func() (kinds []string) {
		for _, m := range s.observer.find(func(m message) bool { return m.topic == event.TopicTaskEvents && m.TaskID == id }) {
			kinds = append(kinds, m.Type+" "+strconv.Itoa(m.TaskVersion))
		}
		return kinds
	}
	until(t, soon, "the last event", func() bool { return len(kinds()) >= 6 })
	require.Equal(t, []string{
		"task.created 1", "task.updated 2", "task.completed 3", "task.updated 4", "task.deleted 5", "task.updated 6",
	}, kinds())

	updated, err := event.Decode[event.Updated](s.observer.of(event.TopicTaskEvents, event.TaskUpdated, id)[0].Envelope, event.TaskUpdated)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"title": "Final", "due_date": nil, "all_day": false}, updated.UpdatedFields)
}
