package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/outbox"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// recorder is a broker that remembers what it got, and fails when told to.
type recorder struct {
	mu     sync.Mutex
	fail   func() bool
	refuse func(event.Envelope) bool // events that it never takes
	away   string                    // a topic that it takes nothing of
	got    []event.Envelope
	cut    bool // the way to the broker is cut for this one
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
	if r.fail != nil && r.fail() {
		// As a bulk publish that fails in part: some have arrived, later ones too.
		r.got = append(r.got, envelopes[len(envelopes)/2:]...)
		return errors.New("broker is away")
	}
	if r.cut || topic == r.away {
		return errors.New("no such topic")
	}
	for i, e := range envelopes {
		if r.refuse != nil && r.refuse(e) {
			r.got = append(r.got, envelopes[:i]...)
			return errors.New("message too large")
		}
	}
	r.got = append(r.got, envelopes...)
	return nil
}

func (r *recorder) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func (r *recorder) events() []event.Envelope {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]event.Envelope(nil), r.got...)
}

type bundle struct {
	ctx     context.Context
	pool    *pgxpool.Pool
	service *task.Service
	user    task.Settings
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
	ctx, cancel := context.WithCancel(b.ctx)
	relay := outbox.NewRelay(b.pool, publisher, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	relay.Patience = outbox.Patience{Attempts: 20, FirstPause: time.Millisecond, LongestPause: 20 * time.Millisecond}
	done := make(chan struct{})
	go func() { relay.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// work makes tasks and changes each so often, several at the same time.
func (b *bundle) work(t *testing.T, tasks, changes int) (events int) {
	t.Helper()
	var workers sync.WaitGroup
	for range tasks {
		workers.Go(func() {
			added, err := b.service.Add(b.ctx, b.user, task.AddInput{Title: "x"})
			require.NoError(t, err)
			for n := range changes {
				priority := []task.Priority{task.High, task.Low}[n%2]
				_, err := b.service.Update(b.ctx, b.user, task.UpdateInput{TaskID: added.Task.ID, Priority: task.Some(priority)})
				require.NoError(t, err)
			}
		})
	}
	workers.Wait()
	return tasks * (changes + 1)
}

func (b *bundle) waiting(t *testing.T) (rows int) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM outbox`).Scan(&rows))
	return rows
}

// shared waits until so many relays own all shards among them.
func (b *bundle) shared(t *testing.T, relays int) {
	t.Helper()
	require.Eventually(t, func() bool {
		var owners, shards int
		require.NoError(t, b.pool.QueryRow(b.ctx, `
			SELECT count(DISTINCT pid), count(*) FROM pg_locks
			WHERE locktype = 'advisory' AND classid = 1953065729 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&owners, &shards))
		return owners == relays && shards == repository.OutboxShards
	}, 30*time.Second, 20*time.Millisecond)
}

// requireAllInOrder checks that every event arrived, and that the first
// arrivals of each task's events are in the order of its versions.
func requireAllInOrder(t *testing.T, got []event.Envelope, want int) {
	t.Helper()
	seen, last := map[string]bool{}, map[int64]int{}
	for _, e := range got {
		if seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		var data event.Base
		require.NoError(t, json.Unmarshal(e.Data, &data))
		require.Equal(t, last[data.TaskID]+1, data.TaskVersion, "task %d", data.TaskID)
		last[data.TaskID] = data.TaskVersion
	}
	require.Len(t, seen, want)
}

func TestEveryCommittedEventIsPublishedInOrderAndThenGone(t *testing.T) {
	b := setup(t)
	broker := &recorder{}
	b.start(t, broker)
	want := b.work(t, 10, 20)
	require.Eventually(t, func() bool { return b.waiting(t) == 0 }, 20*time.Second, 10*time.Millisecond)
	got := broker.events()
	require.Len(t, got, want, "nothing failed, so nothing came twice")
	requireAllInOrder(t, got, want)
	e := got[0]
	require.Equal(t, "1.0", e.SpecVersion)
	require.Equal(t, "tickler/api", e.Source)
	require.Equal(t, e.Subject, e.PartitionKey)
	require.Equal(t, event.SchemaURI(e.Type), e.DataSchema)
	require.NoError(t, event.Validate(e.Type, e.Data))
}

func TestBrokerThatFailsNowAndThenLosesAndReordersNothing(t *testing.T) {
	b := setup(t)
	n := 0
	broker := &recorder{fail: func() bool { n++; return n%3 == 0 }}
	b.start(t, broker)
	want := b.work(t, 5, 10)
	require.Eventually(t, func() bool { return b.waiting(t) == 0 }, 30*time.Second, 10*time.Millisecond)
	requireAllInOrder(t, broker.events(), want)
}

func TestRelaysShareTheShardsAndTakeOverFromOneThatEnds(t *testing.T) {
	b := setup(t)
	first, second := &recorder{}, &recorder{}
	stopFirst := b.start(t, first)
	b.start(t, second)
	b.shared(t, 2)
	want := b.work(t, 32, 3)
	require.Eventually(t, func() bool { return b.waiting(t) == 0 }, 20*time.Second, 10*time.Millisecond)
	require.NotEmpty(t, first.events())
	require.NotEmpty(t, second.events())
	requireAllInOrder(t, append(first.events(), second.events()...), want)

	stopFirst()
	b.shared(t, 1)
}

func TestRelayWhoseSessionIsCutGoesOn(t *testing.T) {
	b := setup(t)
	broker := &recorder{}
	b.start(t, broker)
	want := b.work(t, 3, 3)
	require.Eventually(t, func() bool { return b.waiting(t) == 0 }, 20*time.Second, 10*time.Millisecond)
	_, err := b.pool.Exec(b.ctx, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	require.NoError(t, err)
	want += b.work(t, 3, 3)
	require.Eventually(t, func() bool { return b.waiting(t) == 0 }, 20*time.Second, 10*time.Millisecond)
	requireAllInOrder(t, broker.events(), want)
}

func TestRowThatCommitsLateIsNotPassedOver(t *testing.T) {
	b := setup(t)
	broker := &recorder{}
	b.start(t, broker)
	insert := `INSERT INTO outbox (shard, event_id, event_type, topic, task_id, source, data, created_at)
		VALUES (0, gen_random_uuid(), 'task.deleted', 'task-events', $1, 'tickler/api', '{}', now())`
	slow, err := b.pool.Begin(b.ctx)
	require.NoError(t, err)
	_, err = slow.Exec(b.ctx, insert, 16) // draws the smaller id
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, insert, 32)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(broker.events()) == 1 }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, slow.Commit(b.ctx))
	require.Eventually(t, func() bool { return len(broker.events()) == 2 }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, "16", broker.events()[1].Subject)
}

func TestEventThatTheBrokerRefusesIsParkedAndBlocksItsOwnTaskOnly(t *testing.T) {
	b := setup(t)
	poison, err := b.service.Add(b.ctx, b.user, task.AddInput{Title: "too large"})
	require.NoError(t, err)
	_, err = b.service.Complete(b.ctx, b.user, poison.Task.ID)
	require.NoError(t, err)
	broker := &recorder{refuse: func(e event.Envelope) bool { return e.Subject == event.Key(poison.Task.ID) }}
	b.start(t, broker)
	want := 0
	parked := func() (n int) {
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL AND error LIKE '%too large%'`).Scan(&n))
		return n
	}
	for deadline := time.Now().Add(30 * time.Second); parked() == 0 && time.Now().Before(deadline); {
		want += b.work(t, 4, 1)
	}
	require.Equal(t, 1, parked(), "its first event only")
	require.Eventually(t, func() bool { return b.waiting(t) == 3 }, 10*time.Second, 10*time.Millisecond, "the task's later events wait")
	requireAllInOrder(t, broker.events(), want)

	broker.set(func() { broker.refuse = nil })
	released, err := outbox.Release(b.ctx, b.pool, 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, released)
	require.Eventually(t, func() bool { return b.waiting(t) == 0 }, 10*time.Second, 10*time.Millisecond)
	requireAllInOrder(t, broker.events()[:], want+2)
}

func TestBrokerThatIsAwayParksNothing(t *testing.T) {
	b := setup(t)
	away := true
	broker := &recorder{fail: func() bool { return away }}
	want := b.work(t, 30, 1)
	b.start(t, broker)
	failures := 0
	broker.set(func() { broker.fail = func() bool { failures++; return away } })
	require.Eventually(t, func() bool { var n int; broker.set(func() { n = failures }); return n > 20 }, 60*time.Second, 20*time.Millisecond)
	broker.set(func() { away = false })
	require.Eventually(t, func() bool { return b.waiting(t) == 0 }, 30*time.Second, 10*time.Millisecond)
	requireAllInOrder(t, broker.events(), want)
}

func TestManyRefusedEventsAndTheRestStillArrives(t *testing.T) {
	b := setup(t)
	bad := map[string]bool{}
	for range 40 {
		added, err := b.service.Add(b.ctx, b.user, task.AddInput{Title: "too large"})
		require.NoError(t, err)
		bad[event.Key(added.Task.ID)] = true
	}
	broker := &recorder{refuse: func(e event.Envelope) bool { return bad[e.Subject] }}
	want := b.work(t, 100, 1)
	b.start(t, broker)
	require.Eventually(t, func() bool { return b.waiting(t) == len(bad) }, 40*time.Second, 20*time.Millisecond)
	requireAllInOrder(t, broker.events(), want)
}

func TestTopicThatIsAwayHoldsUpNoOtherAndParksNothing(t *testing.T) {
	b := setup(t)
	for range 64 {
		added, err := b.service.Add(b.ctx, b.user, task.AddInput{Title: "x"})
		require.NoError(t, err)
		_, err = b.service.Complete(b.ctx, b.user, added.Task.ID)
		require.NoError(t, err)
	}
	broker := &recorder{away: event.TopicTaskRecurrence}
	b.start(t, broker)
	others := b.work(t, 100, 1)
	require.Eventually(t, func() bool { return b.waiting(t) == 64 }, 30*time.Second, 20*time.Millisecond)
	others += b.work(t, 100, 1)
	require.Eventually(t, func() bool { return b.waiting(t) == 64 }, 30*time.Second, 20*time.Millisecond)
	requireAllInOrder(t, broker.events(), 128+others)
	var parked int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL`).Scan(&parked))
	require.Zero(t, parked)
	broker.set(func() { broker.away = "" })
	require.Eventually(t, func() bool { return b.waiting(t) == 0 }, 30*time.Second, 20*time.Millisecond)
}

func TestRelayThatCannotPublishLeavesItsShardsToOthers(t *testing.T) {
	b := setup(t)
	cut, well := &recorder{}, &recorder{}
	b.start(t, cut)
	b.start(t, well)
	b.shared(t, 2)
	want := b.work(t, 32, 1)
	require.Eventually(t, func() bool { return b.waiting(t) == 0 && len(cut.events()) > 0 && len(well.events()) > 0 }, 20*time.Second, 20*time.Millisecond)
	cut.set(func() { cut.cut = true })
	want += b.work(t, 32, 1)
	require.Eventually(t, func() bool { return b.waiting(t) == 0 }, 30*time.Second, 20*time.Millisecond)
	requireAllInOrder(t, append(cut.events(), well.events()...), want)
	b.shared(t, 1)
	cut.set(func() { cut.cut = false })
	b.shared(t, 2)
}
