package e2e

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/outbox"
	"tickler/internal/repository"
	"tickler/internal/sidecar"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

// BenchmarkCommitUnderLoad makes five hundred changes a second for twenty
// seconds, with the api's own service and relay in this process, and measures
// from the moment at which the service returns, which is just after the commit,
// to the moment at which a Kafka client in this process has the event.
func BenchmarkCommitUnderLoad(b *testing.B) {
	const perSecond, seconds, workers = 500, 20, 8
	s := start(b, nil)
	for _, app := range []string{"api", "notifier", "recurrer"} {
		require.NoError(b, s.StopPart(app)) // their relays would take shares
	}
	client, err := sidecar.NewClient(sidecar.Config{
		GRPCPort: s.Env()["TICKLER_API_DAPR_GRPC_PORT"], HTTPPort: s.Env()["TICKLER_API_DAPR_HTTP_PORT"],
		APIToken: s.Env()["DAPR_API_TOKEN"], PubSub: "taskbus",
	})
	require.NoError(b, err)
	b.Cleanup(client.Close)
	ctx, cancel := context.WithCancel(telemetry.WithTraceParent(b.Context(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"))
	relay := outbox.NewRelay(s.db, client, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	done := make(chan struct{})
	go func() { relay.Run(ctx); close(done) }()
	b.Cleanup(func() { cancel(); <-done })
	store := repository.New(s.db, "api", relay.Wake)
	service := task.NewService(store, time.Now)
	userID, err := store.EnsureUser(ctx, repository.LocalIssuer, "load", "UTC")
	require.NoError(b, err)
	user, err := store.Settings(ctx, userID)
	require.NoError(b, err)

	for b.Loop() {
		due := make(chan time.Time, perSecond)
		var ids sync.Map
		var working sync.WaitGroup
		for range workers {
			working.Go(func() {
				for range due {
					added, err := service.Add(ctx, user, task.AddInput{Title: "load"})
					if err != nil {
						b.Error(err)
						return
					}
					ids.Store(added.Task.ID, time.Now())
				}
			})
		}
		tick := time.NewTicker(time.Second / perSecond)
		began := time.Now()
		for range perSecond * seconds {
			due <- <-tick.C
		}
		tick.Stop()
		close(due)
		working.Wait()
		b.ReportMetric(perSecond*seconds/time.Since(began).Seconds(), "changes/s")
		seen := &samples{}
		ids.Range(func(id, committed any) bool {
			m := s.observer.wait(b, 1, event.TopicTaskEvents, event.TaskCreated, id.(int64))[0]
			seen.add(m.received.Sub(committed.(time.Time)))
			return true
		})
		seen.report(b, "consumer")
	}
}
