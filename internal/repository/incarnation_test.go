package repository_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/repository"
	"tickler/internal/task"
)

func (b *bundle) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := b.pool.Exec(b.ctx, sql, args...)
	require.NoError(t, err, sql)
}

func (b *bundle) origin(t *testing.T) repository.Origin {
	t.Helper()
	origin, err := repository.ReadOrigin(b.ctx, b.pool)
	require.NoError(t, err)
	return origin
}

func (b *bundle) beginAnew(t *testing.T) (again repository.Requeued) {
	t.Helper()
	require.NoError(t, pgx.BeginFunc(b.ctx, b.pool, func(tx pgx.Tx) (err error) {
		again, err = repository.BeginAnew(b.ctx, tx)
		return err
	}))
	return again
}

// restore does to the database what pg_restore on another server leaves behind: rows
// that were written again, with numbers of transactions that are far from here.
func (b *bundle) restore(t *testing.T) {
	t.Helper()
	b.exec(t, `UPDATE incarnations SET system_identifier = 1`)
	b.exec(t, `UPDATE journal SET position = position + 1000000`)
}

// open opens the database as an app does, and gives up soon.
func (b *bundle) open(t *testing.T, role repository.Role) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second)
	defer cancel()
	pool, err := repository.Open(ctx, b.pool.Config().ConnString(), role, slog.New(slog.DiscardHandler))
	if err == nil {
		pool.Close()
	}
	return err
}

func TestDatabaseThatWasWrittenAgainIsNoticedByEveryApp(t *testing.T) {
	b := setup(t)
	require.Equal(t, repository.Origin{}, b.origin(t))
	for what, change := range map[string]string{
		"by another server":    `UPDATE incarnations SET system_identifier = system_identifier + 1, transaction = pg_current_xact_id()::text::bigint`,
		"by another statement": `UPDATE incarnations SET begun_at = begun_at`,
	} {
		b.exec(t, change)
		require.Equal(t, repository.Origin{Restored: true}, b.origin(t), what)
		for _, role := range []repository.Role{repository.RoleAPI, repository.RoleNotifier, repository.RoleRecurrer} {
			require.ErrorIs(t, b.open(t, role), repository.ErrRestored, "%s %s", what, role)
		}
		b.beginAnew(t)
		require.Equal(t, repository.Origin{}, b.origin(t), what)
		require.NoError(t, b.open(t, repository.RoleAPI), what)
	}
	b.exec(t, `VACUUM FULL FREEZE incarnations`)
	require.Equal(t, repository.Origin{}, b.origin(t), "what Postgres does by itself is no restore")
}

func TestAnotherTimelineBeginsAnewWithoutAnybodysHelp(t *testing.T) {
	b := setup(t)
	b.exec(t, `UPDATE incarnations SET timeline = timeline + 1, transaction = pg_current_xact_id()::text::bigint`)
	require.Equal(t, repository.Origin{Recovered: true}, b.origin(t))
	before := b.end(t)
	_, whole, err := b.store.LogEnd(b.ctx, before, 0)
	require.NoError(t, err)
	require.True(t, whole)
	require.NoError(t, b.open(t, repository.RoleNotifier))
	require.Equal(t, repository.Origin{Recovered: true}, b.origin(t), "api alone serves streams")
	require.NoError(t, b.open(t, repository.RoleAPI))
	require.Equal(t, repository.Origin{}, b.origin(t))
	_, whole, err = b.store.LogEnd(b.ctx, before, 0)
	require.NoError(t, err)
	require.False(t, whole, "what was committed last may be missing")
}

func (b *bundle) end(t *testing.T) event.Position {
	t.Helper()
	end, _, err := b.store.LogEnd(b.ctx, event.Position{}, b.settled(t))
	require.NoError(t, err)
	return end
}

// settled is up to where ann's entries can be read, whatever else the server does.
func (b *bundle) settled(t *testing.T) int64 {
	t.Helper()
	horizons, err := b.store.Settled(b.ctx, []int64{b.ann.UserID})
	require.NoError(t, err)
	return horizons[b.ann.UserID]
}

func TestStreamsOfARestoredDatabaseResetAndHaveNoOldEvents(t *testing.T) {
	b := setup(t)
	var old []int64
	for range 20 {
		old = append(old, b.add(t, b.ann, task.Fields{Title: input.Some("old")}).ID)
	}
	followed, err := b.store.LogEntries(b.ctx, b.ann.UserID, event.Position{}, b.settled(t), 100)
	require.NoError(t, err)
	require.Len(t, followed, len(old))
	b.restore(t)
	b.beginAnew(t)

	for _, after := range []event.Position{followed[3].Position, followed[19].Position, b.endBefore()} {
		_, whole, err := b.store.LogEnd(b.ctx, after, 0)
		require.NoError(t, err)
		require.False(t, whole, "%s is a place in another incarnation", after)
	}
	at := b.end(t)
	require.NotZero(t, at.Incarnation)
	parsed, err := event.ParsePosition(at.String())
	require.NoError(t, err)
	require.Equal(t, at, parsed)
	fresh := b.add(t, b.ann, task.Fields{Title: input.Some("new")})
	got, err := b.store.LogEntries(b.ctx, b.ann.UserID, at, b.settled(t), 100)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, fresh.ID, got[0].TaskID)
	_, whole, err := b.store.LogEnd(b.ctx, got[0].Position, 0)
	require.NoError(t, err)
	require.True(t, whole)
	require.Greater(t, fresh.ID, old[19]+999_999, "ids that were given out after the backup are not given out again")

	all, err := b.store.LogEntries(b.ctx, b.ann.UserID, event.Position{}, b.settled(t), 100)
	require.NoError(t, err)
	for i, one := range all[:20] {
		require.Equal(t, old[i], one.TaskID, "what was before is in its order, before what is new")
	}
}

// endBefore is a place that the first incarnation had not come to at the backup.
func (b *bundle) endBefore() event.Position { return event.EndOf(0, 1<<40) }

func TestEffectsThatABackupHadNotSeenComeAfterARestore(t *testing.T) {
	b := setup(t)
	b.now = time.Now().UTC()
	daily := b.add(t, b.ann, task.Fields{Title: input.Some("daily"), DueDate: input.Some("2026-12-01"), RecurrenceRule: input.Some("daily")})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: daily.ID})
	require.NoError(t, err)
	waiting := b.add(t, b.ann, task.Fields{Title: input.Some("not published yet")})
	b.exec(t, `DELETE FROM outbox WHERE task_id <> $1`, waiting.ID) // published; where to, nobody knows
	b.restore(t)
	b.beginAnew(t)
	type queued struct {
		kind, topic string
		task        int64
	}
	var got []queued
	for _, row := range b.outbox(t) {
		got = append(got, queued{row.Type, row.Topic, row.TaskID})
	}
	require.ElementsMatch(t, []queued{
		{event.TaskCompleted, event.TopicTaskRecurrence, daily.ID}, {event.TaskCreated, event.TopicTaskEvents, waiting.ID},
	}, got, "nothing that others had comes again")
}

// One entry whose date is wrong, whoever wrote it, must not decide which effects come
// again.
func TestNoEntrysDateKeepsTheEffectsOfOthersAway(t *testing.T) {
	for what, forged := range map[string]string{
		"ahead":            `UPDATE journal SET at = '2099-01-01' WHERE id = (SELECT max(id) FROM journal)`,
		"long ago":         `UPDATE journal SET at = at - interval '60 days' WHERE id < (SELECT max(id) FROM journal)`,
		"all long ago":     `UPDATE journal SET at = at - interval '80 days'`,
		"none is wrong":    `SELECT 1`,
		"all but one then": `UPDATE journal SET at = '2001-01-01' WHERE id > (SELECT min(id) FROM journal)`,
	} {
		t.Run(what, func(t *testing.T) {
			b := setup(t)
			b.now = time.Now().UTC()
			const series = 8
			for range series {
				daily := b.add(t, b.ann, task.Fields{Title: input.Some("daily"), DueDate: input.Some("2026-12-01"), RecurrenceRule: input.Some("daily")})
				_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: daily.ID})
				require.NoError(t, err)
			}
			once := b.add(t, b.ann, task.Fields{Title: input.Some("once")})
			_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: once.ID})
			require.NoError(t, err)
			b.exec(t, `DELETE FROM outbox`)
			b.exec(t, forged)
			b.restore(t)
			require.Equal(t, repository.Requeued{Completions: series}, b.beginAnew(t), "as many as are missing")
			for _, row := range b.outbox(t) {
				_, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, row.TaskID)
				require.NoError(t, err)
			}
			b.exec(t, `DELETE FROM outbox`)
			b.restore(t)
			require.Zero(t, b.beginAnew(t), "all were made")
		})
	}
}

// The end of a series that was deleted may be long gone from the trash.
func TestNextOccurrenceThatWasDeletedForGoodDoesNotComeBackByARestore(t *testing.T) {
	b := setup(t)
	b.now = time.Now().UTC()
	daily := b.add(t, b.ann, task.Fields{Title: input.Some("daily"), DueDate: input.Some("2026-12-01"), RecurrenceRule: input.Some("daily")})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: daily.ID})
	require.NoError(t, err)
	next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, daily.ID)
	require.NoError(t, err)
	b.exec(t, `DELETE FROM tasks WHERE id = $1`, next.ID)
	b.exec(t, `DELETE FROM outbox`)
	b.restore(t)
	require.Zero(t, b.beginAnew(t))
}

func TestRemindersThatNobodyHandledComeAfterARestore(t *testing.T) {
	b := setup(t)
	b.exec(t, `
		INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, event_id, event_type, version, source)
		SELECT $1, now() - days * interval '1 day', gen_random_uuid(), 'system', 'notifier', 'bus', 'task', days, 'reminded', gen_random_uuid(), 'reminder.sent', 1, 'tickler/notifier'
		FROM unnest('{1,2,44,46}'::int[]) days`, b.ann.UserID)
	b.exec(t, `INSERT INTO inbox (consumer, event_id) SELECT 'notifier', event_id FROM journal WHERE object_id = 2 AND action = 'reminded'`)
	b.exec(t, `UPDATE journal SET at = '2099-01-01' WHERE id = (SELECT min(id) FROM journal)`)
	b.restore(t)
	require.Equal(t, repository.Requeued{Reminders: 2}, b.beginAnew(t), "of 1 and 44 days ago; one is noted as handled, and of 46 days ago it is not known")
}

func TestConnectedAppsAreNamed(t *testing.T) {
	b := setup(t)
	pool, err := repository.Connect(b.ctx, b.pool.Config().ConnString(), repository.RoleNotifier)
	require.NoError(t, err)
	require.NoError(t, repository.RefuseConnected(b.ctx, b.pool), "who only looks is none")
	require.NoError(t, pool.Ping(b.ctx))
	require.ErrorContains(t, repository.RefuseConnected(b.ctx, b.pool), "tickler_notifier from ")
	pool.Close()
	require.Eventually(t, func() bool { return repository.RefuseConnected(b.ctx, b.pool) == nil }, 10*time.Second, 20*time.Millisecond)
}
