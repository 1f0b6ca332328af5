package broker_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/broker"
)

func TestWhatABrokerLacksIsNamedWithItsPackage(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := broker.Installed(broker.Redis, broker.RabbitMQ, broker.Kafka)
	for _, expected := range []string{"package redis-server", "package rabbitmq-server", "package maven", "openjdk-17"} {
		require.ErrorContains(t, err, expected)
	}
	require.NoError(t, broker.Installed(broker.Redpanda), "kfake comes with tickler-dev")
}

func TestBrokerIsChosenByName(t *testing.T) {
	for name, kind := range map[string]broker.Kind{"": broker.Redpanda, "redis": broker.Redis, "rabbitmq": broker.RabbitMQ, "nats": broker.NATS, "kafka": broker.Kafka} {
		chosen, err := broker.ParseKind(name)
		require.NoError(t, err)
		require.Equal(t, kind, chosen)
	}
	_, err := broker.ParseKind("pigeons")
	require.ErrorContains(t, err, "choose one of redpanda, redis, rabbitmq, nats, kafka")
	require.Equal(t, "redpanda", broker.Kafka.Components())
}
