package broker

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/url"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"

	"tickler/dev/home"
	"tickler/internal/event"
	"tickler/internal/topics"
)

// Access says how to reach a broker.
type Access struct {
	Kind     Kind
	Brokers  []string // host:port; one, unless it is a cluster that runs elsewhere
	Username string   // of Redis "default", unless it is an app's
	Password string
	TLS      bool // of a cluster that runs elsewhere
}

// Variables are the environment variables from which the broker's component, and
// any client, takes address and credentials.
func (a Access) Variables() []home.Variable {
	switch a.Kind {
	case Redis:
		return []home.Variable{
			{Name: "REDIS_HOST", Value: a.Brokers[0]},
			{Name: "REDIS_USERNAME", Value: a.Username},
			{Name: "REDIS_PASSWORD", Value: a.Password},
		}
	case RabbitMQ:
		return []home.Variable{{Name: "RABBITMQ_URL", Value: a.url("amqp")}}
	case NATS:
		return []home.Variable{{Name: "NATS_URL", Value: a.url("nats")}}
	default:
		return []home.Variable{
			{Name: "KAFKA_BROKERS", Value: strings.Join(a.Brokers, ",")},
			{Name: "KAFKA_SASL_USERNAME", Value: a.Username},
			{Name: "KAFKA_SASL_PASSWORD", Value: a.Password},
		}
	}
}

// As returns the access of another user.
func (a Access) As(user, password string) Access {
	a.Username, a.Password = user, password
	return a
}

func (a Access) url(scheme string) string {
	u := url.URL{Scheme: scheme, User: url.UserPassword(a.Username, a.Password), Host: a.Brokers[0], Path: "/"}
	return u.String()
}

// Client returns a Kafka client for the broker, with further options.
func (a Access) Client(options ...kgo.Opt) (*kgo.Client, error) {
	if !a.Kind.speaksKafka() {
		return nil, fmt.Errorf("%s does not speak Kafka's protocol", a.Kind)
	}
	return a.kafka().Client(options...)
}

func (a Access) kafka() topics.Access {
	return topics.Access{Brokers: a.Brokers, Username: a.Username, Password: a.Password, TLS: a.TLS}
}

// Redis returns a Redis client for the broker.
func (a Access) Redis() *redis.Client {
	options := &redis.Options{Addr: a.Brokers[0], Username: a.Username, Password: a.Password}
	if a.TLS {
		options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return redis.NewClient(options)
}

// RabbitMQ returns a connection to the broker.
func (a Access) RabbitMQ() (*amqp.Connection, error) { return amqp.Dial(a.url("amqp")) }

// Ping returns nil if the broker answers and accepts the credentials.
func (a Access) Ping(ctx context.Context) error {
	switch a.Kind {
	case Redis:
		client := a.Redis()
		defer client.Close()
		return client.Ping(ctx).Err()
	case RabbitMQ:
		connection, err := a.RabbitMQ()
		if err != nil {
			return err
		}
		return connection.Close()
	case NATS:
		connection, err := a.NATS()
		if err != nil {
			return err
		}
		connection.Close()
		return nil
	default:
		client, err := a.Client()
		if err != nil {
			return err
		}
		defer client.Close()
		return client.Ping(ctx)
	}
}

// EnsureUsers creates the users of the apps, with their rights. Redis, RabbitMQ and
// NATS read theirs at start.
func EnsureUsers(ctx context.Context, access Access, logins []topics.Login) error {
	if !access.Kind.speaksKafka() {
		return nil
	}
	return topics.Grant(ctx, access.kafka(), logins, event.Topics())
}

// EnsureTopics creates missing topics, and reports how existing ones differ from
// what is wanted. Redis needs none: its first reader or event creates a stream, and
// readers start at its beginning. RabbitMQ reads its own at start.
func EnsureTopics(ctx context.Context, access Access, wanted []event.Topic) (differences []string, err error) {
	if access.Kind == NATS {
		return nil, ensureStreams(ctx, access, wanted)
	}
	if !access.Kind.speaksKafka() {
		return nil, nil
	}
	results, err := topics.Create(ctx, access.kafka(), wanted)
	for _, result := range results {
		for _, difference := range result.Differences {
			differences = append(differences, fmt.Sprintf("topic %s is left as it is, but %s", result.Name, difference))
		}
	}
	return differences, err
}
