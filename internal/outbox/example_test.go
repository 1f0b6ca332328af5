package outbox_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/outbox"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// An example cannot skip itself where there is no Postgres.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(pgtest.Variable) == "" {
		if err := flag.Set("test.skip", "^Example"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// screen is a broker that shows what it is given.
type screen struct{ published chan struct{} }

func (s screen) Publish(_ context.Context, topic string, envelopes []event.Envelope) error {
	for _, e := range envelopes {
		fmt.Println(topic, e.Type, "of task", e.Subject)
	}
	s.published <- struct{}{}
	return nil // the relay may now delete the rows
}

func (screen) Ready(context.Context) error { return nil }

// An app commits a change and its event together, and the relay publishes the
// event afterwards.
func ExampleRelay() {
	ctx, stop := context.WithCancel(context.Background())
	pool, drop, err := pgtest.Make(ctx, os.Getenv(pgtest.Variable))
	if err != nil {
		panic(err)
	}
	defer drop()

	broker := screen{make(chan struct{}, 1)}
	relay := outbox.NewRelay(pool, broker, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	store := repository.New(pool, "api", relay.Ring) // each commit that left an event wakes the relay
	ended := make(chan struct{})
	go func() { relay.Run(ctx); close(ended) }()

	id, err := store.EnsureUser(ctx, repository.LocalIssuer, "ann", "UTC")
	if err != nil {
		panic(err)
	}
	ann, err := store.Settings(ctx, id)
	if err != nil {
		panic(err)
	}
	if _, err = task.NewService(store, time.Now).Add(ctx, ann, task.AddInput{Fields: task.Fields{Title: input.Some("Water the plants")}}); err != nil {
		panic(err)
	}
	<-broker.published
	stop()
	<-ended // Run returns after it has deleted what was published
	var left int
	if err := pool.QueryRow(context.Background(), `SELECT count(*) FROM outbox`).Scan(&left); err != nil {
		panic(err)
	}
	fmt.Println(left, "rows left in the outbox")
	// Output:
	// task-events task.created of task 1
	// 0 rows left in the outbox
}
