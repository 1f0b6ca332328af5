package repository

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/person"
)

// prepareDeliveries holds back a channel's due deliveries while its user has quiet
// hours, and merges messages whose time had already passed when they were set.
//
// The channel's row is locked first, as it is by a change of quiet hours or zone: the
// change either sees what is held back here, or is seen.
func (r *Repository) prepareDeliveries(ctx context.Context, c ServedChannel, now time.Time) error {
	return r.serve(ctx, func(tx *transaction) error {
		if _, err := tx.Exec(ctx, `SELECT FROM channels WHERE id = $1 FOR NO KEY UPDATE`, c.ID); err != nil {
			return err
		}
		return prepareDeliveries(ctx, tx, c, now)
	})
}

func prepareDeliveries(ctx context.Context, tx *transaction, c ServedChannel, now time.Time) error {
	var zone, hours string
	var atOnce int
	err := tx.QueryRow(ctx, `
		SELECT u.time_zone, coalesce(u.quiet_hours, ''),
		       (SELECT count(*) FROM deliveries d WHERE d.channel_id = c.id AND`+gathered+`AND d.next_attempt_at <= $2::timestamptz + $4::interval)
		FROM channels c JOIN users u ON u.id = c.user_id
		WHERE c.id = $1 AND c.lease = $3`, c.ID, now, c.lease, gather).Scan(&zone, &hours, &atOnce)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // another sender has the lease
	}
	if err != nil {
		return err
	}
	quiet, err := storedQuietHours(c.UserID, hours)
	if err != nil {
		return err
	}
	if until := quiet.HeldUntil(now, false, person.Zone(zone)); until.After(now) {
		if err := holdBack(ctx, tx, c, now, until, quiet.ExceptUrgent); err != nil {
			return err
		}
	}
	if atOnce < 2 {
		return nil
	}
	return sumUp(ctx, tx, c, now)
}

// holdBack postpones due deliveries until the given time. Tests and mails with a link
// are sent regardless: the user has just asked for them.
func holdBack(ctx context.Context, tx *transaction, c ServedChannel, now, until time.Time, exceptUrgent bool) error {
	_, err := tx.Exec(ctx, `
		UPDATE deliveries d SET held = true, next_attempt_at = $4
		WHERE d.channel_id = $1 AND d.state = 'pending' AND d.next_attempt_at <= $3 AND d.kind NOT IN ('test', 'confirmation', 'sign_in')
		  AND NOT ($5 AND d.kind = 'reminder' AND d.content->>'priority' = 'urgent')
		  AND EXISTS (SELECT FROM channels c WHERE c.id = $1 AND c.lease = $2)`,
		c.ID, c.lease, now, until, exceptUrgent)
	return err
}

// gathered selects the deliveries d that wait to be merged.
const gathered = ` d.state = 'pending' AND d.at_once AND d.kind = 'reminder' AND d.attempts = 0 AND NOT d.held `

// maxSummed is how many reminders become one message.
const maxSummed = 500

// sumUp merges the reminders that were set too late into one message, once the first
// of them is due. The others are marked as part of it.
func sumUp(ctx context.Context, tx *transaction, c ServedChannel, now time.Time) error {
	_, err := tx.Exec(ctx, `
		WITH waiting AS (
			SELECT d.id, d.next_attempt_at, row_number() OVER (ORDER BY d.next_attempt_at, d.id) AS place
			FROM channels c JOIN deliveries d ON d.channel_id = c.id JOIN tasks t ON t.id = d.task_id
			WHERE c.id = $1 AND c.lease = $2 AND`+gathered+`AND d.next_attempt_at <= $3::timestamptz + $4::interval
			  AND NOT t.completed AND t.deleted_at IS NULL AND NOT (`+moved+`)
			LIMIT $5
		), first AS (
			SELECT id FROM waiting WHERE place = 1 AND next_attempt_at <= $3
		)
		UPDATE deliveries d SET state = 'dropped', outcome = 'it is part of a message that sums up several', finished_at = $3, summed_into = first.id
		FROM first, waiting WHERE d.id = waiting.id AND waiting.place > 1`,
		c.ID, c.lease, now, gather, maxSummed)
	return err
}
