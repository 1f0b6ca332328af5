package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tickler/internal/event"
)

const (
	maxReason       = 1000 // bytes
	reasonAttribute = "deadletterreason"
)

// deliverDeadLetter handles a message from a dead-letter topic. A dead letter with
// a reason is kept for a person to look at. One without a reason was put there by
// the sidecar when its retries ran out during an outage; it is handled like any
// other event, and retried for as long as it takes.
func (l *Listener) deliverDeadLetter(ctx context.Context, topic string, body []byte, handle EventHandler) (outcome string) {
	body = unwrap(body)
	letter := event.DeadLetter{Topic: topic, Document: string(body)}
	var attributes map[string]any
	if json.Unmarshal(body, &attributes) == nil {
		letter.Reason, _ = attributes[reasonAttribute].(string)
	}
	var d delivery
	if letter.Reason != "" {
		d = l.read(ctx, topic, body)[0]
	} else {
		d = l.handle(ctx, topic, body, handle)
	}
	switch {
	case errors.Is(d.err, errForgotten):
		return l.outcome(ctx, topic, d)
	case letter.Reason != "": // not to be handled again
	case d.err == nil:
		return succeeded
	default:
		if !errors.Is(d.err, ErrPermanent) {
			l.log.Warn("handling a dead letter failed, it will be delivered again", "topic", topic, "event", d.envelope.ID, "error", d.err)
			return toRetry
		}
		letter.Reason = d.err.Error()
	}
	letter.Reason = letter.Reason[:min(len(letter.Reason), maxReason)]
	letter.Readable = json.Unmarshal(body, &letter.Envelope) == nil && letter.Envelope.Type != unreadable
	if err := l.store.KeepDeadLetter(ctx, letter); err != nil {
		l.log.Warn("a dead letter could not be kept, it will be delivered again", "topic", topic, "error", err)
		return toRetry
	}
	return deadLettered
}

// unwrap returns the document inside the envelope that Dapr wraps around a raw
// delivery.
// https://docs.dapr.io/developing-applications/building-blocks/pubsub/pubsub-raw/
func unwrap(body []byte) []byte {
	var raw struct {
		Document []byte `json:"data_base64"`
	}
	if json.Unmarshal(body, &raw) == nil && raw.Document != nil {
		return raw.Document
	}
	return body
}

// unreadable is the event type that stands in for a message that is not an event.
const unreadable = "tickler.unreadable"

// publishDeadLetter publishes an event that cannot be handled to the topic's
// dead-letter topic: its attributes and data, with the reason as an extension
// attribute. A message that is not JSON becomes the text in the data of such an
// event.
func (c *Client) publishDeadLetter(ctx context.Context, topic string, body []byte, reason string) error {
	letter := map[string]any{}
	if json.Unmarshal(body, &letter) != nil || letter["id"] == nil {
		letter = map[string]any{
			"specversion": "1.0", "id": uuid.NewString(), "source": "tickler/deadletter", "type": unreadable,
			"time": time.Now().UTC(), "datacontenttype": "text/plain", "data": string(body),
		}
	}
	letter[reasonAttribute] = reason[:min(len(reason), maxReason)]
	document, err := json.Marshal(letter)
	if err != nil {
		return fmt.Errorf("encode dead letter: %w", err)
	}
	key, _ := letter["partitionkey"].(string)
	result := c.dapr.PublishEvents(ctx, c.config.PubSub, event.DeadLetterTopic(topic), []any{entry(key, document)})
	return result.Error
}
