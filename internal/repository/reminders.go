package repository

import (
	"context"
	"fmt"
	"time"

	"tickler/internal/event"
)

// claimReminders claims a batch of due reminders in one statement: it takes
// rows that no one else is claiming, moves each to its next reminder or marks
// that none is left, and writes the outbox rows. The event id is derived from
// task, version and instant (an RFC 9562 version 8 UUID), so that one reminder
// has one id however often it were claimed, and another when a change of the
// task has armed it again.
const claimReminders = `
WITH due AS (
	SELECT id, remind_at AS fired,
	       (SELECT min(x) FROM unnest(reminder_times) x WHERE x > $1) AS following
	FROM tasks
	WHERE reminder_sent = false AND completed = false AND deleted_at IS NULL AND remind_at <= $1
	ORDER BY remind_at
	LIMIT $2
	FOR UPDATE SKIP LOCKED
), claimed AS (
	UPDATE tasks t SET remind_at = following, reminder_sent = following IS NULL
	FROM due WHERE t.id = due.id
	RETURNING t.id, t.user_id, t.title, t.due_date, t.priority, t.version, due.fired
), identified AS (
	SELECT *, encode(sha256(convert_to('reminder:' || id || ':' || version || ':' || extract(epoch FROM fired), 'UTF8')), 'hex') AS digest
	FROM claimed
), events AS (
	SELECT *, overlay(overlay(substr(digest, 1, 32) PLACING '8' FROM 13) PLACING 'a' FROM 17)::uuid AS event_id
	FROM identified
)
INSERT INTO outbox (shard, event_id, event_type, topic, task_id, source, data, created_at)
SELECT id % $3, event_id, $4, $5, id, $6,
       jsonb_strip_nulls(jsonb_build_object(
           'event_id', event_id, 'event_type', $4::text, 'timestamp', rfc3339($1), 'user_id', user_id,
           'schema_version', $7::text, 'task_id', id, 'task_version', version,
           'reminder_time', rfc3339(fired), 'title', title, 'due_date', rfc3339(due_date), 'priority', priority)),
       $1
FROM events
ORDER BY fired, id`

// ClaimReminders claims up to limit reminders that are due at now, together
// with their reminder.sent events, and returns how many. Any number of callers
// may claim at the same time: each reminder goes to one of them.
func (r *Repository) ClaimReminders(ctx context.Context, now time.Time, limit int) (int, error) {
	tag, err := r.pool.Exec(ctx, claimReminders, now, limit, OutboxShards,
		event.ReminderSent, event.TopicTaskReminders, event.Source(r.source), event.SchemaVersion)
	if err != nil {
		return 0, unavailable(fmt.Errorf("claim reminders: %w", err))
	}
	if tag.RowsAffected() > 0 {
		r.committed()
	}
	return int(tag.RowsAffected()), nil
}
