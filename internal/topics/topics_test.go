package topics_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"

	"tickler/internal/event"
	"tickler/internal/topics"
)

// broker runs a Kafka-protocol broker for one test, with one user.
func broker(t *testing.T, mechanism string) topics.Access {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser(mechanism, "u", "p"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return topics.Access{Brokers: cluster.ListenAddrs(), Username: "u", Password: "p", Mechanism: mechanism}
}

// soon bounds what a test waits for a broker that will not answer.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestEveryTopicIsMadeOnceAsTheContractSays(t *testing.T) {
	for _, mechanism := range []string{topics.SHA256, topics.SHA512} {
		t.Run(mechanism, func(t *testing.T) {
			access := broker(t, mechanism)
			for run, first := range []bool{true, false, false} {
				results, err := topics.Create(soon(t), access, event.Topics())
				require.NoError(t, err)
				require.Len(t, results, len(event.Topics()))
				for i, result := range results {
					require.Equal(t, topics.Result{Topic: event.Topics()[i], Created: first}, result, "run %d", run)
				}
			}
			client, err := access.Client()
			require.NoError(t, err)
			defer client.Close()
			admin := kadm.NewClient(client)
			there, err := admin.ListTopics(soon(t))
			require.NoError(t, err)
			for _, topic := range event.Topics() {
				require.Len(t, there[topic.Name].Partitions, topic.Partitions, topic.Name)
			}
			require.Contains(t, there.Names(), "task-recurrence-deadletter")
		})
	}
}

func TestTopicThatExistsIsComparedAndLeftAsItIs(t *testing.T) {
	access := broker(t, topics.SHA256)
	mine := []event.Topic{{Name: "one", Partitions: 2, Retention: time.Hour}}
	_, err := topics.Create(soon(t), access, mine)
	require.NoError(t, err)
	wanted := []event.Topic{{Name: "one", Partitions: 3, Retention: 2 * time.Hour}, {Name: "two", Partitions: 1, Retention: time.Hour}}
	for range 2 {
		results, err := topics.Create(soon(t), access, wanted)
		require.NoError(t, err)
		require.Equal(t, []string{"it has 2 partitions, wanted are 3", "it keeps events for 1h0m0s, wanted are 2h0m0s"}, results[0].Differences)
		require.Empty(t, results[1].Differences)
	}
	results, err := topics.Create(soon(t), access, mine)
	require.NoError(t, err)
	require.Empty(t, results[0].Differences, "it was not changed")
}

func TestBrokerThatCannotBeUsedIsExplained(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := listener.Addr().String()
	require.NoError(t, listener.Close())
	good := broker(t, topics.SHA256)
	for name, c := range map[string]struct {
		change   func(*topics.Access)
		expected string
	}{
		"wrong password":    {func(a *topics.Access) { a.Password = "wrong" }, "KAFKA_SASL_PASSWORD"},
		"nobody there":      {func(a *topics.Access) { a.Brokers = []string{nobody} }, "no broker is at " + nobody + ": see KAFKA_BROKERS"},
		"TLS where is none": {func(a *topics.Access) { a.TLS = true }, "whether the port speaks TLS"},
		"too many copies":   {func(a *topics.Access) { a.Replication = 3 }, "KAFKA_REPLICATION_FACTOR"},
	} {
		t.Run(name, func(t *testing.T) {
			access := good
			c.change(&access)
			_, err := topics.Create(soon(t), access, event.Topics())
			require.ErrorContains(t, err, c.expected)
		})
	}
}

func TestEverySettingThatIsWrongIsNamed(t *testing.T) {
	set := map[string]string{
		"KAFKA_BROKERS": "a:1,b:2", "KAFKA_SASL_USERNAME": "u", "KAFKA_SASL_PASSWORD": "p",
		"KAFKA_SASL_MECHANISM": "", "KAFKA_TLS": "", "KAFKA_REPLICATION_FACTOR": "",
	}
	for name, value := range set {
		t.Setenv(name, value)
	}
	access, err := topics.FromEnvironment()
	require.NoError(t, err)
	require.Equal(t, topics.Access{Brokers: []string{"a:1", "b:2"}, Username: "u", Password: "p"}, access)

	t.Setenv("KAFKA_TLS", "true")
	t.Setenv("KAFKA_SASL_MECHANISM", "SCRAM-SHA-512")
	t.Setenv("KAFKA_REPLICATION_FACTOR", "3")
	access, err = topics.FromEnvironment()
	require.NoError(t, err)
	require.Equal(t, topics.Access{Brokers: []string{"a:1", "b:2"}, Username: "u", Password: "p", Mechanism: topics.SHA512, TLS: true, Replication: 3}, access)

	for name, value := range map[string]string{
		"KAFKA_BROKERS": "", "KAFKA_SASL_USERNAME": "", "KAFKA_SASL_PASSWORD": "",
		"KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_TLS": "perhaps", "KAFKA_REPLICATION_FACTOR": "0",
	} {
		t.Setenv(name, value)
	}
	_, err = topics.FromEnvironment()
	for name := range set {
		require.ErrorContains(t, err, name)
	}
}
