package e2e

import (
	"context"
	"os"
	"testing"

	"tickler/dev/broker"
	"tickler/internal/event"
	"tickler/internal/topics"
)

// brokerVariable names the broker that the whole suite runs on: redpanda (that
// is, kfake), redis, rabbitmq, nats or kafka. make test-brokers and test-kafka set it.
const brokerVariable = "TICKLER_TEST_BROKER"

// testBroker is the one that the suite runs on.
func testBroker() (broker.Kind, error) { return broker.ParseKind(os.Getenv(brokerVariable)) }

// clusterVariable names a Kafka cluster to run on, with its companions of `api
// topics create`; none is started then.
const clusterVariable = "KAFKA_BROKERS"

// onCluster reports whether the suite runs on a cluster that others may use too.
func onCluster() bool {
	kind, _ := testBroker()
	return kind == broker.Kafka && os.Getenv(clusterVariable) != ""
}

// cluster is that one, nil when there is none.
func cluster() (*broker.Access, error) {
	if !onCluster() {
		return nil, nil
	}
	access, err := topics.FromEnvironment()
	if err != nil {
		return nil, err
	}
	return &broker.Access{Kind: broker.Kafka, Brokers: access.Brokers, Username: access.Username, Password: access.Password}, nil
}

// bus is a client of a broker that shares no code with the system.
type bus interface {
	// read hands over what every topic holds and gets until ctx ends: from its
	// beginning, or on a shared cluster from now on. It outlives a broker that is away, and repeats nothing.
	read(ctx context.Context, keep func(record))
	// publish marks what it publishes as planted.
	publish(ctx context.Context, topic, key, value string) error
	close()
}

// record is what a bus read.
type record struct {
	place
	key, value string
	keyless    bool // the broker knows no keys
	planted    bool
}

// planted is the header or field that marks a message which a test published.
const planted = "tickler-test"

func openBus(access broker.Access) (bus, error) {
	switch access.Kind {
	case broker.Redis:
		return openRedis(access), nil
	case broker.RabbitMQ:
		return openRabbitMQ(access)
	case broker.NATS:
		return openNATS(access)
	default:
		return openKafka(access)
	}
}

func topicNames() (names []string) {
	for _, topic := range event.Topics() {
		names = append(names, topic.Name)
	}
	return names
}

// skipWhereUnconfirmedIsLost skips a test that kills the broker while events are
// being published, on RabbitMQ: Dapr 1.18 reports an event as published when the
// connection broke before RabbitMQ confirmed it (components-contrib 1.18.4,
// pubsub/rabbitmq, publishSync). The outbox then forgets it.
func skipWhereUnconfirmedIsLost(t testing.TB) {
	t.Helper()
	if kind, _ := testBroker(); kind == broker.RabbitMQ {
		t.Skip("on RabbitMQ an event that waits for its confirmation is lost: docs/brokers.md")
	}
}

// needsPartitions skips a test that depends on which replica gets the next event:
// on Redis and RabbitMQ it is whichever asks first.
func needsPartitions(t testing.TB) {
	t.Helper()
	if kind, _ := testBroker(); kind.Components() != broker.Redpanda.Components() {
		t.Skip("it is about partitions, of which " + string(kind) + " has none")
	}
}
