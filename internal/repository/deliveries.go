package repository

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tickler/internal/event"
	"tickler/internal/person"
	"tickler/internal/task"
)

// gather is how long a message waits if its time had already passed when it was set.
// Messages that arrive meanwhile, for tasks entered together, are merged with it.
const gather = 5 * time.Second

// insertDeliveries inserts a delivery for each channel of the user and updates when
// the channel is due. A reminder held back by quiet hours replaces an earlier
// held-back one about the same task.
const insertDeliveries = `
	WITH fresh AS (
		SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[], $6::timestamptz[], $8::boolean[], $9::boolean[])
			AS f (event_id, user_id, task_id, due_date, content, due, held, at_once)
	), replaced AS (
		UPDATE deliveries d SET state = 'dropped', outcome = 'a later reminder of the task took its place', held = false, finished_at = $7
		FROM fresh f JOIN channels c ON c.user_id = f.user_id
		WHERE d.channel_id = c.id AND d.state = 'pending' AND d.held AND d.task_id = f.task_id AND f.held
	), written AS (
		INSERT INTO deliveries (user_id, channel_id, target, event_id, kind, task_id, due_date, content, held, at_once, next_attempt_at, created_at)
		SELECT f.user_id, c.id, c.target, f.event_id, 'reminder', f.task_id, f.due_date, f.content::json, f.held, f.at_once, f.due, $7
		FROM fresh f JOIN channels c ON c.user_id = f.user_id AND c.enabled
		ON CONFLICT (channel_id, event_id) DO NOTHING
		RETURNING channel_id, next_attempt_at
	), first AS (
		SELECT channel_id, min(next_attempt_at) AS due FROM written GROUP BY channel_id
	)
	UPDATE channels c SET next_attempt_at = least(c.next_attempt_at, greatest(first.due, c.rest_until))
	FROM first WHERE c.id = first.channel_id`

// TakeReminders notes the reminders that were not taken before, with a delivery for
// each channel of their users, and passes them to seen before it commits. A
// concurrent call with the same reminders waits for the first, and finds nothing
// left once that has committed. It returns how many were already taken.
func (r *Repository) TakeReminders(ctx context.Context, reminders []event.Reminder, now time.Time, seen func(event.Reminder)) (repeated int, err error) {
	ids := make([]uuid.UUID, len(reminders))
	for i, reminder := range reminders {
		ids[i] = reminder.EventID
	}
	err = r.once(ctx, r.source, ids, func(tx *transaction, fresh map[uuid.UUID]bool) error {
		var taken []event.Reminder
		for _, reminder := range reminders {
			if fresh[reminder.EventID] {
				delete(fresh, reminder.EventID) // a bulk may contain an event twice
				taken = append(taken, reminder)
				seen(reminder)
			}
		}
		repeated = len(reminders) - len(taken)
		return queueReminders(ctx, tx, taken, now)
	})
	return repeated, err
}

func queueReminders(ctx context.Context, tx *transaction, reminders []event.Reminder, now time.Time) error {
	users := make([]int64, len(reminders))
	for i, reminder := range reminders {
		users[i] = reminder.UserID
	}
	held, err := readQuiet(ctx, tx, users)
	if err != nil || len(held) == 0 {
		return err
	}
	var (
		ids            []uuid.UUID
		userIDs, tasks []int64
		dueDates       []*time.Time
		contents       []string
		due            []time.Time
		quietNow, late []bool
	)
	for _, reminder := range reminders {
		quiet, reached := held[reminder.UserID]
		if !reached {
			continue
		}
		content, err := json.Marshal(reminder)
		if err != nil {
			return fmt.Errorf("encode reminder %s: %w", reminder.EventID, err)
		}
		ids, userIDs, tasks = append(ids, reminder.EventID), append(userIDs, reminder.UserID), append(tasks, reminder.TaskID)
		dueDates, contents = append(dueDates, reminder.DueDate), append(contents, string(content))
		at := quiet.hours.HeldUntil(now, task.Priority(reminder.Priority) == task.Urgent, quiet.zone)
		quietNow, late = append(quietNow, at.After(now)), append(late, reminder.AtOnce)
		if reminder.AtOnce && !at.After(now) {
			at = now.Add(gather)
		}
		due = append(due, at)
	}
	// Channels before deliveries, as everybody locks them.
	if _, err := tx.Exec(ctx, `SELECT FROM channels WHERE user_id = ANY ($1) ORDER BY id FOR NO KEY UPDATE`, userIDs); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertDeliveries, ids, userIDs, tasks, dueDates, contents, due, now, quietNow, late); err != nil {
		return fmt.Errorf("write the deliveries of %d reminders: %w", len(ids), err)
	}
	return nil
}

// quiet is when a user with channels must not be disturbed.
type quiet struct {
	hours *person.QuietHours
	zone  *time.Location
}

// readQuiet reads the quiet hours of those users who have a channel.
func readQuiet(ctx context.Context, tx *transaction, users []int64) (map[int64]quiet, error) {
	rows, err := tx.Query(ctx, `
		SELECT id, time_zone, coalesce(quiet_hours, '') FROM users u
		WHERE id = ANY ($1) AND EXISTS (SELECT FROM channels c WHERE c.user_id = u.id AND c.enabled)`, users)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]quiet{}
	for rows.Next() {
		var id int64
		var zone, hours string
		if err := rows.Scan(&id, &zone, &hours); err != nil {
			return nil, err
		}
		q := quiet{zone: person.Zone(zone)}
		if q.hours, err = storedQuietHours(id, hours); err != nil {
			return nil, err
		}
		all[id] = q
	}
	return all, rows.Err()
}
