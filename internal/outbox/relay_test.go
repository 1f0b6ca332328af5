package outbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/outbox"
	"tickler/internal/task"
)

func TestEveryCommittedEventIsPublishedInOrderAndThenGone(t *testing.T) {
	b := setup(t)
	broker := &recorder{}
	b.start(t, broker)
	want := b.work(t, 10, 20)
	b.left(t, 0)
	got := broker.events()
	require.Equal(t, want, len(got), "nothing failed, so nothing came twice")
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
	b.left(t, 0)
	requireAllInOrder(t, broker.events(), want)
}

func TestRelaysShareTheShardsAndTakeOverFromOneThatEnds(t *testing.T) {
	b := setup(t)
	first, second := &recorder{}, &recorder{}
	stopFirst := b.start(t, first)
	b.start(t, second)
	b.shared(t, 2)
	want := b.work(t, 32, 3)
	b.left(t, 0)
	require.NotEmpty(t, first.events())
	require.NotEmpty(t, second.events())
	requireAllInOrder(t, append(first.events(), second.events()...), want)

	stopFirst()
	b.shared(t, 1)
}

func TestShardsThatAreGivenBackAreTakenAtOnce(t *testing.T) {
	b := setup(t)
	seldom := func(r *outbox.Relay) { r.SetBalanceInterval(time.Hour) }
	stopFirst := b.startMeasured(t, &recorder{}, prometheus.NewRegistry(), seldom)
	b.shared(t, 1)
	second := &recorder{}
	b.startMeasured(t, second, prometheus.NewRegistry(), seldom)
	until(t, "the second relay to find nothing left", func() bool {
		var members, listeners int
		require.NoError(t, b.pool.QueryRow(b.ctx, `
			SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1953065728
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&members))
		require.NoError(t, b.pool.QueryRow(b.ctx, `
			SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND query = 'LISTEN tickler_outbox' AND state = 'idle'`).Scan(&listeners))
		return members == 2 && listeners == 2
	})
	stopFirst()
	want := b.work(t, 16, 1)
	b.left(t, 0)
	requireAllInOrder(t, second.events(), want)
}

func TestRelaysThatComeAndGoInPeacePublishNothingTwice(t *testing.T) {
	b := setup(t)
	broker := &recorder{}
	b.start(t, broker)
	want := 0
	for range 4 {
		stop := b.start(t, broker)
		b.shared(t, 2)
		want += b.work(t, 32, 10)
		stop() // with rows that it has read, and some that it has just published
	}
	b.left(t, 0)
	requireAllInOrder(t, broker.events(), want)
	require.Equal(t, want, len(broker.events()), "nothing came twice")
}

func TestRelayWhoseSessionIsCutGoesOn(t *testing.T) {
	b := setup(t)
	broker := &recorder{}
	b.start(t, broker)
	want := b.work(t, 3, 3)
	b.left(t, 0)
	_, err := b.pool.Exec(b.ctx, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	require.NoError(t, err)
	want += b.work(t, 3, 3)
	b.left(t, 0)
	requireAllInOrder(t, broker.events(), want)
}

func TestRowThatCommitsLateIsNotPassedOver(t *testing.T) {
	b := setup(t)
	broker := &recorder{}
	b.start(t, broker)
	insert := `
		WITH entry AS (
			INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, event_id, event_type, version, source)
			VALUES (1, now(), gen_random_uuid(), 'agent', 'test', 'mcp', 'task', $1, 'deleted', gen_random_uuid(), 'task.deleted', 1, 'tickler/api') RETURNING id
		)
		INSERT INTO outbox (shard, topic, id, task_id) SELECT 0, 'task-events', id, $1 FROM entry`
	slow, err := b.pool.Begin(b.ctx)
	require.NoError(t, err)
	_, err = slow.Exec(b.ctx, insert, 16) // draws the smaller id
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, insert, 32)
	require.NoError(t, err)
	until(t, "the row that is committed", func() bool { return len(broker.events()) == 1 })
	require.NoError(t, slow.Commit(b.ctx))
	until(t, "the row that committed late", func() bool { return len(broker.events()) == 2 })
	require.Equal(t, "16", broker.events()[1].Subject)
}

func TestEventThatTheBrokerRefusesIsParkedAndBlocksItsOwnTaskOnly(t *testing.T) {
	b := setup(t)
	poison, err := b.service.Add(b.ctx, b.user, task.AddInput{Fields: task.Fields{Title: input.Some("too large")}})
	require.NoError(t, err)
	_, err = b.service.Complete(b.ctx, b.user, task.CompleteInput{TaskID: poison.Task.ID})
	require.NoError(t, err)
	broker := &recorder{refuse: func(e event.Envelope) bool { return e.Subject == event.Key(poison.Task.ID) }}
	b.start(t, broker)
	want := 0
	parked := func() (n int) {
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL AND error LIKE '%too large%'`).Scan(&n))
		return n
	}
	for deadline := time.Now().Add(time.Minute); parked() == 0 && time.Now().Before(deadline); {
		want += b.work(t, 4, 1)
	}
	require.Equal(t, 1, parked(), "its first event only")
	b.left(t, 3) // the task's later events wait
	requireAllInOrder(t, broker.events(), want)

	broker.set(func() { broker.refuse = nil })
	released, err := outbox.Release(b.ctx, b.pool, 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, released)
	b.left(t, 0)
	requireAllInOrder(t, broker.events()[:], want+2)
}

func TestBrokerThatIsAwayParksNothing(t *testing.T) {
	b := setup(t)
	away := true
	broker := &recorder{}
	want := b.work(t, 30, 1)
	failures := 0
	broker.fail = func() bool { failures++; return away }
	b.startMeasured(t, broker, prometheus.NewRegistry(), func(relay *outbox.Relay) { relay.Patience.Attempts = 2 })
	until(t, "the broker to have failed often", func() bool { var n int; broker.set(func() { n = failures }); return n > 14 })
	broker.set(func() { away = false })
	b.left(t, 0)
	requireAllInOrder(t, broker.events(), want)
}

func TestManyRefusedEventsAndTheRestStillArrives(t *testing.T) {
	b := setup(t)
	bad := map[string]bool{}
	for range 40 {
		added, err := b.service.Add(b.ctx, b.user, task.AddInput{Fields: task.Fields{Title: input.Some("too large")}})
		require.NoError(t, err)
		bad[event.Key(added.Task.ID)] = true
	}
	broker := &recorder{refuse: func(e event.Envelope) bool { return bad[e.Subject] }}
	want := b.work(t, 100, 1)
	b.start(t, broker)
	b.left(t, len(bad))
	requireAllInOrder(t, broker.events(), want)
}

func TestTopicThatIsAwayHoldsUpNoOtherAndParksNothing(t *testing.T) {
	b := setup(t)
	for range 64 {
		added, err := b.service.Add(b.ctx, b.user, task.AddInput{Fields: task.Fields{Title: input.Some("x")}})
		require.NoError(t, err)
		_, err = b.service.Complete(b.ctx, b.user, task.CompleteInput{TaskID: added.Task.ID})
		require.NoError(t, err)
	}
	broker := &recorder{away: event.TopicTaskRecurrence}
	b.start(t, broker)
	others := b.work(t, 100, 1)
	b.left(t, 64)
	others += b.work(t, 100, 1)
	b.left(t, 64)
	requireAllInOrder(t, broker.events(), 128+others)
	var parked int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL`).Scan(&parked))
	require.Zero(t, parked)
	broker.set(func() { broker.away = "" })
	b.left(t, 0)
}

func TestRelayThatCannotPublishLeavesItsShardsToOthersAndSaysSo(t *testing.T) {
	b := setup(t)
	cut, well := &recorder{}, &recorder{}
	series, others := prometheus.NewRegistry(), prometheus.NewRegistry()
	b.startMeasured(t, cut, series)
	b.startMeasured(t, well, others)
	owned := func() [2]float64 {
		return [2]float64{gauge(t, series, "tickler_outbox_shards_owned"), gauge(t, others, "tickler_outbox_shards_owned")}
	}
	b.shared(t, 2)
	want := b.work(t, 32, 1)
	until(t, "both relays to have published all", func() bool { return b.waiting(t) == 0 && len(cut.events()) > 0 && len(well.events()) > 0 })
	until(t, "each to say that it has half", func() bool { return owned() == [2]float64{8, 8} })
	cut.set(func() { cut.cut = true })
	want += b.work(t, 32, 1)
	b.left(t, 0)
	requireAllInOrder(t, append(cut.events(), well.events()...), want)
	b.shared(t, 1)
	until(t, "one to say that it has all, and the other none", func() bool { return owned() == [2]float64{0, 16} })
	until(t, "the other to count nothing", func() bool { return gauge(t, series, "tickler_outbox_depth") == 0 })
	cut.set(func() { cut.cut = false })
	b.shared(t, 2)
	until(t, "each to say that it has half again", func() bool { return owned() == [2]float64{8, 8} })
}

func TestRequestsAreNoLargerThanTheSidecarTakes(t *testing.T) {
	b := setup(t)
	const tasks = 200
	text := strings.Repeat("🔔", task.MaxDescription)
	for range tasks {
		_, err := b.service.Add(b.ctx, b.user, task.AddInput{Fields: task.Fields{Title: input.Some("long"), Description: input.Some(text)}})
		require.NoError(t, err)
	}
	broker := &recorder{}
	b.start(t, broker)
	b.left(t, 0)
	requireAllInOrder(t, broker.events(), tasks)
	broker.set(func() {
		require.Less(t, broker.most, 4<<20, "daprd's own default limit: --max-body-size")
		require.Greater(t, broker.most, 1<<20, "as many as fit go together")
	})
}

func TestOperatorsSeeHowMuchWaitsAndForHowLong(t *testing.T) {
	b := setup(t)
	b.work(t, 4, 1)
	for _, sql := range []string{
		`UPDATE outbox SET parked_at = now(), error = 'too large' WHERE id = (SELECT min(id) FROM outbox)`,
		`UPDATE journal SET at = at - interval '2 hours' WHERE id = (SELECT min(id) FROM outbox WHERE parked_at IS NOT NULL)`,
		`UPDATE journal SET at = at - interval '1 hour' WHERE id = (
			SELECT min(id) FROM outbox WHERE task_id <> (SELECT task_id FROM outbox WHERE parked_at IS NOT NULL))`,
	} {
		_, err := b.pool.Exec(b.ctx, sql)
		require.NoError(t, err)
	}
	series := prometheus.NewRegistry()
	b.startMeasured(t, &recorder{away: event.TopicTaskEvents}, series)
	until(t, "all that waits to be counted", func() bool { return gauge(t, series, "tickler_outbox_depth") == 8 })
	require.EqualValues(t, 1, gauge(t, series, "tickler_outbox_parked"))
	require.InDelta(t, 3600, gauge(t, series, "tickler_outbox_oldest_seconds"), 100, "a parked event is no longer waiting for the broker")
}
