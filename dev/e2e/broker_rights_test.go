package e2e

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"tickler/dev/broker"
	"tickler/internal/event"
	"tickler/internal/topics"
)

// The whole suite shows what an app's user may do on the broker. An attacker who
// takes over an app's sidecar has this user's credentials, and is refused
// everything else.
func TestUserOfAnAppIsRefusedWhatIsOthersOnTheBroker(t *testing.T) {
	t.Parallel()
	s := shared(t)
	if onCluster() {
		t.Skip("the cluster's users are not ours to make")
	}
	for _, rights := range topics.RightsOf(event.Topics()) {
		access := s.BrokerAs(rights.App)
		ctx, cancel := context.WithTimeout(t.Context(), later)
		defer cancel()
		require.NoError(t, access.Ping(ctx), "%s reaches the broker", rights.App)
		for _, topic := range event.Topics() {
			if !slices.Contains(rights.Write, topic.Name) {
				require.True(t, refusesWriting(t, ctx, access, topic.Name), "%s writes to %s", rights.App, topic.Name)
			}
			if !slices.Contains(rights.Read, topic.Name) {
				require.True(t, refusesReading(t, ctx, access, topic.Name), "%s reads %s", rights.App, topic.Name)
			}
		}
	}
}

func refusesWriting(t *testing.T, ctx context.Context, access broker.Access, topic string) bool {
	t.Helper()
	switch access.Kind {
	case broker.Redis:
		client := access.Redis()
		defer client.Close()
		return redis.HasErrorPrefix(client.XAdd(ctx, &redis.XAddArgs{Stream: topic, Values: []string{"data", "forged"}}).Err(), "NOPERM")
	case broker.RabbitMQ:
		return refusedByRabbitMQ(t, access, func(channel *amqp.Channel) error {
			return channel.PublishWithContext(ctx, topic, "", false, false, amqp.Publishing{Body: []byte("forged")})
		})
	case broker.NATS:
		return refusedByNATS(t, access, func(c *nats.Conn) error { return c.Publish(topic, []byte("forged")) })
	default:
		client, err := access.Client()
		require.NoError(t, err)
		defer client.Close()
		err = client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte("forged")}).FirstErr()
		// Who may write nowhere gets no id as a producer.
		return errors.Is(err, kerr.TopicAuthorizationFailed) || errors.Is(err, kerr.ClusterAuthorizationFailed)
	}
}

func refusesReading(t *testing.T, ctx context.Context, access broker.Access, topic string) bool {
	t.Helper()
	switch access.Kind {
	case broker.Redis:
		client := access.Redis()
		defer client.Close()
		for _, err := range []error{
			client.XRange(ctx, topic, "-", "+").Err(), client.XRead(ctx, &redis.XReadArgs{Streams: []string{topic, "0"}, Block: -1}).Err(),
			client.XReadGroup(ctx, &redis.XReadGroupArgs{Group: "tickler-notifier", Consumer: "thief", Streams: []string{topic, ">"}, Block: -1}).Err(),
			client.XAck(ctx, topic, "tickler-notifier", "1-1").Err(), client.XGroupCreate(ctx, topic, "thief", "0").Err(), client.Del(ctx, topic).Err(), client.Keys(ctx, "*").Err(),
			client.ConfigGet(ctx, "requirepass").Err(), client.Do(ctx, "ACL", "LIST").Err(), client.FlushAll(ctx).Err(),
		} {
			if !redis.HasErrorPrefix(err, "NOPERM") {
				return false
			}
		}
		return true
	case broker.RabbitMQ:
		refused := refusedByRabbitMQ(t, access, func(channel *amqp.Channel) error {
			queue, err := channel.QueueDeclare("thief", false, true, true, false, nil)
			if err != nil {
				return err
			}
			return channel.QueueBind(queue.Name, "", topic, false, nil)
		})
		for _, app := range []string{"notifier", "recurrer"} {
			refused = refused && refusedByRabbitMQ(t, access, func(channel *amqp.Channel) error {
				_, _, err := channel.Get("tickler-"+app+"-"+topic, false)
				return err
			})
		}
		return refused
	case broker.NATS:
		// Deliveries go to inboxes, which the apps share: docs/brokers.md.
		refused := refusedByNATS(t, access, func(c *nats.Conn) error { _, err := c.SubscribeSync(topic); return err })
		for _, request := range []string{
			"CONSUMER.CREATE." + topic, "CONSUMER.CREATE." + topic + ".thief." + topic, "CONSUMER.DELETE." + topic + ".tickler-recurrer",
			"CONSUMER.MSG.NEXT." + topic + ".tickler-notifier", "STREAM.MSG.GET." + topic, "DIRECT.GET." + topic,
			"STREAM.PURGE." + topic, "STREAM.DELETE." + topic, "STREAM.UPDATE." + topic,
		} {
			refused = refused && refusedByNATS(t, access, func(c *nats.Conn) error { return c.Publish("$JS.API."+request, nil) })
		}
		return refused
	default:
		client, err := access.Client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}))
		require.NoError(t, err)
		defer client.Close()
		admin := kadm.NewClient(client)
		deleted, err := admin.DeleteTopic(ctx, topic)
		require.ErrorIs(t, errors.Join(err, deleted.Err), kerr.TopicAuthorizationFailed, "it is deleted")
		return errors.Is(client.PollFetches(ctx).Err(), kerr.TopicAuthorizationFailed)
	}
}

// refusedByRabbitMQ reports whether RabbitMQ closes the channel for lack of a
// right.
func refusedByRabbitMQ(t *testing.T, access broker.Access, do func(*amqp.Channel) error) bool {
	t.Helper()
	connection, err := access.RabbitMQ()
	require.NoError(t, err)
	defer connection.Close()
	channel, err := connection.Channel()
	require.NoError(t, err)
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	if do(channel) == nil { // a publish is answered by closing the channel; this closes it otherwise
		_, _ = channel.QueueDeclarePassive("no-such-queue", false, false, false, false, nil)
	}
	reason := <-closed
	return reason != nil && reason.Code == amqp.AccessRefused
}

// refusedByNATS reports whether NATS refuses for lack of a right. It says so before it
// answers the flush.
func refusedByNATS(t *testing.T, access broker.Access, do func(*nats.Conn) error) bool {
	t.Helper()
	connection, err := access.NATS(nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	require.NoError(t, err)
	defer connection.Close()
	require.NoError(t, do(connection))
	require.NoError(t, connection.Flush())
	return errors.Is(connection.LastError(), nats.ErrPermissionViolation)
}
