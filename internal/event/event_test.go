package event_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"tickler/internal/event"
)

func reminder() event.Reminder {
	return event.Reminder{
		Base: event.Base{
			EventID: uuid.MustParse("5f7f5d3e-0a52-4c1e-9d5e-6d1f0f6b8a11"), EventType: event.ReminderSent,
			Timestamp: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), UserID: 1, SchemaVersion: event.SchemaVersion, TaskID: 7, TaskVersion: 1,
		},
		ReminderFields: event.ReminderFields{ReminderTime: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Title: "Pay", Priority: "high"},
	}
}

func envelope(t *testing.T, data any) event.Envelope {
	t.Helper()
	content, err := json.Marshal(data)
	require.NoError(t, err)
	return event.Envelope{Type: event.ReminderSent, Data: content}
}

func TestDataThatMeetsItsSchemaIsDecoded(t *testing.T) {
	got, err := event.Decode[event.Reminder](envelope(t, reminder()), event.ReminderSent)
	require.NoError(t, err)
	require.Equal(t, reminder(), got)
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	content, err := json.Marshal(reminder())
	require.NoError(t, err)
	var data map[string]any
	require.NoError(t, json.Unmarshal(content, &data))
	data["added_later"] = true
	_, err = event.Decode[event.Reminder](envelope(t, data), event.ReminderSent)
	require.NoError(t, err)
}

func TestHalfAnEventIsRefused(t *testing.T) {
	change := map[string]func(map[string]any){
		"no data":               nil,
		"missing field":         func(d map[string]any) { delete(d, "title") },
		"wrong type of a field": func(d map[string]any) { d["task_id"] = "7" },
		"other schema version":  func(d map[string]any) { d["schema_version"] = "2.0" },
		"other event type":      func(d map[string]any) { d["event_type"] = "task.created" },
		"time with an offset":   func(d map[string]any) { d["timestamp"] = "2026-03-01T09:00:00+01:00" },
		"no task":               func(d map[string]any) { d["task_id"] = 0 },
	}
	for name, apply := range change {
		t.Run(name, func(t *testing.T) {
			content, err := json.Marshal(reminder())
			require.NoError(t, err)
			var data map[string]any
			require.NoError(t, json.Unmarshal(content, &data))
			e := event.Envelope{Type: event.ReminderSent}
			if apply != nil {
				apply(data)
				e = envelope(t, data)
			}
			_, err = event.Decode[event.Reminder](e, event.ReminderSent)
			require.Error(t, err)
		})
	}
	_, err := event.Decode[event.Reminder](event.Envelope{Type: "task.created"}, event.ReminderSent)
	require.ErrorContains(t, err, "want")
}

func TestEveryTypeHasASchemaThatNamesIt(t *testing.T) {
	for _, eventType := range event.Types() {
		content, err := fs.ReadFile(event.Schemas(), event.SchemaFile(eventType))
		require.NoError(t, err)
		var schema struct {
			ID         string `json:"$id"`
			Properties struct {
				EventType struct{ Const string } `json:"event_type"`
			}
		}
		require.NoError(t, json.Unmarshal(content, &schema))
		require.Equal(t, event.SchemaURI(eventType), schema.ID)
		require.Equal(t, eventType, schema.Properties.EventType.Const)
	}
}

func TestAsyncAPIDescribesTheTopicsAsTheyAreMade(t *testing.T) {
	var doc struct {
		Channels map[string]struct {
			Messages map[string]any
			Bindings struct {
				Kafka struct {
					Partitions         int
					TopicConfiguration map[string]int64 `yaml:"topicConfiguration"`
				}
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(event.AsyncAPI, &doc))
	for _, topic := range event.Topics() {
		channel, described := doc.Channels[topic.Name]
		if !described {
			require.Contains(t, topic.Name, "-deadletter", "only dead letters are nobody else's business")
			continue
		}
		require.Equal(t, topic.Partitions, channel.Bindings.Kafka.Partitions)
		require.Equal(t, topic.Retention.Milliseconds(), channel.Bindings.Kafka.TopicConfiguration["retention.ms"])
	}
	messages := map[string]int{}
	for _, eventType := range event.Types() {
		for _, topic := range event.TopicsOf(eventType) {
			messages[topic]++
			require.Contains(t, string(event.AsyncAPI), fmt.Sprintf("./schemas/1.0/%s.json", eventType))
		}
	}
	for name, n := range messages {
		require.Len(t, doc.Channels[name].Messages, n, name)
	}
}
