package broker

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is a broker that the task bus can run on.
type Kind string

// The kinds. Redpanda and Kafka share a Dapr component. What the stack runs as
// Redpanda is kfake, which speaks the same protocol.
const (
	Redpanda Kind = "redpanda"
	Kafka    Kind = "kafka"
	Redis    Kind = "redis"
	RabbitMQ Kind = "rabbitmq"
	NATS     Kind = "nats"
)

// Kinds lists them, the default first.
func Kinds() []Kind { return []Kind{Redpanda, Redis, RabbitMQ, NATS, Kafka} }

// ParseKind reads the name of a broker; "" is the default.
func ParseKind(name string) (Kind, error) {
	if name == "" {
		return Kinds()[0], nil
	}
	if slices.Contains(Kinds(), Kind(name)) {
		return Kind(name), nil
	}
	var names []string
	for _, kind := range Kinds() {
		names = append(names, string(kind))
	}
	return "", fmt.Errorf("there is no broker %q: choose one of %s", name, strings.Join(names, ", "))
}

// Components is its folder in components/brokers.
func (k Kind) Components() string {
	if k == Kafka {
		return string(Redpanda)
	}
	return string(k)
}

// speaksKafka reports whether it speaks Kafka's protocol.
func (k Kind) speaksKafka() bool { return k.Components() == string(Redpanda) }
