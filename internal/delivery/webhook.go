package delivery

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tickler/internal/event"
)

// Webhook sends messages as Standard Webhooks specifies: JSON, signed with the
// channel's secret.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
type Webhook struct{ Client *http.Client }

// payload is the body of a call.
type payload struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when it happened; the header has that of the attempt
	Data      any       `json:"data"`
}

// Send calls the webhook.
func (w Webhook) Send(ctx context.Context, to Target, m Message, now time.Time) error {
	var data any = map[string]string{"title": m.Title, "text": m.Text}
	if len(m.TaskIDs) > 0 {
		data = map[string]any{"title": m.Title, "text": m.Text, "task_ids": m.TaskIDs}
	}
	if m.Reminder != nil {
		data = struct {
			*event.Reminder
			Text string `json:"text"`
		}{m.Reminder, When(m.Reminder, m.At)} // as it was then: the body is the same at every attempt
	}
	body, err := json.Marshal(payload{m.Type, m.At.UTC(), data})
	if err != nil {
		return &Failure{Reason: "the message could not be encoded"}
	}
	signature, err := sign(to.Secret, m.ID, now, body)
	if err != nil {
		return err
	}
	return post(ctx, w.Client, to.Address, body, http.Header{
		"Content-Type":      {"application/json"},
		"webhook-id":        {m.ID},
		"webhook-timestamp": {strconv.FormatInt(now.Unix(), 10)},
		"webhook-signature": {signature},
	}, now)
}

// sign signs id, time of the attempt and body with HMAC-SHA256.
func sign(secret, id string, now time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return "", &Failure{Reason: "its secret cannot be used; add the channel again for a new one"}
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(now.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}
