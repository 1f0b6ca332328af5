package sidecar

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tickler/internal/event"
)

const maxReason = 1000 // bytes

// publishDeadLetter publishes an event that cannot be handled to the topic's
// dead-letter topic: the document as it came, with the reason as an extension
// attribute. What is no document at all travels as text in the data of one.
func (c *Client) publishDeadLetter(ctx context.Context, topic string, body []byte, reason string) error {
	letter := map[string]any{}
	if json.Unmarshal(body, &letter) != nil || letter["id"] == nil {
		letter = map[string]any{
			"specversion": "1.0", "id": uuid.NewString(), "source": "tickler/deadletter", "type": "tickler.unreadable",
			"time": time.Now().UTC(), "datacontenttype": "text/plain", "data": string(body),
		}
	}
	letter["deadletterreason"] = reason[:min(len(reason), maxReason)]
	document, err := json.Marshal(letter)
	if err != nil {
		return fmt.Errorf("encode dead letter: %w", err)
	}
	key, _ := letter["partitionkey"].(string)
	result := c.dapr.PublishEvents(ctx, c.config.PubSub, event.DeadLetter(topic), []any{entry(key, document)})
	return result.Error
}
