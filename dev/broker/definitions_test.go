package broker_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// What RabbitMQ is given must be there for every topic and for every reader,
// under the names that Dapr uses: it would drop events without a word.
func TestDefinitionsOfRabbitMQFitTheTopics(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "components", "brokers", "rabbitmq", "server", "definitions.json"))
	require.NoError(t, err)
	var definitions struct {
		Exchanges []struct {
			Name    string
			Type    string
			Durable bool
		}
		Queues []struct {
			Name      string
			Durable   bool
			Arguments map[string]any
		}
		Bindings []struct{ Source, Destination string }
	}
	require.NoError(t, json.Unmarshal(text, &definitions))

	exchanges, bindings := map[string]bool{}, map[string]bool{}
	for _, exchange := range definitions.Exchanges {
		exchanges[exchange.Name] = exchange.Durable && exchange.Type == "fanout"
	}
	for _, binding := range definitions.Bindings {
		bindings[binding.Source+" to "+binding.Destination] = true
	}
	queues := map[string]map[string]any{}
	for _, queue := range definitions.Queues {
		require.True(t, queue.Durable, queue.Name)
		queues[queue.Name] = queue.Arguments
	}
	for _, topic := range event.Topics() {
		require.True(t, exchanges[topic.Name], "exchange %s", topic.Name)
	}
	for topic, app := range map[string]string{event.TopicTaskReminders: "notifier", event.TopicTaskRecurrence: "recurrer"} {
		for _, topic := range []string{topic, event.DeadLetterTopic(topic)} {
			queue := "tickler-" + app + "-" + topic
			require.Equal(t, map[string]any{"x-queue-type": "classic"}, queues[queue], queue)
			require.True(t, bindings[topic+" to "+queue], queue)
		}
	}
	require.Len(t, queues, 4)
}
