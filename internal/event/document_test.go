package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

func change(eventType string, fields any) event.Change {
	content, _ := json.Marshal(fields) // of plain values: it cannot fail
	return event.Change{
		EventID: uuid.MustParse("5f7f5d3e-0a52-4c1e-9d5e-6d1f0f6b8a11"), Type: eventType,
		At: time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("", 3600)), UserID: 1, TaskID: 7, TaskVersion: 3,
		Source: "tickler/api", TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Fields: content,
	}
}

func TestEachChangeMakesAnEventThatMeetsItsSchema(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for eventType, fields := range map[string]any{
		event.TaskCreated:   event.CreatedFields{Title: "Pay", Priority: "high", TagIDs: []int64{}},
		event.TaskUpdated:   map[string]any{"title": "Pay now", "due_date": nil},
		event.TaskCompleted: event.CompletedFields{CompletedAt: at},
		event.TaskDeleted:   map[string]any{"title": "not told"},
		event.ReminderSent:  event.ReminderFields{ReminderTime: at, Title: "Pay", Priority: "high"},
	} {
		t.Run(eventType, func(t *testing.T) {
			envelope, err := change(eventType, fields).Envelope()
			require.NoError(t, err)
			require.NoError(t, event.Validate(eventType, envelope.Data), "%s", envelope.Data)
			var data map[string]any
			require.NoError(t, json.Unmarshal(envelope.Data, &data))
			require.Equal(t, envelope.ID, data["event_id"])
			require.Equal(t, "2026-03-01T08:00:00Z", data["timestamp"])
			require.Equal(t, "7", envelope.Subject)
			require.NotContains(t, string(envelope.Data), "not told")
		})
	}
}

func TestAChangeWithoutFieldsMakesNoEvent(t *testing.T) {
	for _, fields := range []string{"", "null", "[1]", "7"} {
		c := change(event.TaskUpdated, nil)
		c.Fields = json.RawMessage(fields)
		_, err := c.Envelope()
		require.Error(t, err, fields)
	}
}
