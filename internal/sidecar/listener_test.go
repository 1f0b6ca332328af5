package sidecar

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	dapr "github.com/dapr/go-sdk/client"
	"github.com/prometheus/client_golang/prometheus"
	model "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/telemetry"
)

// bus records what is published; nothing else of the SDK's client is called.
type bus struct {
	dapr.Client
	kept   []event.DeadLetter
	err    error
	topic  string
	events []any
}

func (b *bus) PublishEvents(_ context.Context, _, topic string, events []any, _ ...dapr.PublishEventsOption) dapr.PublishEventsResponse {
	b.topic, b.events = topic, append(b.events, events...)
	return dapr.PublishEventsResponse{Error: b.err}
}

func (b *bus) keep(_ context.Context, letter event.DeadLetter) error {
	b.kept = append(b.kept, letter)
	return b.err
}

func setup(t *testing.T, handle EventHandler) (*Listener, *bus) {
	t.Helper()
	b := &bus{}
	l := NewListener("secret", &Client{dapr: b, config: Config{PubSub: "taskbus"}}, b.keep, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	l.Subscription("task-recurrence", handle)
	l.Binding("reminder-scan", func(context.Context) error { return nil })
	return l, b
}

func post(l *Listener, path, token, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	request.Header.Set("dapr-api-token", token)
	response := httptest.NewRecorder()
	l.Handler().ServeHTTP(response, request)
	return response
}

const good = `{"specversion":"1.0","id":"1","type":"task.completed","source":"x","partitionkey":"7","data":{"a":1}}`

func TestCallbacksWantTheToken(t *testing.T) {
	l, _ := setup(t, func(context.Context, event.Envelope) error { t.Error("handled without token"); return nil })
	for _, token := range []string{"", "wrong", "secret "} {
		require.Equal(t, http.StatusUnauthorized, post(l, "/events/task-recurrence", token, good).Code)
		require.Equal(t, http.StatusUnauthorized, post(l, "/reminder-scan", token, "").Code)
	}
	response := httptest.NewRecorder()
	l.Handler().ServeHTTP(response, httptest.NewRequest(http.MethodOptions, "/reminder-scan", nil))
	require.Equal(t, http.StatusUnauthorized, response.Code)
}

func TestBindingIsAnsweredTo(t *testing.T) {
	l, _ := setup(t, nil)
	request := httptest.NewRequest(http.MethodOptions, "/reminder-scan", nil)
	request.Header.Set("dapr-api-token", "secret")
	response := httptest.NewRecorder()
	l.Handler().ServeHTTP(response, request)
	require.Equal(t, http.StatusOK, response.Code, "daprd asks whether there is a handler")
	require.Equal(t, http.StatusOK, post(l, "/reminder-scan", "secret", "").Code)
}

func TestDeliveryIsAcknowledgedOnlyWhenHandled(t *testing.T) {
	var result error
	l, b := setup(t, func(_ context.Context, e event.Envelope) error {
		require.Equal(t, "task.completed", e.Type)
		return result
	})
	require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence", "secret", good).Body.String())
	result = errors.New("the database is away")
	require.JSONEq(t, `{"status":"RETRY"}`, post(l, "/events/task-recurrence", "secret", good).Body.String())
	require.Empty(t, b.events)
}

func TestWhatCanNeverBeHandledIsDeadLetteredWithItsReason(t *testing.T) {
	l, b := setup(t, func(context.Context, event.Envelope) error { return Permanent(errors.New("no such type")) })
	require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence", "secret", good).Body.String())
	require.Equal(t, "task-recurrence-deadletter", b.topic)
	entry := b.events[0].(dapr.PublishEventsEvent)
	require.Equal(t, "7", entry.Metadata["partitionKey"])
	var letter map[string]any
	require.NoError(t, json.Unmarshal(entry.Data, &letter))
	require.Contains(t, letter["deadletterreason"], "no such type")
	require.Equal(t, map[string]any{"a": 1.0}, letter["data"])

	require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence", "secret", "not json").Body.String())
	require.NoError(t, json.Unmarshal(b.events[1].(dapr.PublishEventsEvent).Data, &letter))
	require.Equal(t, "not json", letter["data"])

	b.err = errors.New("broker is away")
	require.JSONEq(t, `{"status":"RETRY"}`, post(l, "/events/task-recurrence", "secret", good).Body.String())
}

func TestPanicOfAHandlerIsAnErrorAndNoMore(t *testing.T) {
	l, _ := setup(t, func(context.Context, event.Envelope) error { panic("boom") })
	require.Equal(t, http.StatusInternalServerError, post(l, "/events/task-recurrence", "secret", good).Code)
}

// raw is how a raw subscription delivers a document.
func raw(document string) string {
	return `{"specversion":"1.0","id":"x","type":"com.dapr.event.sent","data_base64":"` + base64.StdEncoding.EncodeToString([]byte(document)) + `"}`
}

func TestDeadLetterWithAReasonIsKept(t *testing.T) {
	l, b := setup(t, func(context.Context, event.Envelope) error { t.Error("handled"); return nil })
	letter := strings.Replace(good, `"id"`, `"deadletterreason":"no such type","id"`, 1)
	require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence-deadletter", "secret", raw(letter)).Body.String())
	require.Equal(t, "no such type", b.kept[0].Reason)
	require.Equal(t, "task-recurrence", b.kept[0].Topic)
	require.True(t, b.kept[0].Readable)
	require.Equal(t, letter, b.kept[0].Document)

	require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence-deadletter", "secret", raw("\x00 not json")).Body.String())
	require.Equal(t, "\x00 not json", b.kept[1].Document)
	require.False(t, b.kept[1].Readable)

	b.err = errors.New("the database is away")
	require.JSONEq(t, `{"status":"RETRY"}`, post(l, "/events/task-recurrence-deadletter", "secret", raw(letter)).Body.String())
}

func TestDeadLetterWithoutAReasonIsHandledUntilItIsDone(t *testing.T) {
	result := errors.New("the database is away")
	l, b := setup(t, func(context.Context, event.Envelope) error { return result })
	require.JSONEq(t, `{"status":"RETRY"}`, post(l, "/events/task-recurrence-deadletter", "secret", raw(good)).Body.String())
	result = nil
	require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence-deadletter", "secret", raw(good)).Body.String())
	require.Empty(t, b.kept)
	result = Permanent(errors.New("no such type"))
	require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence-deadletter", "secret", raw(good)).Body.String())
	require.Contains(t, b.kept[0].Reason, "no such type")
}

func TestBulkSaysOfEachEventWhatBecameOfIt(t *testing.T) {
	l, b := setup(t, nil)
	l.BulkSubscription("task-reminders", func(_ context.Context, events []event.Envelope) []error {
		require.Len(t, events, 3)
		return []error{nil, errors.New("the database is away"), Permanent(errors.New("no such type"))}
	})
	entry := func(id, document string) string { return `{"entryId":"` + id + `","event":` + document + `}` }
	body := `{"entries":[` + strings.Join([]string{entry("a", good), entry("b", good), entry("c", `"text"`), entry("d", good)}, ",") + `]}`
	require.JSONEq(t, `{"statuses":[
		{"entryId":"a","status":"SUCCESS"}, {"entryId":"b","status":"RETRY"},
		{"entryId":"c","status":"SUCCESS"}, {"entryId":"d","status":"SUCCESS"}]}`,
		post(l, "/events/task-reminders", "secret", body).Body.String())
	require.Len(t, b.events, 2, "the unreadable one and the one of no known type are dead letters")
	require.Equal(t, "task-reminders-deadletter", b.topic)
	require.Equal(t, http.StatusBadRequest, post(l, "/events/task-reminders", "secret", "x").Code)
}

func TestTraceOfARequestReachesTheHandler(t *testing.T) {
	var trace string
	l, _ := setup(t, func(ctx context.Context, _ event.Envelope) error {
		trace = telemetry.TraceID(ctx)
		return nil
	})
	traced := strings.Replace(good, `"id"`, `"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","id"`, 1)
	post(l, "/events/task-recurrence", "secret", traced)
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", trace)
}

func TestDeliveryLagIsMeasuredFromTheEventsTime(t *testing.T) {
	l, _ := setup(t, func(context.Context, event.Envelope) error { return nil })
	l.BulkSubscription("task-reminders", func(_ context.Context, events []event.Envelope) []error { return make([]error, len(events)) })
	aged := strings.Replace(good, `"id"`, `"time":"`+time.Now().Add(-time.Minute).Format(time.RFC3339Nano)+`","id"`, 1)
	post(l, "/events/task-recurrence", "secret", aged)
	post(l, "/events/task-reminders", "secret", `{"entries":[{"entryId":"a","event":`+aged+`}]}`)
	for _, topic := range []string{"task-recurrence", "task-reminders"} {
		var lag model.Metric
		require.NoError(t, l.lag.WithLabelValues(topic).(prometheus.Metric).Write(&lag))
		require.EqualValues(t, 1, lag.GetHistogram().GetSampleCount(), topic)
		require.InDelta(t, 60, lag.GetHistogram().GetSampleSum(), 20, topic)
	}
}
