package delivery

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func reminder(title string) Message {
	due := now.Add(42 * time.Minute)
	return Message{ID: "id-1", Type: event.ReminderSent, At: now, Reminder: &event.Reminder{
		Base: event.Base{TaskID: 7}, ReminderFields: event.ReminderFields{Title: title, DueDate: &due, Priority: "urgent"}}}
}

// The vector is that of the specification's own libraries.
func TestSignatureIsThatOfStandardWebhooks(t *testing.T) {
	signature, err := sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature)
	_, err = sign("", "x", now, nil)
	require.Error(t, err)
}

// received serves one status and keeps what it was sent.
func received(t *testing.T, status int) (*httptest.Server, *http.Request, *string) {
	t.Helper()
	var request http.Request
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		request, body = *r, string(text)
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server, &request, &body
}

func TestWebhookBodyIsTheSameAtEveryAttempt(t *testing.T) {
	server, request, body := received(t, http.StatusNoContent)
	hook := Webhook{Client: server.Client()}
	to := Target{server.URL + "/hook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	require.NoError(t, hook.Send(t.Context(), to, reminder("Grüße 🌱"), now))
	first := *body
	require.Equal(t, "id-1", request.Header.Get("Webhook-Id"))
	require.NoError(t, hook.Send(t.Context(), to, reminder("Grüße 🌱"), now.Add(time.Hour)))
	require.Equal(t, first, *body)
	require.Equal(t, "1772370000", request.Header.Get("Webhook-Timestamp"))
	var sent struct {
		Type string
		Data map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(first), &sent))
	require.Equal(t, "reminder.sent", sent.Type)
	require.Equal(t, "Grüße 🌱", sent.Data["title"])
	require.Equal(t, "is due in 42 minutes", sent.Data["text"])
}

func TestNtfyGetsTitlePriorityAndWordsOfTheMoment(t *testing.T) {
	server, request, body := received(t, http.StatusOK)
	require.NoError(t, Ntfy{server.Client()}.Send(t.Context(), Target{server.URL + "/my-topic", "tk_1"}, reminder("Grüße 🌱"), now.Add(2*time.Minute)))
	require.JSONEq(t, `{"topic":"my-topic","title":"Grüße 🌱","message":"is due in 40 minutes","tags":["bell"],"priority":5,"sequence_id":"id-1"}`, *body)
	require.Equal(t, "/", request.URL.Path)
	require.Equal(t, "Bearer tk_1", request.Header.Get("Authorization"))
}

func TestRefusalSaysWhatTheTargetWants(t *testing.T) {
	for status, gone := range map[int]bool{429: false, 500: false, 410: true} {
		server, _, _ := received(t, status)
		err := Ntfy{server.Client()}.Send(t.Context(), Target{Address: server.URL + "/x"}, reminder("x"), now)
		var failure *Failure
		require.ErrorAs(t, err, &failure)
		require.Equal(t, gone, failure.Gone)
		require.Equal(t, 30*time.Second, failure.RetryAfter)
	}
}

func TestMailIsEscapedAndItsSubjectIsOneLine(t *testing.T) {
	var body string
	var metadata map[string]string
	mail := &Email{Timeout: time.Second, Invoke: func(_ context.Context, b []byte, m map[string]string) error {
		body, metadata = string(b), m
		return nil
	}}
	require.NoError(t, mail.Send(t.Context(), Target{Address: "ann@example.com"}, reminder("<b>x</b>\r\nBcc: eve@example.com"), now))
	require.NotContains(t, body, "<b>x")
	require.False(t, strings.ContainsAny(metadata["subject"], "\r\n"))
	require.Equal(t, map[string]string{"emailTo": "ann@example.com", "subject": metadata["subject"], "priority": "1"}, metadata)
}
