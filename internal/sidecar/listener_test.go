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
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	model "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/telemetry"
)

// bus records what is published; nothing else of the SDK's client is called. It is
// the listener's store too, in which one event is recorded: id, of task 7 of user 1.
type bus struct {
	dapr.Client
	kept   []event.DeadLetter
	err    error
	away   error // why the store does not answer
	topic  string
	events []any
}

func (b *bus) PublishEvents(_ context.Context, _, topic string, events []any, _ ...dapr.PublishEventsOption) dapr.PublishEventsResponse {
	b.topic, b.events = topic, append(b.events, events...)
	return dapr.PublishEventsResponse{Error: b.err}
}

func (b *bus) KeepDeadLetter(_ context.Context, letter event.DeadLetter) error {
	b.kept = append(b.kept, letter)
	return b.err
}

func (b *bus) RecordedEvents(_ context.Context, told []event.Reference) (map[uuid.UUID]event.Change, error) {
	records := map[uuid.UUID]event.Change{}
	for _, asked := range told {
		if asked.ID.String() == id && asked.UserID == 1 && asked.TaskID == 7 {
			records[asked.ID] = event.Change{
				EventID: asked.ID, UserID: 1, TaskID: 7, Type: event.TaskCompleted, Source: "tickler/api", At: recordedAt, Fields: []byte(`{"a":1}`),
			}
		}
	}
	return records, b.away
}

// KnownUsers knows users 1 and 2.
func (b *bus) KnownUsers(_ context.Context, users []int64) (map[int64]bool, error) {
	known := map[int64]bool{}
	for _, id := range users {
		known[id] = id == 1 || id == 2
	}
	return known, b.away
}

func setup(t *testing.T, handle EventHandler) (*Listener, *bus) {
	t.Helper()
	b := &bus{}
	l := NewListener("secret", &Client{dapr: b, config: Config{PubSub: "taskbus"}}, b, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
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

const (
	id       = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
	recorded = `{"event_type":"task.completed","user_id":1,"task_id":7,"a":1}`
	good     = `{"specversion":"1.0","id":"` + id + `","type":"task.completed","source":"x","partitionkey":"7","data":` + recorded + `}`
)

var recordedAt = time.Now().Add(-time.Minute).UTC()

func TestCallbacksWantTheToken(t *testing.T) {
	l, _ := setup(t, func(context.Context, event.Envelope) error { t.Error("handled without token"); return nil })
	for _, token := range []string{"", "wrong", "secret "} {
		require.Equal(t, http.StatusUnauthorized, post(l, "/events/task-recurrence", token, good).Code)
		require.Equal(t, http.StatusUnauthorized, post(l, "/reminder-scan", token, "").Code)
	}
}

func TestBindingIsAnsweredTo(t *testing.T) {
	l, _ := setup(t, nil)
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
	require.EqualValues(t, 7, letter["data"].(map[string]any)["task_id"])

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
	b := &bus{}
	l := NewListener("secret", &Client{dapr: b, config: Config{PubSub: "taskbus"}}, b, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	l.BulkSubscription("task-recurrence", func(_ context.Context, events []event.Envelope) []error {
		require.Len(t, events, 3)
		return []error{nil, errors.New("the database is away"), Permanent(errors.New("no such type"))}
	})
	entry := func(id, document string) string { return `{"entryId":"` + id + `","event":` + document + `}` }
	body := `{"entries":[` + strings.Join([]string{entry("a", good), entry("b", good), entry("c", `"text"`), entry("d", good)}, ",") + `]}`
	require.JSONEq(t, `{"statuses":[
		{"entryId":"a","status":"SUCCESS"}, {"entryId":"b","status":"RETRY"},
		{"entryId":"c","status":"SUCCESS"}, {"entryId":"d","status":"SUCCESS"}]}`,
		post(l, "/events/task-recurrence", "secret", body).Body.String())
	require.Len(t, b.events, 2, "the unreadable one and the one of no known type are dead letters")
	require.Equal(t, "task-recurrence-deadletter", b.topic)
	require.Equal(t, http.StatusBadRequest, post(l, "/events/task-recurrence", "secret", "x").Code)
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

// The last messages about a person are still with the broker when they are deleted.
func TestEventsOfAPersonWhoWasDeletedAreDroppedAndNotKept(t *testing.T) {
	document := strings.Replace(strings.Replace(good, id, uuid.NewString(), 1), `"user_id":1`, `"user_id":3`, 1)
	l, b := setup(t, func(context.Context, event.Envelope) error { t.Error("handled"); return nil })
	l.BulkSubscription("task-reminders", func(context.Context, []event.Envelope) []error { t.Error("handled"); return []error{nil} })
	require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence", "secret", document).Body.String())
	require.JSONEq(t, `{"statuses":[{"entryId":"a","status":"SUCCESS"}]}`, post(l, "/events/task-reminders", "secret", `{"entries":[{"entryId":"a","event":`+document+`}]}`).Body.String())
	for _, letter := range []string{document, strings.Replace(document, `"source"`, `"deadletterreason":"x","source"`, 1)} {
		require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence-deadletter", "secret", raw(letter)).Body.String())
	}
	require.Empty(t, b.events)
	require.Empty(t, b.kept)
	b.away = errors.New("away")
	require.JSONEq(t, `{"status":"RETRY"}`, post(l, "/events/task-recurrence", "secret", document).Body.String(), "nobody knows yet whether they are there")
}

// Whoever holds the broker's credentials can publish anything.
func TestOnlyWhatPostgresHasRecordedIsHandled(t *testing.T) {
	forged := map[string]string{
		"an id that nothing has":    strings.Replace(good, id, uuid.NewString(), 1),
		"an id that is none":        strings.Replace(good, id, "1", 1),
		"another user":              strings.Replace(good, `"user_id":1`, `"user_id":2`, 1),
		"another task":              strings.Replace(good, `"task_id":7`, `"task_id":8`, 1),
		"another type":              strings.ReplaceAll(good, "task.completed", "reminder.sent"),
		"another type in its data":  strings.Replace(good, `"event_type":"task.completed"`, `"event_type":"reminder.sent"`, 1),
		"data that is no object":    strings.Replace(good, recorded, `"text"`, 1),
		"no data":                   strings.Replace(good, recorded, `null`, 1),
		"no id":                     strings.Replace(good, `"id":"`+id+`",`, "", 1),
		"a type that is not there":  strings.ReplaceAll(good, "task.completed", "task.renamed"),
		"an id in another notation": strings.Replace(good, id, "{"+uuid.NewString()+"}", 1),
	}
	for name, document := range forged {
		t.Run(name, func(t *testing.T) {
			l, b := setup(t, func(context.Context, event.Envelope) error { t.Error("handled"); return nil })
			l.BulkSubscription("task-reminders", func(context.Context, []event.Envelope) []error { t.Error("handled"); return []error{nil} })
			require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence", "secret", document).Body.String())
			require.Equal(t, "task-recurrence-deadletter", b.topic)
			post(l, "/events/task-reminders", "secret", `{"entries":[{"entryId":"a","event":`+document+`}]}`)
			require.Len(t, b.events, 2)
			post(l, "/events/task-recurrence-deadletter", "secret", raw(document))
			require.Len(t, b.kept, 1, "nor is it handled from the dead-letter topic")
			require.NotEmpty(t, b.kept[0].Reason)
		})
	}
	t.Run("the topic of others", func(t *testing.T) {
		l, b := setup(t, nil)
		l.BulkSubscription("task-reminders", func(context.Context, []event.Envelope) []error { t.Error("handled"); return []error{nil} })
		post(l, "/events/task-reminders", "secret", `{"entries":[{"entryId":"a","event":`+good+`}]}`)
		require.Len(t, b.events, 1)
	})
}

func TestHandlerIsGivenWhatIsRecordedWhateverTheMessageSays(t *testing.T) {
	var handled event.Envelope
	l, _ := setup(t, func(_ context.Context, e event.Envelope) error { handled = e; return nil })
	lies := strings.NewReplacer(`"a":1`, `"a":2,"title":"Pay here"`, `"source":"x"`, `"source":"y","time":"2020-01-01T00:00:00Z"`, `"partitionkey":"7"`, `"partitionkey":"9"`).Replace(good)
	require.JSONEq(t, `{"status":"SUCCESS"}`, post(l, "/events/task-recurrence", "secret", lies).Body.String())
	var data map[string]any
	require.NoError(t, json.Unmarshal(handled.Data, &data))
	require.EqualValues(t, 1, data["a"])
	require.NotContains(t, data, "title")
	require.Equal(t, "tickler/api", handled.Source)
	require.Equal(t, recordedAt, handled.Time)
	require.Equal(t, "7", handled.PartitionKey)
}

// What cannot be verified now may be true.
func TestMessageWaitsWhilePostgresCannotSayWhatIsTrue(t *testing.T) {
	l, b := setup(t, func(context.Context, event.Envelope) error { t.Error("handled"); return nil })
	l.BulkSubscription("task-reminders", func(context.Context, []event.Envelope) []error { t.Error("handled"); return []error{nil} })
	b.away = errors.New("the database is away")
	require.JSONEq(t, `{"status":"RETRY"}`, post(l, "/events/task-recurrence", "secret", good).Body.String())
	require.JSONEq(t, `{"status":"RETRY"}`, post(l, "/events/task-recurrence-deadletter", "secret", raw(good)).Body.String())
	require.JSONEq(t, `{"statuses":[{"entryId":"a","status":"RETRY"}]}`,
		post(l, "/events/task-reminders", "secret", `{"entries":[{"entryId":"a","event":`+good+`}]}`).Body.String())
	require.Empty(t, b.events)
	require.Empty(t, b.kept)
}

func TestDeliveryLagIsMeasuredFromTheEventsTime(t *testing.T) {
	l, _ := setup(t, func(context.Context, event.Envelope) error { return nil })
	post(l, "/events/task-recurrence", "secret", good)
	var lag model.Metric
	require.NoError(t, l.lag.WithLabelValues("task-recurrence").(prometheus.Metric).Write(&lag))
	require.EqualValues(t, 1, lag.GetHistogram().GetSampleCount())
	require.InDelta(t, 60, lag.GetHistogram().GetSampleSum(), 30)
}
