package repository

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/delivery"
	"tickler/internal/event"
	"tickler/internal/person"
)

// prepareDeliveries holds back what of a channel is due while its user is not to
// be disturbed, and makes one message of several whose time had passed when they
// were set.
func (r *Repository) prepareDeliveries(ctx context.Context, c ServedChannel, now time.Time) error {
	var zone, hours string
	var atOnce int
	err := r.pool.QueryRow(ctx, `
		SELECT u.time_zone, coalesce(u.quiet_hours, ''),
		       (SELECT count(*) FROM deliveries d WHERE d.channel_id = c.id AND`+gathered+`AND d.next_attempt_at <= $2::timestamptz + $4::interval)
		FROM channels c JOIN users u ON u.id = c.user_id
		WHERE c.id = $1 AND c.lease = $3`, c.ID, now, c.lease, gather).Scan(&zone, &hours, &atOnce)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // somebody else has the lease
	}
	if err != nil {
		return err
	}
	quiet, err := storedQuietHours(c.UserID, hours)
	if err != nil {
		return err
	}
	if until := quiet.HeldUntil(now, false, person.Zone(zone)); until.After(now) {
		if err := r.holdBack(ctx, c, now, until, quiet.ExceptUrgent); err != nil {
			return err
		}
	}
	if atOnce < 2 {
		return nil
	}
	return r.sumUp(ctx, c, now)
}

// holdBack puts off what is due until then. A test comes when it is asked for.
func (r *Repository) holdBack(ctx context.Context, c ServedChannel, now, until time.Time, exceptUrgent bool) error {
	_, err := r.pool.Exec(ctx, `
		UPDATE deliveries d SET held = true, next_attempt_at = $4
		WHERE d.channel_id = $1 AND d.state = 'pending' AND d.next_attempt_at <= $3 AND d.kind <> 'test'
		  AND NOT ($5 AND d.kind = 'reminder' AND d.content->>'priority' = 'urgent')
		  AND EXISTS (SELECT FROM channels c WHERE c.id = $1 AND c.lease = $2)`,
		c.ID, c.lease, now, until, exceptUrgent)
	return err
}

// gathered selects deliveries d that wait to become one.
const gathered = ` d.state = 'pending' AND d.at_once AND d.kind = 'reminder' AND d.attempts = 0 AND NOT d.held `

// Of a summary: how many tasks it may have, and how many it names.
const (
	maxSummed = 500
	maxNamed  = 10
)

// sumUp makes one message of the reminders that came at once, when the first of
// them is due.
func (r *Repository) sumUp(ctx context.Context, c ServedChannel, now time.Time) error {
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT d.id, d.content, d.next_attempt_at <= $3::timestamptz
			FROM channels c JOIN deliveries d ON d.channel_id = c.id JOIN tasks t ON t.id = d.task_id
			WHERE c.id = $1 AND c.lease = $2 AND`+gathered+`AND d.next_attempt_at <= $3::timestamptz + $4::interval
			  AND NOT t.completed AND t.deleted_at IS NULL AND NOT (`+moved+`)
			ORDER BY d.next_attempt_at, d.id LIMIT $5 FOR UPDATE OF d`, c.ID, c.lease, now, gather, maxSummed)
		if err != nil {
			return err
		}
		var ids []int64
		var reminders []event.Reminder
		var id int64
		var content json.RawMessage
		var due, anyDue bool
		_, err = pgx.ForEachRow(rows, []any{&id, &content, &due}, func() error {
			var reminder event.Reminder
			if err := json.Unmarshal(content, &reminder); err != nil {
				return err
			}
			ids, reminders, anyDue = append(ids, id), append(reminders, reminder), anyDue || due
			return nil
		})
		if err != nil || len(ids) < 2 || !anyDue {
			return err
		}
		summed, err := json.Marshal(summary(reminders, now))
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		batch.Queue(`UPDATE deliveries SET kind = 'summary', content = $2, task_id = NULL, due_date = NULL, next_attempt_at = $3 WHERE id = $1`, ids[0], summed, now)
		batch.Queue(`UPDATE deliveries SET state = 'dropped', outcome = 'it is part of a message that sums up several', finished_at = $2 WHERE id = ANY ($1)`, ids[1:], now)
		return tx.SendBatch(ctx, batch).Close()
	})
}

// summary is the content of a message about several tasks.
func summary(reminders []event.Reminder, now time.Time) note {
	var lines []string
	var ids []int64
	for i, reminder := range reminders {
		ids = append(ids, reminder.TaskID)
		if i < maxNamed {
			lines = append(lines, reminder.Title+" "+delivery.When(&reminder, now))
		}
	}
	if more := len(reminders) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return note{Title: fmt.Sprintf("%d tasks are overdue or due soon", len(reminders)), Text: strings.Join(lines, "\n"), TaskIDs: ids}
}
