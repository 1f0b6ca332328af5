package repository

import (
	"context"
	"fmt"
	"time"

	"tickler/internal/event"
)

// claimReminders claims a batch of due reminders in one statement: it takes
// rows that no one else is claiming or changing, moves each to the task's next
// reminder, or to none when none is left, notes what was claimed, and writes the
// outbox rows. The event's id is random: one that could be foreseen could be used
// up before the event comes.
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
	       least((SELECT min(x) FROM unnest(t.reminder_times) x WHERE x > $1),
	             t.nag_from + t.nag_minutes * interval '1 minute'
	             * greatest(floor(extract(epoch FROM $1 - t.nag_from) / (t.nag_minutes * 60)) + 1, 0)) AS following,
	       r.remind_at <= t.updated_at AS at_once, t.all_day, t.time_zone
	FROM reminders r JOIN tasks t ON t.id = r.task_id
	WHERE r.remind_at <= (SELECT $1::timestamptz) AND r.remind_at >= (SELECT $2::timestamptz)
	ORDER BY r.remind_at
	LIMIT (SELECT $3::integer)
	FOR UPDATE OF r SKIP LOCKED
	FOR NO KEY UPDATE OF t SKIP LOCKED
), moved AS (
	UPDATE reminders r SET remind_at = due.following, reminded_at = $1, reminded_due = due.due_date
	FROM due WHERE r.task_id = due.id AND due.following IS NOT NULL
), done AS (
	UPDATE reminders r SET remind_at = NULL, reminded_at = $1, reminded_due = (SELECT t.due_date FROM tasks t WHERE t.id = r.task_id)
	WHERE ctid = ANY (ARRAY(SELECT place FROM due WHERE following IS NULL))
), identified AS (
	SELECT *, gen_random_uuid() AS event_id
	FROM due
), described AS (
	SELECT id, user_id, event_id, (
	       '{"event_id":"' || event_id || '","event_type":"' || $5::text || '","timestamp":"' || rfc3339($1) ||
	       '","user_id":' || user_id || ',"schema_version":"' || $8::text || '","task_id":' || id ||
	       ',"task_version":' || version || ',"reminder_time":"' || rfc3339(fired) || '","title":' || to_json(title) ||
	       coalesce(',"due_date":"' || rfc3339(due_date) || '"', '') || ',"priority":"' || priority || '"' ||
	       CASE WHEN all_day THEN ',"all_day":true,"due_day":"' || to_char(due_date AT TIME ZONE time_zone, 'YYYY-MM-DD') || '"' ELSE '' END ||
	       CASE WHEN at_once THEN ',"at_once":true' ELSE '' END ||
	       ',"time_zone":' || to_json(time_zone) || '}')::json AS data
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
