package e2e

import (
	"context"
	"os"

	"tickler/dev/broker"
	"tickler/internal/event"
)

// brokerVariable names the broker that the whole suite runs on: redpanda (that
// is, kfake), redis, rabbitmq or kafka. make test-brokers and test-kafka set it.
const brokerVariable = "TICKLER_TEST_BROKER"

// testBroker is the one that the suite runs on.
func testBroker() (broker.Kind, error) { return broker.ParseKind(os.Getenv(brokerVariable)) }

// bus is a client of a broker that shares no code with the system.
type bus interface {
	// read hands over what every topic holds and gets, from its beginning, until
	// ctx ends. It outlives a broker that is away, and repeats nothing.
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
