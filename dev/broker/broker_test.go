package broker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/dev/broker"
	"tickler/dev/port"
	"tickler/internal/event"
)

// serve runs a broker on a data folder until the test ends.
func serve(t *testing.T, data string) broker.Access {
	t.Helper()
	free, err := port.NewPicker().Pick(0)
	require.NoError(t, err)
	access := broker.Access{Kind: broker.Redpanda, Brokers: []string{port.Address(free)}, Username: "u", Password: "p"}
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

func TestTopicsAreMadeOnceAndDifferencesAreTold(t *testing.T) {
	access := serve(t, t.TempDir())
	topics := []event.Topic{{Name: "one", Partitions: 1, Retention: time.Hour}}
	for range 2 {
		differences, err := broker.EnsureTopics(t.Context(), access, topics)
		require.NoError(t, err)
		require.Empty(t, differences)
	}
	topics[0].Partitions = 3
	differences, err := broker.EnsureTopics(t.Context(), access, topics)
	require.NoError(t, err)
	require.Equal(t, []string{"topic one is left as it is, but it has 1 partitions, wanted are 3"}, differences)
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
