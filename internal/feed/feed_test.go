package feed_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/feed"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// bundle is a system with several replicas and two users.
type bundle struct {
	ctx      context.Context
	pool     *pgxpool.Pool
	store    *repository.Repository
	service  *task.Service
	feed     *feed.Feed
	ann, bob person.Settings
}

func setup(t *testing.T) *bundle {
	t.Helper()
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	b := &bundle{ctx: ctx, pool: pgtest.Open(t)}
	b.store = repository.New(b.pool, "api", func() { b.feed.Wake() })
	b.service = task.NewService(b.store, time.Now)
	b.feed = b.replica(t)
	for name, user := range map[string]*person.Settings{"ann": &b.ann, "bob": &b.bob} {
		id, err := b.store.EnsureUser(ctx, repository.LocalIssuer, name, "UTC")
		require.NoError(t, err)
		*user, err = b.store.Settings(ctx, id)
		require.NoError(t, err)
	}
	return b
}

// replica makes another feed, which nobody wakes.
func (b *bundle) replica(t *testing.T) *feed.Feed {
	f := feed.New(b.store, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	ctx, stop := context.WithCancel(b.ctx)
	ended := make(chan struct{})
	go func() { f.Run(ctx); close(ended) }()
	t.Cleanup(func() { stop(); <-ended })
	return f
}

func (b *bundle) subscribe(t *testing.T, f *feed.Feed, user person.Settings, after *event.Position) *feed.Subscription {
	t.Helper()
	s, err := f.Subscribe(b.ctx, user.UserID, after)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func (b *bundle) add(t *testing.T, user person.Settings, title string) int64 {
	t.Helper()
	added, err := b.service.Add(b.ctx, user, task.AddInput{Fields: task.Fields{Title: input.Some(title)}})
	require.NoError(t, err)
	return added.Task.ID
}

// take reads n events.
func (b *bundle) take(t *testing.T, s *feed.Subscription, n int) []event.Entry {
	t.Helper()
	var all []event.Entry
	for len(all) < n {
		some, err := s.Next(b.ctx)
		require.NoError(t, err)
		all = append(all, some...)
	}
	require.Len(t, all, n)
	return all
}

// requireNothing checks that no event arrives; it waits longer than any poll.
func (b *bundle) requireNothing(t *testing.T, s *feed.Subscription) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 1500*time.Millisecond)
	defer cancel()
	some, err := s.Next(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded, "%v", some)
}

func TestASubscriptionSeesItsUsersEventsInOrderOnEveryReplica(t *testing.T) {
	b := setup(t)
	here, elsewhere := b.subscribe(t, b.feed, b.ann, nil), b.subscribe(t, b.replica(t), b.ann, nil)
	b.add(t, b.bob, "not Ann's")
	id := b.add(t, b.ann, "x")
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: id})
	require.NoError(t, err)
	for _, s := range []*feed.Subscription{here, elsewhere} {
		got := b.take(t, s, 2)
		require.Equal(t, []string{event.TaskCreated, event.TaskCompleted}, []string{got[0].Type, got[1].Type})
		for _, e := range got {
			require.Equal(t, id, e.TaskID)
			require.NoError(t, event.Validate(e.Type, e.Data))
			require.Contains(t, string(e.Data), e.ID.String())
		}
	}
}

func TestASubscriptionGoesOnWhereAnotherLeftOff(t *testing.T) {
	b := setup(t)
	first := b.subscribe(t, b.feed, b.ann, nil)
	b.add(t, b.ann, "1")
	at := b.take(t, first, 1)[0].Position
	first.Close()
	want := []int64{}
	for n := range 250 { // more than a page
		want = append(want, b.add(t, b.ann, fmt.Sprint(n)))
	}
	parsed, err := event.ParsePosition(at.String())
	require.NoError(t, err)
	again := b.subscribe(t, b.replica(t), b.ann, &parsed)
	require.True(t, again.Whole)
	got := []int64{}
	for _, e := range b.take(t, again, len(want)) {
		got = append(got, e.TaskID)
	}
	require.Equal(t, want, got)
}

// begin opens a transaction that writes entries of a user and already has its number.
func (b *bundle) begin(t *testing.T, user person.Settings) pgx.Tx {
	t.Helper()
	return b.beginUnder(t, repository.WritingKey(user.UserID))
}

func (b *bundle) beginUnder(t *testing.T, key int32) pgx.Tx {
	t.Helper()
	tx, err := b.pool.Begin(b.ctx)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(b.ctx)) })
	_, err = tx.Exec(b.ctx, `SELECT pg_advisory_xact_lock_shared($1, $2)`, repository.WritingLocks, key)
	require.NoError(t, err)
	_, err = tx.Exec(b.ctx, `SELECT pg_current_xact_id()`)
	require.NoError(t, err)
	return tx
}

func (b *bundle) write(t *testing.T, tx pgx.Tx, user person.Settings, taskID int) {
	t.Helper()
	_, err := tx.Exec(b.ctx, `
		INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, event_id, event_type, version, source)
		VALUES ($1, now(), gen_random_uuid(), 'agent', 'test', 'mcp', 'task', $2, 'deleted', gen_random_uuid(), 'task.deleted', 1, 'test')`, user.UserID, taskID)
	require.NoError(t, err)
}

// A migration or a backup elsewhere on the server can stay open for hours.
func TestATransactionThatHasNothingToDoWithTheJournalStopsNoStream(t *testing.T) {
	b := setup(t)
	s := b.subscribe(t, b.feed, b.ann, nil)
	elsewhere, err := b.pool.Begin(b.ctx)
	require.NoError(t, err)
	t.Cleanup(func() { _ = elsewhere.Rollback(context.WithoutCancel(b.ctx)) })
	_, err = elsewhere.Exec(b.ctx, `CREATE TABLE elsewhere (n integer)`)
	require.NoError(t, err)
	for range 3 {
		added := b.add(t, b.ann, "while it is open")
		horizons, err := b.store.Settled(b.ctx, []int64{b.ann.UserID})
		require.NoError(t, err)
		got := b.take(t, s, 1)[0]
		require.Equal(t, added, got.TaskID)
		require.Greater(t, horizons[b.ann.UserID], got.Position.Transaction, "also if nothing else happens on the server")
	}
}

// Deleting a tag of very many tasks takes a minute.
func TestALongChangeHoldsUpTheStreamsOfItsUserOnly(t *testing.T) {
	b := setup(t)
	anns, bobs := b.subscribe(t, b.feed, b.ann, nil), b.subscribe(t, b.feed, b.bob, nil)
	long := b.begin(t, b.ann)
	b.write(t, long, b.ann, 1)
	for range 3 {
		added := b.add(t, b.bob, "while Ann's change runs")
		require.Equal(t, added, b.take(t, bobs, 1)[0].TaskID)
	}
	after := b.add(t, b.ann, "behind it")
	b.requireNothing(t, anns)
	late := b.subscribe(t, b.replica(t), b.bob, nil)
	added := b.add(t, b.bob, "for one who came meanwhile")
	require.Equal(t, added, b.take(t, late, 1)[0].TaskID, "and not what happened before")
	require.NoError(t, long.Commit(b.ctx))
	got := b.take(t, anns, 2)
	require.Equal(t, []int64{1, after}, []int64{got[0].TaskID, got[1].TaskID})
}

// The scan does not know whose reminders are due until it has them.
func TestAClaimOfRemindersHoldsUpEverybodysStreams(t *testing.T) {
	b := setup(t)
	s := b.subscribe(t, b.feed, b.bob, nil)
	claim := b.beginUnder(t, repository.EverybodysKey)
	b.write(t, claim, b.bob, 1)
	after := b.add(t, b.bob, "behind it")
	b.requireNothing(t, s)
	require.NoError(t, claim.Commit(b.ctx))
	got := b.take(t, s, 2)
	require.Equal(t, []int64{1, after}, []int64{got[0].TaskID, got[1].TaskID})
}

// Numbers are drawn before the commit, so a reader that continues after the last one
// it saw would never see a smaller one that commits late.
func TestWhatCommitsLateIsNotLost(t *testing.T) {
	b := setup(t)
	s := b.subscribe(t, b.feed, b.ann, nil)
	late, early := b.begin(t, b.ann), b.begin(t, b.ann)
	b.write(t, late, b.ann, 1)
	b.write(t, early, b.ann, 2)
	require.NoError(t, early.Commit(b.ctx))
	b.feed.Wake()
	b.requireNothing(t, s)
	require.NoError(t, late.Commit(b.ctx))
	got := b.take(t, s, 2)
	require.Equal(t, []int64{1, 2}, []int64{got[0].TaskID, got[1].TaskID})
}

// A transaction that began first may be the last to change a task.
func TestEventsOfATaskAreInTheOrderOfItsChanges(t *testing.T) {
	b := setup(t)
	s := b.subscribe(t, b.feed, b.ann, nil)
	older, between, newer := b.begin(t, b.ann), b.begin(t, b.ann), b.begin(t, b.ann)
	b.write(t, newer, b.ann, 1)
	require.NoError(t, newer.Commit(b.ctx))
	b.write(t, older, b.ann, 2) // would be the first by the number of its transaction
	require.NoError(t, older.Commit(b.ctx))
	b.requireNothing(t, s) // not even the older's, although all before it has ended
	require.NoError(t, between.Commit(b.ctx))
	got := b.take(t, s, 2)
	require.Equal(t, []int64{1, 2}, []int64{got[0].TaskID, got[1].TaskID})
}

func TestNothingIsLostUnderLoad(t *testing.T) {
	b := setup(t)
	const writers, each = 8, 50
	s := b.subscribe(t, b.feed, b.ann, nil)
	for w := range writers {
		go func() {
			for n := range each {
				_, _ = b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some(fmt.Sprint(w, n))}})
			}
		}()
	}
	seen := map[int64]bool{}
	for _, e := range b.take(t, s, writers*each) {
		seen[e.TaskID] = true
	}
	require.Len(t, seen, writers*each)
}

func TestWhoComesBackTooLateIsTold(t *testing.T) {
	b := setup(t)
	s := b.subscribe(t, b.feed, b.ann, nil)
	start := s.Position()
	b.add(t, b.ann, "old")
	kept := b.take(t, s, 1)[0].Position
	require.True(t, b.subscribe(t, b.feed, b.ann, &start).Whole)
	_, err := b.pool.Exec(b.ctx, `UPDATE journal SET at = now() - interval '91 days'`)
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, `DELETE FROM outbox`) // all is published
	require.NoError(t, err)
	last := b.add(t, b.ann, "new")
	require.NoError(t, b.store.Prune(b.ctx))
	require.Equal(t, last, b.take(t, s, 1)[0].TaskID) // settled by now
	late := b.subscribe(t, b.feed, b.ann, &start)
	require.False(t, late.Whole)
	next := b.add(t, b.ann, "newer")
	require.Equal(t, next, b.take(t, late, 1)[0].TaskID, "it goes on from now")
	require.False(t, b.subscribe(t, b.feed, b.ann, &kept).Whole)
	future := event.EndOf(0, 1<<60)
	require.False(t, b.subscribe(t, b.feed, b.ann, &future).Whole, "a position of another database")
}

func TestAUserHasSoManySubscriptionsOnly(t *testing.T) {
	b := setup(t)
	var all []*feed.Subscription
	for range feed.MaxSubscriptions {
		all = append(all, b.subscribe(t, b.feed, b.ann, nil))
	}
	_, err := b.feed.Subscribe(b.ctx, b.ann.UserID, nil)
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, fault.RateLimited, e.Code)
	b.subscribe(t, b.feed, b.bob, nil)
	all[0].Close()
	all[0].Close()
	b.subscribe(t, b.feed, b.ann, nil)
	_, err = b.feed.Subscribe(b.ctx, b.ann.UserID, nil)
	require.Error(t, err)
}
