package repository

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"tickler/internal/access"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/person"
)

// ServedChannel is a channel that the caller serves until its lease ends.
type ServedChannel struct {
	person.Channel
	UserID   int64
	Failures int // failed attempts since the last success
	lease    int64
}

// DueDelivery is a message for the caller to send now.
type DueDelivery struct {
	ID       int64
	EventID  uuid.UUID
	Kind     person.DeliveryKind
	Content  json.RawMessage
	DueDate  *time.Time        // the current due date of a reminder's task
	Summed   []json.RawMessage // the reminders merged into this one
	Attempts int               // including this one
	At       time.Time
	Unknown  bool // do not send: too many attempts were begun whose outcome is unknown
	Dropped  bool // do not send: the task is done, gone or moved
	Excess   bool // do not send: the user has reached the limit of LimitMails
}

// SentDelivery is how an attempt ended.
type SentDelivery struct {
	ID      int64
	State   person.DeliveryState // sent, pending to be tried again, or failed
	Outcome string
	Next    time.Time // when a pending one is tried again
}

// ServeChannels leases up to limit channels that have a due delivery, those due
// longest first. Nobody else serves them before the lease ends. troubled selects
// channels whose last attempt failed; otherwise only working ones are taken.
func (r *Repository) ServeChannels(ctx context.Context, now time.Time, limit int, lease time.Duration, troubled bool) ([]ServedChannel, error) {
	rows, err := r.pool.Query(ctx, `
		WITH due AS (
			SELECT id FROM channels
			WHERE (enabled OR NOT confirmed) AND next_attempt_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) AND (failures > 0) = $4
			ORDER BY next_attempt_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
		)
		UPDATE channels c SET leased_until = $3, lease = lease + 1 FROM due WHERE c.id = due.id
		RETURNING c.id, c.kind, c.target, coalesce(c.secret, ''), c.user_id, c.failures, c.lease`,
		now, limit, now.Add(lease), troubled)
	if err != nil {
		return nil, unavailable(fmt.Errorf("claim channels: %w", err))
	}
	served, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c ServedChannel, err error) {
		err = row.Scan(&c.ID, &c.Kind, &c.Target, &c.Sealed, &c.UserID, &c.Failures, &c.lease)
		return c, err
	})
	return served, unavailable(err)
}

// A delivery begun by a process that died may have arrived. It is sent again under
// the same id: once at most to a person, who would see each copy; a few times to a
// webhook, which deduplicates by the id, so that it is not lost.
const (
	resendsToPeople   = 1
	resendsToWebhooks = 5
)

// moved tells whether a task t moved after a reminder d about it: to another day, or
// by enough to remind again.
const moved = `CASE WHEN t.all_day THEN to_char(t.due_date AT TIME ZONE t.time_zone, 'YYYY-MM-DD') IS DISTINCT FROM d.content->>'due_day'
	ELSE coalesce(abs(extract(epoch FROM t.due_date - d.due_date)) >= 3600, (t.due_date IS NULL) <> (d.due_date IS NULL)) END`

// LimitMails sets how many mails a user is sent within 24 hours; 0 is no limit.
func (r *Repository) LimitMails(limit int) { r.mails = limit }

// BeginDeliveries records the start of an attempt for up to limit due deliveries of
// a channel. A delivery whose last attempt never ended is begun again, within
// limits. None begin if another sender has taken over the lease. Quiet hours are
// checked now, whatever they were when the message was written or last tried. On an
// unconfirmed channel only confirmations begin.
//
// The limit of mails is exact for each channel; when several channels of a user are
// served at the same moment, each may exceed it by one.
func (r *Repository) BeginDeliveries(ctx context.Context, c ServedChannel, now time.Time, limit int) ([]DueDelivery, error) {
	if err := r.prepareDeliveries(ctx, c, now); err != nil {
		return nil, unavailable(fmt.Errorf("prepare deliveries of channel %d: %w", c.ID, err))
	}
	rows, err := r.pool.Query(ctx, `
		WITH mine AS (
			SELECT id, user_id, kind, confirmed FROM channels
			WHERE id = $1 AND lease = $2 AND (enabled OR NOT confirmed) FOR SHARE
		), due AS (
			SELECT d.id, d.sending AND d.resends >= CASE mine.kind WHEN 'webhook' THEN $5::integer ELSE $6::integer END AS unknown,
			       d.kind = 'reminder' AND (t.id IS NULL OR t.completed OR t.deleted_at IS NOT NULL OR `+moved+`)
			         AND summed.contents IS NULL
			         OR d.kind = 'confirmation' AND mine.confirmed
			         OR d.kind = 'sign_in' AND d.created_at < $3::timestamptz - $8::interval AS moot,
			       mine.kind = 'email' AS mail,
			       mine.kind = 'email' AND d.mailed_at IS NULL AND $7 > 0 AND $7 <= (
			         SELECT count(*) FROM deliveries m WHERE m.user_id = mine.user_id AND m.mailed_at > $3::timestamptz - interval '24 hours') AS excess,
			       t.due_date AS due_now, summed.contents AS summed
			FROM mine JOIN deliveries d ON d.channel_id = mine.id LEFT JOIN tasks t ON t.id = d.task_id
			LEFT JOIN LATERAL (SELECT json_agg(s.content ORDER BY s.id) AS contents FROM deliveries s WHERE s.summed_into = d.id) summed ON true
			WHERE d.state = 'pending' AND d.next_attempt_at <= $3 AND (mine.confirmed OR d.kind = 'confirmation')
			ORDER BY d.next_attempt_at, d.id LIMIT $4 FOR UPDATE OF d
		)
		UPDATE deliveries d SET
			state = CASE WHEN unknown THEN 'unknown' WHEN moot THEN 'dropped' WHEN excess THEN 'failed' ELSE 'pending' END,
			outcome = CASE WHEN unknown THEN 'the attempts were cut off; it may have arrived'
			               WHEN moot AND d.kind = 'confirmation' THEN 'the address was confirmed meanwhile'
			               WHEN moot AND d.kind = 'sign_in' THEN 'it would have come too late'
			               WHEN moot THEN 'the task was completed, deleted or moved meanwhile'
			               WHEN excess THEN 'you were sent ' || $7 || ' mails within 24 hours, the most allowed' ELSE outcome END,
			finished_at = CASE WHEN unknown OR moot OR excess THEN $3::timestamptz END,
			mailed_at = CASE WHEN unknown OR moot OR excess OR NOT mail THEN mailed_at ELSE coalesce(mailed_at, $3) END,
			attempts = attempts + (NOT unknown AND NOT moot AND NOT excess)::integer,
			resends = resends + (sending AND NOT unknown AND NOT moot AND NOT excess)::integer,
			sending = NOT unknown AND NOT moot AND NOT excess, held = false
		FROM due WHERE d.id = due.id
		RETURNING d.id, d.event_id, d.kind, d.content, due_now, summed, d.attempts, d.created_at,
			unknown, moot AND NOT unknown, excess AND NOT moot AND NOT unknown`,
		c.ID, c.lease, now, limit, resendsToWebhooks, resendsToPeople, r.mails, access.LinkLasts)
	if err != nil {
		return nil, unavailable(fmt.Errorf("begin deliveries of channel %d: %w", c.ID, err))
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d DueDelivery, err error) {
		err = row.Scan(&d.ID, &d.EventID, &d.Kind, &d.Content, &d.DueDate, &d.Summed, &d.Attempts, &d.At, &d.Unknown, &d.Dropped, &d.Excess)
		return d, err
	})
	return due, unavailable(err)
}

// AddConfirmation stores the hash of a secret that confirms a channel for 24 hours,
// and removes the channel's expired ones.
func (r *Repository) AddConfirmation(ctx context.Context, channelID int64, hash []byte) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM channel_confirmations WHERE channel_id = $1 AND expires_at <= now()`, channelID)
	batch.Queue(`INSERT INTO channel_confirmations (hash, channel_id) VALUES ($1, $2)`, hash, channelID)
	return unavailable(r.pool.SendBatch(ctx, batch).Close())
}

// EndDeliveries records how attempts ended. problem is why the channel failed, "" if
// it did not. Nothing is sent to the channel before rest, unless that is zero.
func (r *Repository) EndDeliveries(ctx context.Context, c ServedChannel, ended []SentDelivery, problem string, rest, now time.Time) error {
	var ids []int64
	var states, outcomes []string
	var nexts []time.Time
	succeeded := false
	for _, d := range ended {
		ids, states, outcomes, nexts = append(ids, d.ID), append(states, string(d.State)), append(outcomes, input.ValidUTF8(d.Outcome)), append(nexts, d.Next)
		succeeded = succeeded || d.State == person.DeliverySent
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		UPDATE deliveries d SET state = e.state, outcome = e.outcome, sending = false,
			next_attempt_at = CASE WHEN e.state = 'pending' THEN e.next ELSE d.next_attempt_at END,
			finished_at = CASE WHEN e.state <> 'pending' THEN $5::timestamptz END
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) AS e (id, state, outcome, next)
		WHERE d.id = e.id AND d.state = 'pending'`, ids, states, outcomes, nexts, now)
	batch.Queue(`
		UPDATE channels SET problem = nullif($2, ''),
			failures = CASE WHEN $2 <> '' THEN failures + 1 ELSE 0 END,
			last_success_at = CASE WHEN $4 THEN $5 ELSE last_success_at END,
			rest_until = CASE WHEN $3::timestamptz > 'epoch' THEN $3 END
		WHERE id = $1`, c.ID, input.ValidUTF8(problem), rest, succeeded, now)
	return unavailable(r.pool.SendBatch(ctx, batch).Close())
}

// LeaveChannel releases a channel. It is served again when its next delivery is due
// and its rest has ended.
func (r *Repository) LeaveChannel(ctx context.Context, c ServedChannel, notBefore time.Time) error {
	// A batch is one transaction. A transaction that adds a delivery holds this row
	// until it commits: either the next statement sees the delivery, or the delivery
	// comes after it.
	batch := &pgx.Batch{}
	batch.Queue(`SELECT FROM channels WHERE id = $1 FOR NO KEY UPDATE`, c.ID)
	batch.Queue(`
		UPDATE channels c SET leased_until = NULL, next_attempt_at = (
			SELECT greatest(min(d.next_attempt_at), c.rest_until, $3) FROM deliveries d
			WHERE d.channel_id = c.id AND d.state = 'pending'
			HAVING count(*) > 0)
		WHERE id = $1 AND lease = $2`, c.ID, c.lease, notBefore)
	return unavailable(r.pool.SendBatch(ctx, batch).Close())
}

// SwitchOff disables a channel that keeps failing, unless something reached it since
// a given moment. Its pending deliveries are given up, and the user is told through
// their other channels. It returns whether it did.
func (r *Repository) SwitchOff(ctx context.Context, c ServedChannel, problem string, since, now time.Time) (off bool, err error) {
	content, err := json.Marshal(note{
		Title: "A channel was switched off",
		Text:  fmt.Sprintf("Reminders do not reach %s any more (%s), so it was switched off. Test it in user_settings to switch it on again.", c.Target, problem),
	})
	if err != nil {
		return false, err
	}
	err = r.serve(ctx, func(tx *transaction) error {
		tag, err := tx.Exec(ctx, `
			UPDATE channels SET enabled = false, problem = $2, next_attempt_at = NULL
			WHERE id = $1 AND enabled AND (last_success_at IS NULL OR last_success_at < $3)`, c.ID, input.ValidUTF8(problem), since)
		if off = err == nil && tag.RowsAffected() > 0; !off {
			return err
		}
		batch := &pgx.Batch{}
		batch.Queue(`
			UPDATE deliveries SET state = 'failed', outcome = 'the channel was switched off', sending = false, finished_at = $2
			WHERE channel_id = $1 AND state = 'pending'`, c.ID, now)
		batch.Queue(queueNote, c.UserID, person.DeliveryNotice, content, now, c.ID, false, now)
		batch.Queue(recordOne, append(r.recording(ctx, now, journal.Channel, journal.Updated),
			c.UserID, c.ID, nil, nil, `{"enabled":true}`, `{"enabled":false}`, nil, nil)...)
		tx.later(batch)
		return nil
	})
	return off, unavailable(err)
}
