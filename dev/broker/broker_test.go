package broker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"

	"tickler/dev/broker"
	"tickler/dev/port"
	"tickler/internal/event"
)

// serve runs a broker on a data folder until the test ends.
func serve(t *testing.T, data string) broker.Access {
	t.Helper()
	free, err := port.NewPicker().Pick(0)
	require.NoError(t, err)
	access := broker.Access{Brokers: []string{port.Address(free)}, Username: "u", Password: "p"}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- broker.Serve(ctx, broker.Options{DataDir: data, Port: free, Username: "u", Password: "p", Log: t.Output()})
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return access.Ping(ctx) == nil
	}, 10*time.Second, 20*time.Millisecond)
	return access
}

func TestTopicsAreMadeOnceAndBroughtUpToDate(t *testing.T) {
	access := serve(t, t.TempDir())
	topics := []event.Topic{{Name: "one", Partitions: 1, Retention: time.Hour}}
	require.NoError(t, broker.EnsureTopics(t.Context(), access, topics))
	topics[0].Partitions, topics[0].Retention = 3, 2*time.Hour
	topics = append(topics, event.Topic{Name: "two", Partitions: 2, Retention: time.Hour})
	for range 2 {
		require.NoError(t, broker.EnsureTopics(t.Context(), access, topics))
	}
	client, err := access.Client()
	require.NoError(t, err)
	defer client.Close()
	admin := kadm.NewClient(client)
	details, err := admin.ListTopics(t.Context())
	require.NoError(t, err)
	require.Len(t, details["one"].Partitions, 3)
	require.Len(t, details["two"].Partitions, 2)
	configs, err := admin.DescribeTopicConfigs(t.Context(), "one")
	require.NoError(t, err)
	for _, entry := range configs[0].Configs {
		if entry.Key == "retention.ms" {
			require.Equal(t, "7200000", entry.MaybeValue())
			return
		}
	}
	t.Fatal("no retention.ms")
}

func TestBrokerTakesOnlyItsUser(t *testing.T) {
	access := serve(t, t.TempDir())
	access.Password = "wrong"
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	require.Error(t, access.Ping(ctx))
}

func TestSecondBrokerOnTheSameDataIsRefused(t *testing.T) {
	data := t.TempDir()
	serve(t, data)
	err := broker.Serve(t.Context(), broker.Options{DataDir: data, Username: "u", Password: "p", Log: t.Output()})
	require.ErrorContains(t, err, "another broker uses")
}
