package topics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"tickler/internal/event"
)

const (
	brokerDefault = -1 // as a replication factor
	retention     = "retention.ms"
)

// Result is what Create found and did for one topic.
type Result struct {
	event.Topic
	Created bool
	// Differences are those of a topic that existed before, in words; none if it is
	// as wanted. Create does not change them: more partitions would send a task's
	// events to another partition than its earlier ones, and shorter retention
	// would delete events.
	Differences []string
}

// Create creates missing topics, with their partitions and retention, and compares
// existing ones. It is idempotent and may run concurrently.
func Create(ctx context.Context, access Access, wanted []event.Topic) ([]Result, error) {
	client, err := access.Client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	// Ask first and separately: here it is clearer why a broker cannot be reached
	// than in an answer about topics.
	if err := client.Ping(ctx); err != nil {
		return nil, unreachable(access, err)
	}
	admin := kadm.NewClient(client)
	var results []Result
	for _, topic := range wanted {
		result, err := create(ctx, admin, topic, access.Replication)
		if err != nil {
			return results, fmt.Errorf("topic %s: %w", topic.Name, err)
		}
		results = append(results, result)
	}
	return results, nil
}

func create(ctx context.Context, admin *kadm.Client, topic event.Topic, replication int) (Result, error) {
	if replication == 0 {
		replication = brokerDefault
	}
	keep := strconv.FormatInt(topic.Retention.Milliseconds(), 10)
	made, err := admin.CreateTopic(ctx, int32(topic.Partitions), int16(replication), map[string]*string{retention: &keep}, topic.Name)
	if err = errors.Join(err, made.Err); err == nil {
		return Result{Topic: topic, Created: true}, nil
	}
	switch {
	case errors.Is(err, kerr.TopicAlreadyExists):
		differences, err := compare(ctx, admin, topic)
		return Result{Topic: topic, Differences: differences}, err
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		// Some brokers refuse a user without the right even if the topic exists.
		if differences, err := compare(ctx, admin, topic); err == nil {
			return Result{Topic: topic, Differences: differences}, nil
		}
		return Result{}, fmt.Errorf("the user may not make it: grant CREATE on the cluster or the topic (%w)", err)
	case errors.Is(err, kerr.InvalidReplicationFactor):
		return Result{}, fmt.Errorf("the broker cannot keep so many copies: set KAFKA_REPLICATION_FACTOR to at most the number of brokers (%w)", withDetail(err, made.ErrMessage))
	default:
		return Result{}, withDetail(err, made.ErrMessage)
	}
}

func withDetail(err error, detail string) error {
	if detail == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, detail)
}

// compare lists how an existing topic differs from what is wanted.
func compare(ctx context.Context, admin *kadm.Client, topic event.Topic) ([]string, error) {
	details, err := admin.ListTopics(ctx, topic.Name)
	if err != nil {
		return nil, err
	}
	if err := details[topic.Name].Err; err != nil {
		return nil, err
	}
	var differences []string
	if n := len(details[topic.Name].Partitions); n != topic.Partitions {
		differences = append(differences, fmt.Sprintf("it has %d partitions, wanted are %d", n, topic.Partitions))
	}
	configs, err := admin.DescribeTopicConfigs(ctx, topic.Name)
	if err != nil {
		return nil, err
	}
	config, err := configs.On(topic.Name, nil)
	if err == nil {
		err = config.Err
	}
	if err != nil {
		return nil, fmt.Errorf("reading its settings: %w", err)
	}
	for _, entry := range config.Configs {
		if entry.Key != retention {
			continue
		}
		kept, err := strconv.ParseInt(entry.MaybeValue(), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s is %q", retention, entry.MaybeValue())
		}
		if kept != topic.Retention.Milliseconds() {
			differences = append(differences, fmt.Sprintf("it keeps events for %s, wanted are %s", lifetime(kept), topic.Retention))
		}
	}
	return differences, nil
}

// lifetime formats a retention in milliseconds; -1 is for ever.
func lifetime(ms int64) string {
	if ms < 0 {
		return "ever"
	}
	return (time.Duration(ms) * time.Millisecond).String()
}

// unreachable adds to an error what to check.
func unreachable(access Access, err error) error {
	brokers := strings.Join(access.Brokers, ",")
	const credentials = "KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM"
	var unknown *net.DNSError
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return fmt.Errorf("%s refuses user %s: see %s (%w)", brokers, access.Username, credentials, err)
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &unknown):
		return fmt.Errorf("no broker is at %s: see KAFKA_BROKERS (%w)", brokers, err)
	case access.TLS:
		return fmt.Errorf("the broker at %s does not answer over TLS: see KAFKA_TLS, whether the port speaks TLS, and KAFKA_BROKERS (%w)", brokers, err)
	default:
		return fmt.Errorf("the broker at %s hangs up or does not answer: see KAFKA_TLS, whether the port wants TLS, and %s (%w)", brokers, credentials, err)
	}
}
