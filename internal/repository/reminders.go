package repository

import (
	"context"
	"fmt"
	"time"

	"tickler/internal/journal"
)

// claimReminders claims a batch of due reminders in one statement. It takes rows
// that nobody else is claiming or changing, moves each to the task's next reminder,
// or to none if none is left, notes what was claimed, and records it. Event ids are
// random, because a predictable id could be used up before its event comes.
//
// The values compared with come from a SELECT, which hides them from the planner.
// Otherwise it would plan anew at each tick, which takes longer than an idle scan.
//
// The task's row is locked too: a transaction that changes the task holds that lock,
// and must not read a reminder that is being claimed. The writing lock comes first,
// before the transaction has a number; it is everybody's, since whose reminders are
// due is not known yet. The fields are assembled as text, which takes
// a quarter of the time of jsonb.
//
// Parameters: those of recordChanges, of which $1 is now; $15 is where to begin, $16
// the maximum, $17 and $18 the lock.
const claimReminders = `
WITH due AS (
	SELECT r.ctid AS row, r.remind_at AS fired, r.user_id, t.id, t.title, t.due_date, t.priority, t.version,
	       least((SELECT min(x) FROM unnest(t.reminder_times) x WHERE x > $1),
	             t.nag_from + t.nag_minutes * interval '1 minute'
	             * greatest(floor(extract(epoch FROM $1 - t.nag_from) / (t.nag_minutes * 60)) + 1, 0)) AS following,
	       r.remind_at <= t.updated_at AS at_once, t.all_day, t.time_zone
	FROM (SELECT pg_advisory_xact_lock_shared($17, $18)) turn CROSS JOIN reminders r JOIN tasks t ON t.id = r.task_id
	WHERE r.remind_at <= (SELECT $1::timestamptz) AND r.remind_at >= (SELECT $15::timestamptz)
	ORDER BY r.remind_at
	LIMIT (SELECT $16::integer)
	FOR UPDATE OF r SKIP LOCKED
	FOR NO KEY UPDATE OF t SKIP LOCKED
), moved AS (
	UPDATE reminders r SET remind_at = due.following, reminded_at = $1, reminded_due = due.due_date
	FROM due WHERE r.task_id = due.id AND due.following IS NOT NULL
), done AS (
	UPDATE reminders r SET remind_at = NULL, reminded_at = $1, reminded_due = (SELECT t.due_date FROM tasks t WHERE t.id = r.task_id)
	WHERE ctid = ANY (ARRAY(SELECT row FROM due WHERE following IS NULL))
), described AS (
	SELECT fired AS place, user_id, id AS object_id, version, gen_random_uuid() AS event_id, NULL::json AS before, (
	       '{"reminder_time":"' || rfc3339(fired) || '","title":' || to_json(title) ||
	       coalesce(',"due_date":"' || rfc3339(due_date) || '"', '') || ',"priority":"' || priority || '"' ||
	       CASE WHEN all_day THEN ',"all_day":true,"due_day":"' || to_char(due_date AT TIME ZONE time_zone, 'YYYY-MM-DD') || '"' ELSE '' END ||
	       CASE WHEN at_once THEN ',"at_once":true' ELSE '' END ||
	       ',"time_zone":' || to_json(time_zone) || '}')::json AS after, NULL::json AS restores, NULL::bigint AS undoes
	FROM due
)` + recordChanges + `, (SELECT coalesce(max(fired), $15) FROM due)`

// ClaimReminders claims up to limit reminders due between from and now, with their
// reminder.sent events. It returns how many it claimed and the latest instant among
// them; the next batch starts there, so that it does not scan what this one left
// behind. Any number of callers may claim concurrently: each reminder goes to
// exactly one.
func (r *Repository) ClaimReminders(ctx context.Context, now, from time.Time, limit int) (claimed int, last time.Time, err error) {
	err = r.pool.QueryRow(ctx, claimReminders, r.claiming(ctx, now, from, limit)...).Scan(&claimed, &last)
	if err != nil {
		return 0, from, unavailable(fmt.Errorf("claim reminders: %w", err))
	}
	if claimed > 0 {
		r.committed()
	}
	return claimed, last, nil
}

// claiming holds the parameters of claimReminders.
func (r *Repository) claiming(ctx context.Context, now, from time.Time, limit int) []any {
	return append(r.recording(ctx, now, journal.Task, journal.Reminded), from, limit, WritingLocks, EverybodysKey)
}
