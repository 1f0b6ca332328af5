package broker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"tickler/internal/event"
)

// Access says how to reach a broker: addresses and the SCRAM-SHA-256 user.
type Access struct {
	Brokers  []string
	Username string
	Password string
}

// Client returns a Kafka client for the broker, with further options.
func (a Access) Client(options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(a.Brokers...),
		kgo.SASL(scram.Auth{User: a.Username, Pass: a.Password}.AsSha256Mechanism()),
		kgo.RetryTimeout(5 * time.Second),
	}, options...)...)
}

// Ping returns nil when the broker answers and takes the credentials.
func (a Access) Ping(ctx context.Context) error {
	client, err := a.Client()
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Ping(ctx)
}

// EnsureTopics makes the topics that do not exist, and gives those that do the
// retention and at least the partitions that are listed. It may be run again.
func EnsureTopics(ctx context.Context, access Access, topics []event.Topic) error {
	client, err := access.Client()
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	existing, err := admin.ListTopics(ctx)
	if err != nil {
		return fmt.Errorf("listing topics: %w", err)
	}
	for _, topic := range topics {
		if err := ensure(ctx, admin, existing, topic); err != nil {
			return fmt.Errorf("topic %s: %w", topic.Name, err)
		}
	}
	return nil
}

func ensure(ctx context.Context, admin *kadm.Client, existing kadm.TopicDetails, topic event.Topic) error {
	retention := strconv.FormatInt(topic.Retention.Milliseconds(), 10)
	if !existing.Has(topic.Name) {
		const brokerDefault = -1
		made, err := admin.CreateTopic(ctx, int32(topic.Partitions), brokerDefault,
			map[string]*string{"retention.ms": &retention}, topic.Name)
		return errors.Join(err, made.Err)
	}
	if len(existing[topic.Name].Partitions) < topic.Partitions {
		grown, err := admin.UpdatePartitions(ctx, topic.Partitions, topic.Name)
		if err := errors.Join(err, grown.Error()); err != nil {
			return err
		}
	}
	set := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &retention}}
	altered, err := admin.AlterTopicConfigs(ctx, set, topic.Name)
	if err != nil {
		return err
	}
	for _, one := range altered {
		if one.Err != nil {
			return one.Err
		}
	}
	return nil
}
