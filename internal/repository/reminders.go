package repository

import (
	"context"
	"fmt"
	"time"

	"tickler/internal/event"
)

// claimReminders claims a batch of due reminders in one statement: it takes
// rows that no one else is claiming or changing, moves each to the task's next
// reminder or removes it when none is left, and writes the outbox rows. The event's
// id is random: one that could be foreseen could be used up before the event comes.
//
// What is compared with is a SELECT, so that the planner cannot look at it: else
// it would plan anew at each tick, which takes longer than an idle scan.
//
// The task's row is held too: whoever changes a task holds it, and must not read
// the reminder that is just being claimed. The document is put together as text,
// which takes a quarter of the time that jsonb takes.
const claimReminders = `
WITH due AS (
	SELECT r.ctid AS place, r.remind_at AS fired, r.user_id, t.id, t.title, t.due_date, t.priority, t.version,
	       (SELECT min(x) FROM unnest(t.reminder_times) x WHERE x > $1) AS following
	FROM reminders r JOIN tasks t ON t.id = r.task_id
	WHERE r.remind_at <= (SELECT $1::timestamptz) AND r.remind_at >= (SELECT $2::timestamptz)
	ORDER BY r.remind_at
	LIMIT (SELECT $3::integer)
	FOR UPDATE OF r SKIP LOCKED
	FOR NO KEY UPDATE OF t SKIP LOCKED
), moved AS (
	UPDATE reminders r SET remind_at = due.following FROM due WHERE r.task_id = due.id AND due.following IS NOT NULL
), done AS (
	DELETE FROM reminders WHERE ctid = ANY (ARRAY(SELECT place FROM due WHERE following IS NULL))
), identified AS (
	SELECT *, gen_random_uuid() AS event_id
	FROM due
), described AS (
	SELECT id, user_id, event_id, (
	       '{"event_id":"' || event_id || '","event_type":"' || $5::text || '","timestamp":"' || rfc3339($1) ||
	       '","user_id":' || user_id || ',"schema_version":"' || $8::text || '","task_id":' || id ||
	       ',"task_version":' || version || ',"reminder_time":"' || rfc3339(fired) || '","title":' || to_json(title) ||
	       coalesce(',"due_date":"' || rfc3339(due_date) || '"', '') || ',"priority":"' || priority || '"}')::json AS data
	FROM identified
	ORDER BY fired, id
), logged AS (
	INSERT INTO event_log (user_id, task_id, event_id, event_type, source, data, created_at)
	SELECT user_id, id, event_id, $5::text, $7, data, $1 FROM described
), written AS (
	INSERT INTO outbox (shard, event_id, event_type, topic, task_id, source, data, created_at)
	SELECT id % $4, event_id, $5::text, $6, id, $7, data, $1 FROM described
)
SELECT count(*), coalesce(max(fired), $2) FROM due`

// ClaimReminders claims up to limit reminders that are due at now and not before
// from, together with their reminder.sent events, and returns how many, and the
// latest instant of them: from there the next batch goes on, without looking
// through what this one has left behind. Any number of callers may claim at the
// same time: each reminder goes to one of them.
func (r *Repository) ClaimReminders(ctx context.Context, now, from time.Time, limit int) (claimed int, last time.Time, err error) {
	err = r.pool.QueryRow(ctx, claimReminders, now, from, limit, event.Shards,
		event.ReminderSent, event.TopicTaskReminders, event.Source(r.source), event.SchemaVersion).Scan(&claimed, &last)
	if err != nil {
		return 0, from, unavailable(fmt.Errorf("claim reminders: %w", err))
	}
	if claimed > 0 {
		r.committed()
	}
	return claimed, last, nil
}
