package e2e

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/dev/process"
	"tickler/dev/stack"
	"tickler/internal/event"
)

// forgiving restarts parts at once, however often a test kills them.
func forgiving(c *stack.Config) {
	c.Policy = process.Policy{FirstPause: 100 * time.Millisecond, MaxPause: 100 * time.Millisecond, Deaths: 100, Window: time.Minute}
}

// block keeps a transaction open that has run a statement, until release.
func (s *system) block(t testing.TB, statement string) (release func()) {
	t.Helper()
	tx, err := s.db.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), statement)
	require.NoError(t, err, statement)
	release = func() { _ = tx.Rollback(t.Context()) }
	t.Cleanup(release)
	return release
}

// blocked lists the database sessions that wait for a lock with a statement
// like this.
func (s *system) blocked(t testing.TB, statement string) []int32 {
	t.Helper()
	return query[[]int32](t, s, `SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity
		WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE $1`, statement)
}

// lockOfTask is how an app takes a task's row before it changes it.
const lockOfTask = `SELECT FROM tasks t %FOR %UPDATE`

const deleteOfRelay = `%DELETE FROM outbox%`

// holdDeletes keeps every relay from deleting what it has published.
func (s *system) holdDeletes(t testing.TB) (release func()) {
	t.Helper()
	return s.holdStatements(t, "outbox", "DELETE", "FOR EACH STATEMENT")
}

// sharedOut waits until each of so many relays has shards. The first one to start has
// them all, until it looks again who else is there.
func (s *system) sharedOut(t testing.TB, relays int) {
	t.Helper()
	until(t, soon, "each relay to have shards", func() bool {
		return query[int](t, s, `SELECT count(DISTINCT pid) FROM pg_locks
			WHERE locktype = 'advisory' AND granted AND classid = x'74696b01'::int::oid`) == relays
	})
}

// holdStatements makes statements of a kind wait until release.
func (s *system) holdStatements(t testing.TB, table, kind, which string) (release func()) {
	t.Helper()
	s.exec(t, `CREATE OR REPLACE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_advisory_xact_lock_shared(1, 1); RETURN NEW; END'`)
	s.exec(t, `CREATE OR REPLACE TRIGGER wait_for_test BEFORE `+kind+` ON `+table+` `+which+` EXECUTE FUNCTION wait_for_test()`)
	return s.block(t, `SELECT pg_advisory_xact_lock(1, 1)`)
}

// copies counts how often each event came to a topic.
func (s *system) copies(topic, eventType string, taskIDs []int64) map[string]int {
	count := map[string]int{}
	for _, id := range taskIDs {
		for _, m := range s.observer.of(topic, eventType, id) {
			count[m.Envelope.ID]++
		}
	}
	return count
}

func TestRelaysKilledBetweenPublishAndDeletePublishAgainAndNothingIsDoubled(t *testing.T) {
	t.Parallel()
	s := start(t, forgiving)
	relays := []string{"notifier", "recurrer"}
	cases := map[string]struct {
		topic, eventType string
		task             fields
		cause            func(t *testing.T, p *person, ids []int64) // of the events
		effects          func(t *testing.T, id int64) int
		noted            func(t *testing.T, event string) bool // after the effect; nil: in one transaction with it
	}{
		"completions": {
			event.TopicTaskRecurrence, event.TaskCompleted, fields{"title": "again", "recurrence_rule": "daily"},
			func(t *testing.T, p *person, ids []int64) {
				for _, id := range ids {
					p.call(t, "complete_task", fields{"task_id": id})
				}
			},
			func(t *testing.T, id int64) int { return len(s.successors(t, id)) },
			nil,
		},
		"reminders": {
			event.TopicTaskReminders, event.ReminderSent, fields{"title": "due", "due_date": in(minute), "reminder_offsets": []int{}},
			func(t *testing.T, _ *person, ids []int64) { // as if it were the time, for all at once
				s.exec(t, `INSERT INTO reminders (task_id, user_id, remind_at) SELECT id, user_id, now() FROM tasks WHERE id = ANY ($1)`, ids)
			},
			func(_ *testing.T, id int64) int { return len(s.reminders(id)) },
			func(t *testing.T, event string) bool {
				return query[int](t, s, `SELECT count(*) FROM inbox WHERE event_id::text = $1`, event) == 1
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p := s.person(t, "")
			var ids []int64 // one in each shard, and so some with each relay
			for range event.Shards {
				ids = append(ids, p.add(t, c.task).ID)
			}
			until(t, soon, "the outbox to be empty", func() bool { return query[int](t, s, `SELECT count(*) FROM outbox`) == 0 })
			s.sharedOut(t, len(relays))
			release := s.holdDeletes(t)
			c.cause(t, p, ids)
			until(t, soon, "each relay to have published and not deleted", func() bool {
				return len(s.blocked(t, deleteOfRelay)) == len(relays)
			})
			until(t, soon, "what was published to have its effect", func() bool {
				published := len(s.copies(c.topic, c.eventType, ids))
				effective := 0
				for _, id := range ids {
					effective += min(c.effects(t, id), 1)
				}
				return published >= len(relays) && effective == published
			})
			published := s.copies(c.topic, c.eventType, ids)
			for id := range published { // who is killed before it has noted an effect repeats it
				until(t, soon, "the effect to be noted", func() bool { return c.noted == nil || c.noted(t, id) })
			}

			for _, relay := range relays {
				pid := s.PID(relay)
				require.NoError(t, s.Kill(relay))
				until(t, soon, relay+" to be dead", func() bool { return s.PID(relay) != pid })
			}
			// The statements are with Postgres already, which would still run them.
			for _, pid := range s.blocked(t, deleteOfRelay) {
				s.exec(t, `SELECT pg_terminate_backend($1)`, pid)
			}
			release()
			for _, relay := range relays {
				s.waitReady(t, relay, 0)
			}
			p.session = connect(t, s.MCPURL(), p.token)
			until(t, later, "the outbox to be empty", func() bool { return query[int](t, s, `SELECT count(*) FROM outbox`) == 0 })
			until(t, soon, "every event, and again those that had been published", func() bool {
				now := s.copies(c.topic, c.eventType, ids)
				for id := range maps.Keys(published) {
					if now[id] <= published[id] {
						return false
					}
				}
				return len(now) == len(ids)
			})
			s.drained(t, p)
			s.scanned(t, p)
			for _, id := range ids {
				require.Equal(t, 1, c.effects(t, id), "effects on task %d", id)
				require.True(t, slices.IsSorted(versions(s, id)), "versions arrive in order: %v", arrivals(s, id))
			}
		})
	}
}
