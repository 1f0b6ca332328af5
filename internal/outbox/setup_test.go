package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/outbox"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// arrival is an event on a topic.
type arrival struct {
	topic string
	event.Envelope
}

// recorder is a broker that remembers what it got, and fails when told to.
type recorder struct {
	mu     sync.Mutex
	fail   func() bool
	refuse func(event.Envelope) bool // events that it never takes
	away   string                    // a topic that it takes nothing of
	got    []arrival
	cut    bool // the way to the broker is cut for this one
	most   int  // bytes of the largest request
}

func (r *recorder) Ready(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cut {
		return errors.New("the sidecar is away")
	}
	return nil
}

func (r *recorder) Publish(_ context.Context, topic string, envelopes []event.Envelope) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if request, err := json.Marshal(envelopes); err == nil {
		r.most = max(r.most, len(request))
	}
	if r.fail != nil && r.fail() {
		// As a bulk publish that fails in part: some have arrived, later ones too.
		r.keep(topic, envelopes[len(envelopes)/2:])
		return errors.New("broker is away")
	}
	if r.cut || topic == r.away {
		return errors.New("no such topic")
	}
	for i, e := range envelopes {
		if r.refuse != nil && r.refuse(e) {
			r.keep(topic, envelopes[:i])
			return errors.New("message too large")
		}
	}
	r.keep(topic, envelopes)
	return nil
}

func (r *recorder) keep(topic string, envelopes []event.Envelope) {
	for _, e := range envelopes {
		r.got = append(r.got, arrival{topic, e})
	}
}

func (r *recorder) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func (r *recorder) events() []arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]arrival(nil), r.got...)
}

type bundle struct {
	ctx     context.Context
	pool    *pgxpool.Pool
	service *task.Service
	user    person.Settings
}

func setup(t *testing.T) *bundle {
	t.Helper()
	t.Parallel()
	b := &bundle{ctx: context.Background(), pool: pgtest.Open(t)}
	store := repository.New(b.pool, "api", func() {})
	id, err := store.EnsureUser(b.ctx, "local", "ann", "UTC")
	require.NoError(t, err)
	b.user, err = store.Settings(b.ctx, id)
	require.NoError(t, err)
	b.service = task.NewService(store, time.Now)
	return b
}

// start runs a relay until the returned function is called.
func (b *bundle) start(t *testing.T, publisher outbox.Publisher) (stop func()) {
	t.Helper()
	return b.startMeasured(t, publisher, prometheus.NewRegistry())
}

func (b *bundle) startMeasured(t *testing.T, publisher outbox.Publisher, registry *prometheus.Registry, adjust ...func(*outbox.Relay)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(b.ctx)
	relay := outbox.NewRelay(b.pool, publisher, slog.New(slog.DiscardHandler), registry)
	relay.Patience = outbox.Patience{Attempts: 20, FirstPause: time.Millisecond, LongestPause: 20 * time.Millisecond}
	for _, change := range adjust {
		change(relay)
	}
	done := make(chan struct{})
	go func() { relay.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// work makes tasks and changes each so often, several at the same time.
func (b *bundle) work(t *testing.T, tasks, changes int) (events int) {
	t.Helper()
	var workers errgroup.Group
	for range tasks {
		workers.Go(func() error {
			added, err := b.service.Add(b.ctx, b.user, task.AddInput{Fields: task.Fields{Title: input.Some("x")}})
			for n := 0; n < changes && err == nil; n++ {
				priority := []task.Priority{task.High, task.Low}[n%2]
				_, err = b.service.Update(b.ctx, b.user, task.UpdateInput{TaskID: added.Task.ID, Fields: task.Fields{Priority: input.Some(priority)}})
			}
			return err
		})
	}
	require.NoError(t, workers.Wait())
	return tasks * (changes + 1)
}

func (b *bundle) waiting(t *testing.T) (rows int) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM outbox`).Scan(&rows))
	return rows
}

// until waits for a condition, which may end the test: it is asked in the
// goroutine of the test.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			require.FailNow(t, "waited for "+what)
		}
	}
}

// left waits until so many rows are in the outbox.
func (b *bundle) left(t *testing.T, rows int) {
	t.Helper()
	until(t, fmt.Sprintf("%d rows to be left in the outbox", rows), func() bool { return b.waiting(t) == rows })
}

// shared waits until so many relays own all shards among them.
func (b *bundle) shared(t *testing.T, relays int) {
	t.Helper()
	until(t, "all shards to be shared", func() bool {
		var owners, shards int
		require.NoError(t, b.pool.QueryRow(b.ctx, `
			SELECT count(DISTINCT pid), count(*) FROM pg_locks
			WHERE locktype = 'advisory' AND classid = 1953065729 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&owners, &shards))
		return owners == relays && shards == event.Shards
	})
}

// gauge reads a series without labels.
func gauge(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	require.FailNow(t, "no such series: "+name)
	return 0
}

// requireAllInOrder checks that every event arrived, and that the first arrivals
// of each task's events on a topic are in the order of its versions.
func requireAllInOrder(t *testing.T, got []arrival, want int) {
	t.Helper()
	seen, on, last := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, e := range got {
		if on[e.topic+e.ID] {
			continue
		}
		seen[e.ID], on[e.topic+e.ID] = true, true
		var data event.Base
		require.NoError(t, json.Unmarshal(e.Data, &data))
		series := e.topic + " " + e.Subject
		if e.topic == event.TopicTaskEvents { // which has them all
			require.Equal(t, last[series]+1, data.TaskVersion, series)
		}
		require.Greater(t, data.TaskVersion, last[series], series)
		last[series] = data.TaskVersion
	}
	require.Equal(t, want, len(seen))
}
