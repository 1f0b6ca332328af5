package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/sidecar"
	"tickler/internal/task"
)

// callbacks is what notifier serves to its sidecar, on the database of an office.
// No sidecar listens: what would be published waits, as when the broker is away.
func (o *office) callbacks(t *testing.T, log *slog.Logger) http.Handler {
	t.Helper()
	client, err := sidecar.NewClient(sidecar.Config{GRPCPort: "1", HTTPPort: "1", PubSub: "taskbus"})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	registry := prometheus.NewRegistry()
	listener := sidecar.NewListener("secret", client, o.notifier, log, registry)
	listener.BulkSubscription(event.TopicTaskReminders, newDeliverer(o.notifier.TakeReminders, o.sender.wake, o.clock, log, registry).deliver)
	return listener.Handler()
}

func deliver(handler http.Handler, topic, body string) string {
	request := httptest.NewRequest(http.MethodPost, "/events/"+topic, strings.NewReader(body))
	request.Header.Set("dapr-api-token", "secret")
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	return response.Body.String()
}

// message is a reminder.sent as it comes over the bus.
func message(id string, userID, taskID int64, title string) string {
	return `{"specversion":"1.0","id":"` + id + `","type":"reminder.sent","source":"tickler/notifier","time":"2026-03-02T08:00:00Z","data":` +
		`{"event_id":"` + id + `","event_type":"reminder.sent","timestamp":"2026-03-02T08:00:00Z","user_id":` + strconv.FormatInt(userID, 10) +
		`,"schema_version":"1.0","task_id":` + strconv.FormatInt(taskID, 10) + `,"task_version":1,"reminder_time":"2026-03-02T08:00:00Z",` +
		`"title":"` + title + `","due_date":"2026-03-02T08:30:00Z","priority":"high"}}`
}

// logged is what was logged, by many at a time.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Whoever holds the broker's credentials can publish anything under any id.
func TestForgedReminderReachesNobodyAndKeepsNoTrueOneAway(t *testing.T) {
	o := open(t)
	hook := receive(t, status(http.StatusOK))
	ann, bob := o.user(t, "ann", hook.URL+"/ann"), o.user(t, "bob", hook.URL+"/bob")
	added, err := o.service.Add(t.Context(), ann, task.AddInput{Fields: task.Fields{Title: input.Some("Water the plants"), DueDate: input.Some("2026-03-02T08:30")}})
	require.NoError(t, err)
	claimed, _, err := o.notifier.ClaimReminders(t.Context(), o.clock(), time.Time{}, 10)
	require.NoError(t, err)
	require.Equal(t, 1, claimed)
	var id uuid.UUID
	require.NoError(t, o.pool.QueryRow(t.Context(), `SELECT event_id FROM journal WHERE event_type = 'reminder.sent'`).Scan(&id))
	count := func(table string) (n int) {
		require.NoError(t, o.pool.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
		return n
	}
	tests := count("deliveries")

	var log logged
	handler := o.callbacks(t, slog.New(slog.NewJSONHandler(&log, nil)))
	forged := []string{
		message(uuid.NewString(), bob.UserID, added.Task.ID, "Pay here"),
		message(uuid.NewString(), ann.UserID, added.Task.ID, "Pay here"),
		message(id.String(), bob.UserID, added.Task.ID, "Pay here"),
		message(id.String(), ann.UserID, added.Task.ID+1, "Pay here"),
		strings.ReplaceAll(message(id.String(), ann.UserID, added.Task.ID, "Pay here"), "reminder.sent", "task.deleted"),
	}
	for i, document := range forged {
		require.JSONEq(t, `{"statuses":[{"entryId":"a","status":"RETRY"}]}`,
			deliver(handler, event.TopicTaskReminders, `{"entries":[{"entryId":"a","event":`+document+`}]}`), "its dead letter cannot be published here")
		raw, err := json.Marshal(map[string][]byte{"data_base64": []byte(document)})
		require.NoError(t, err)
		require.JSONEq(t, `{"status":"SUCCESS"}`, deliver(handler, event.DeadLetterTopic(event.TopicTaskReminders), string(raw)))
		require.Zero(t, count("inbox"), "forgery %d is not remembered", i)
	}
	require.Equal(t, tests, count("deliveries"))
	require.Equal(t, 3, count("dead_letters"), "those under one id are one")
	require.NotContains(t, log.String(), "🔔")

	embellished := message(id.String(), ann.UserID, added.Task.ID, "Pay here")
	for range 2 {
		require.JSONEq(t, `{"statuses":[{"entryId":"a","status":"SUCCESS"}]}`,
			deliver(handler, event.TopicTaskReminders, `{"entries":[{"entryId":"a","event":`+embellished+`}]}`))
	}
	o.pass(10 * time.Second) // what comes at once waits a moment for others
	o.until(t, "the true one", func() bool { return len(hook.got("Water the plants")) == 1 })
	require.Equal(t, 1, strings.Count(log.String(), "🔔"))
	require.Contains(t, log.String(), "Water the plants")
	require.NotContains(t, log.String(), "Pay here")
	require.Empty(t, hook.got("Pay here"))
}
