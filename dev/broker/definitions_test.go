package broker_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/topics"
)

// What RabbitMQ is given must be there for every topic and for every reader,
// under the names that Dapr uses: it would drop events without a word.
func TestDefinitionsOfRabbitMQFitTheTopics(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "components", "servers", "rabbitmq", "definitions.json"))
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

// RabbitMQ's rights are patterns over the names of exchanges and queues. To declare an
// exchange, as Dapr does before it publishes, an app must be allowed to configure it.
func TestPermissionsOfRabbitMQAreTheRightsOfTheApps(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "components", "servers", "rabbitmq", "permissions.json"))
	require.NoError(t, err)
	var file struct {
		Permissions []struct{ User, VHost, Configure, Write, Read string }
	}
	require.NoError(t, json.Unmarshal(text, &file))
	require.Len(t, file.Permissions, len(topics.Apps))
	for i, rights := range topics.RightsOf(event.Topics()) {
		p := file.Permissions[i]
		require.Equal(t, topics.User(rights.App), p.User)
		write, read := slices.Clone(rights.Write), []string(nil)
		for _, topic := range rights.Read {
			queue := "tickler-" + rights.App + "-" + topic
			write, read = append(write, queue), append(read, topic, queue)
		}
		for _, topic := range event.Topics() {
			for _, name := range []string{topic.Name, "tickler-notifier-" + topic.Name, "tickler-recurrer-" + topic.Name, topic.Name + "-more", "more-" + topic.Name} {
				require.Equal(t, slices.Contains(write, name), regexp.MustCompile(p.Write).MatchString(name), "%s writes %s", p.User, name)
				require.Equal(t, slices.Contains(write, name), regexp.MustCompile(p.Configure).MatchString(name), "%s configures %s", p.User, name)
				require.Equal(t, slices.Contains(read, name), regexp.MustCompile(p.Read).MatchString(name), "%s reads %s", p.User, name)
			}
		}
	}
}

// Redis tells writing (%W~) from both (~) for each stream. What an app only writes to
// stands in a selector, in brackets, with the one command to add: acknowledging changes
// a stream too.
func TestUsersOfRedisHaveTheRightsOfTheApps(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "components", "servers", "redis", "users.acl"))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.Len(t, lines, len(topics.Apps))
	for i, rights := range topics.RightsOf(event.Topics()) {
		words := strings.Fields(lines[i])
		require.Equal(t, []string{"user", topics.User(rights.App), "on", ">PASSWORD", "resetchannels", "-@all"}, words[:6])
		var write, read []string
		for _, word := range words[6:] {
			if name, ok := strings.CutPrefix(strings.TrimSuffix(word, ")"), "%W~"); ok {
				write = append(write, name)
			} else if name, ok := strings.CutPrefix(word, "~"); ok {
				write, read = append(write, name), append(read, name)
			}
		}
		require.Subset(t, write, rights.Write)
		require.ElementsMatch(t, read, rights.Read)
		require.ElementsMatch(t, distinct(append(slices.Clone(rights.Write), rights.Read...)), write)
		_, selector, _ := strings.Cut(lines[i], "(")
		require.Regexp(t, `^\+xadd( %W~[a-z-]+)+\)$`, selector)
		require.Equal(t, len(rights.Read) > 0, slices.Contains(words, "+xreadgroup"), "%s has commands to read", rights.App)
	}
}

// To read a topic, an app creates its own consumer of that stream, asks for it, and
// acknowledges to it. NATS itself reads the file here.
func TestUsersOfNATSHaveTheRightsOfTheApps(t *testing.T) {
	users, err := os.ReadFile(filepath.Join("..", "..", "components", "servers", "nats", "users.conf"))
	require.NoError(t, err)
	settings := filepath.Join(t.TempDir(), "nats.conf")
	require.NoError(t, os.WriteFile(settings, append(users, "authorization: { users: [ $tickler_notifier, $tickler_recurrer ] }\n"...), 0o600))
	t.Setenv("NATS_PASSWORD_NOTIFIER", "of-notifier")
	t.Setenv("NATS_PASSWORD_RECURRER", "of-recurrer")
	options, err := server.ProcessConfigFile(settings)
	require.NoError(t, err)
	require.Len(t, options.Users, len(topics.Apps))
	for i, rights := range topics.RightsOf(event.Topics()) {
		user := options.Users[i]
		require.Equal(t, topics.User(rights.App), user.Username)
		require.Equal(t, "of-"+rights.App, user.Password)
		publish := append(slices.Clone(rights.Write), "$JS.API.STREAM.NAMES")
		for _, topic := range rights.Read {
			consumer := topic + "." + topics.Group(rights.App)
			publish = append(publish, "$JS.API.CONSUMER.CREATE."+consumer+"."+topic, "$JS.API.CONSUMER.INFO."+consumer, "$JS.ACK."+consumer+".>")
		}
		require.ElementsMatch(t, publish, user.Permissions.Publish.Allow, "%s publishes", user.Username)
		require.Equal(t, []string{"_INBOX.>"}, user.Permissions.Subscribe.Allow, "%s subscribes", user.Username)
		require.Nil(t, user.Permissions.Response)
	}
}
