package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// letter is an envelope around some data, as a faulty producer would send it.
func letter(t *testing.T, eventType string, data fields) string {
	t.Helper()
	id := uuid.NewString()
	for name, value := range map[string]any{
		"event_id": id, "event_type": eventType, "timestamp": "2026-01-02T03:04:05Z", "user_id": 1,
		"schema_version": "1.0", "task_id": 1, "task_version": 1,
	} {
		if _, given := data[name]; !given {
			data[name] = value
		}
	}
	text, err := json.Marshal(fields{
		"specversion": "1.0", "id": id, "source": "tickler/test", "type": eventType, "subject": "1",
		"time": "2026-01-02T03:04:05Z", "datacontenttype": "application/json",
		"dataschema": event.SchemaURI(eventType), "partitionkey": "1", "data": data,
	})
	require.NoError(t, err)
	return string(text)
}

func TestMalformedEventsGoToTheDeadLetters(t *testing.T) {
	s := start(t, nil)
	p := s.person(t, "")
	for _, consumer := range []struct{ app, topic, eventType string }{
		{"recurrer", event.TopicTaskRecurrence, event.TaskCompleted},
		{"notifier", event.TopicTaskReminders, event.ReminderSent},
	} {
		cases := []struct {
			name, value, marker string
			reason              string // that the app gives; empty: the sidecar refuses it before
		}{
			{"not JSON", `{"this is": not JSON at all`, "not JSON at all", ""},
			{"JSON, but no CloudEvent", `{"hello": "dead letter of mine"}`, "dead letter of mine", "type"},
			{"a text", `"a mere text"`, "a mere text", ""},
			{"other type", letter(t, "task.renamed", fields{"mark": "other type"}), "other type", "task.renamed"},
			{"no data of ours", letter(t, consumer.eventType, fields{"task_id": "wrong data"}), "wrong data", "task_id"},
			{"missing fields", letter(t, consumer.eventType, fields{"mark": "missing fields"}), "missing fields", "required"},
			{"unknown schema version", letter(t, consumer.eventType, fields{
				"schema_version": "9.0", "mark": "of the future", "completed_at": "2026-01-02T03:04:05Z",
				"reminder_time": "2026-01-02T03:04:05Z", "title": "x", "priority": "low",
			}), "of the future", "schema_version"},
		}
		before := s.PID(consumer.app)
		sidecar := s.PID(consumer.app + "-daprd")
		for _, c := range cases {
			s.observer.plant(t, consumer.topic, "1", c.value)
		}
		for _, c := range cases {
			t.Run(consumer.app+" "+c.name, func(t *testing.T) {
				dead := func() []message {
					return s.observer.find(func(m message) bool {
						return m.topic == event.DeadLetterTopic(consumer.topic) && strings.Contains(undone(m), c.marker)
					})
				}
				until(t, soon, "the dead letter", func() bool { return len(dead()) > 0 })
				require.Len(t, dead(), 1)
				if c.reason != "" {
					var attributes struct {
						Reason string `json:"deadletterreason"`
					}
					require.NoError(t, json.Unmarshal([]byte(dead()[0].value), &attributes))
					require.Contains(t, attributes.Reason, c.reason)
				}
			})
		}
		require.Equal(t, before, s.PID(consumer.app), "the app did not die of it")
		require.Equal(t, sidecar, s.PID(consumer.app+"-daprd"), "nor its sidecar")
		metrics := body(t, s.Env()["TICKLER_"+upper(consumer.app)+"_URL"]+"/metrics")
		require.Contains(t, metrics, fmt.Sprintf(`tickler_deliveries_total{outcome="dead_letter",topic=%q}`, consumer.topic))
	}
	t.Run("later events are handled", func(t *testing.T) {
		s.drained(t, p)
		s.scanned(t, p)
	})
}

// undone is a message's text, also where the sidecar has wrapped it as base64.
func undone(m message) string {
	var wrapped struct {
		Base64 []byte `json:"data_base64"`
	}
	_ = json.Unmarshal([]byte(m.value), &wrapped)
	return m.value + string(wrapped.Base64)
}

// An attacker with the broker's credentials can publish messages that look just
// like events. Postgres has not recorded them, so no app acts on them.
func TestForgedMessageIsADeadLetterAndNothingElse(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.person(t, "")
	task := p.add(t, fields{"title": "Water the plants", "recurrence_rule": "daily"})
	user := query[int64](t, s, `SELECT user_id FROM tasks WHERE id = $1`, task.ID)
	for topic, forged := range map[string]string{
		event.TopicTaskReminders: letter(t, event.ReminderSent, fields{
			"user_id": user, "task_id": task.ID, "title": "Pay here", "reminder_time": "2026-01-02T03:04:05Z", "priority": "high"}),
		event.TopicTaskRecurrence: letter(t, event.TaskCompleted, fields{
			"user_id": user, "task_id": task.ID, "recurrence_rule": "FREQ=DAILY", "completed_at": "2026-01-02T03:04:05Z"}),
	} {
		s.observer.plant(t, topic, "1", forged)
		until(t, soon, "the dead letter of "+topic, func() bool {
			return strings.Contains(s.api(t, "deadletters", "list"), topic)
		})
		row := tableRow(s.api(t, "deadletters", "list"), topic)
		require.Contains(t, strings.Join(row, " "), "no such event is recorded")
	}
	require.Zero(t, query[int](t, s, `SELECT count(*) FROM inbox`), "a forgery is not remembered")
	require.Zero(t, query[int](t, s, `SELECT count(*) FROM deliveries`))
	require.Empty(t, s.successors(t, task.ID))
	s.drained(t, p)
	s.scanned(t, p)
}
