package repository

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/person"
)

const selectChannels = `
	SELECT id, kind, target, enabled, confirmed, coalesce(problem, ''), coalesce(secret, '')
	FROM channels WHERE user_id = $1 ORDER BY id`

func scanChannel(row pgx.CollectableRow) (c person.Channel, err error) {
	err = row.Scan(&c.ID, &c.Kind, &c.Target, &c.Enabled, &c.Confirmed, &c.Problem, &c.Sealed)
	return c, err
}

// DeliverySettings reads how reminders reach a user.
func (r *Repository) DeliverySettings(ctx context.Context, userID int64, deliveries int) (reach person.DeliverySettings, err error) {
	err = r.read(ctx, userID, func(tx *transaction) error {
		var quiet string
		err := tx.QueryRow(ctx, `
			SELECT coalesce(quiet_hours, ''), EXISTS (SELECT FROM calendar_feeds f WHERE f.user_id = u.id)
			FROM users u WHERE id = $1`, userID).Scan(&quiet, &reach.CalendarFeed)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.ErrNotFound
		}
		if err != nil {
			return err
		}
		if reach.QuietHours, err = storedQuietHours(userID, quiet); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectChannels, userID)
		if err != nil {
			return err
		}
		if reach.Channels, err = pgx.CollectRows(rows, scanChannel); err != nil || deliveries == 0 {
			return err
		}
		rows, err = tx.Query(ctx, `
			SELECT created_at, target, kind, coalesce(task_id, 0), state, outcome, attempts, next_attempt_at
			FROM deliveries WHERE user_id = $1 ORDER BY id DESC LIMIT $2`, userID, deliveries)
		if err != nil {
			return err
		}
		reach.Deliveries, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (d person.Delivery, err error) {
			err = row.Scan(&d.At, &d.Target, &d.Kind, &d.TaskID, &d.State, &d.Outcome, &d.Attempts, &d.Next)
			return d, err
		})
		return err
	})
	return reach, unavailable(err)
}

// storedQuietHours reads a user's quiet hours as they are stored, "" for none.
func storedQuietHours(userID int64, text string) (*person.QuietHours, error) {
	if text == "" {
		return nil, nil
	}
	hours, err := person.ParseQuietHours("quiet_hours", text)
	if err != nil {
		return nil, fmt.Errorf("stored quiet hours of user %d: %w", userID, err)
	}
	return hours, nil
}

// LockChannels reads the user's channels and locks the user's row, so that changes
// of channels come one after another.
func (tx *userTx) LockChannels(ctx context.Context) ([]person.Channel, error) {
	if err := tx.lockUser(ctx, true); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, selectChannels, tx.userID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanChannel)
}

// PutChannel stores a channel with its failures cleared, and switches it on if it is
// confirmed.
func (tx *userTx) PutChannel(ctx context.Context, c person.Channel) (id int64, err error) {
	var added, wasOff bool
	err = tx.QueryRow(ctx, `
		WITH former AS (SELECT enabled FROM channels WHERE user_id = $1 AND kind = $2 AND target = $3)
		INSERT INTO channels (user_id, kind, target, secret, confirmed, enabled) VALUES ($1, $2, $3, nullif($4, ''), $5, $5)
		ON CONFLICT (user_id, kind, target) DO UPDATE SET
			secret = coalesce(excluded.secret, channels.secret), enabled = channels.confirmed, problem = NULL, failures = 0, rest_until = NULL
		RETURNING id, xmax = 0, enabled AND coalesce((SELECT NOT enabled FROM former), false)`, tx.userID, string(c.Kind), c.Target, c.Sealed, c.Confirmed).Scan(&id, &added, &wasOff)
	switch {
	case err != nil:
		return 0, err
	case added:
		return id, tx.leaveEntry(ctx, entry{object: journal.Channel, id: id, action: journal.Created, after: channelFields(c)})
	case wasOff:
		return id, tx.leaveEntry(ctx, entry{object: journal.Channel, id: id, action: journal.Updated,
			before: map[string]any{"enabled": false}, after: map[string]any{"enabled": true}})
	}
	return id, nil
}

// channelFields are the fields of a channel as they are recorded. Of a web address
// only the host is recorded, since the path is often as good as a password.
func channelFields(c person.Channel) map[string]any {
	to := c.Target
	if u, err := url.Parse(c.Target); err == nil && u.Host != "" {
		to = u.Host
	}
	return map[string]any{"kind": c.Kind, "to": to}
}

// RemoveChannel removes a channel. Its pending deliveries are given up; finished
// ones stay on record.
func (tx *userTx) RemoveChannel(ctx context.Context, id int64) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		UPDATE deliveries SET state = 'failed', outcome = 'the channel was removed', finished_at = now()
		WHERE user_id = $1 AND channel_id = $2 AND state = 'pending'`, tx.userID, id)
	var gone person.Channel
	batch.Queue(`DELETE FROM channels WHERE user_id = $1 AND id = $2 RETURNING kind, target`, tx.userID, id).QueryRow(func(row pgx.Row) error {
		return row.Scan(&gone.Kind, &gone.Target)
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return err
	}
	return tx.leaveEntry(ctx, entry{object: journal.Channel, id: id, action: journal.Deleted, before: channelFields(gone)})
}

// note is the content of a message other than a reminder.
type note struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// queueNote queues a message, due at $7, for the channels of $1 that match the
// condition, and marks them due.
const queueNote = `
	WITH written AS (
		INSERT INTO deliveries (user_id, channel_id, target, event_id, kind, content, next_attempt_at, created_at)
		SELECT user_id, id, target, gen_random_uuid(), $2, $3, $7, $4 FROM channels c
		WHERE c.user_id = $1 AND c.enabled AND (c.id = $5) = $6
		RETURNING channel_id
	)
	UPDATE channels SET next_attempt_at = least(next_attempt_at, greatest(rest_until, $7::timestamptz))
	FROM written WHERE channels.id = written.channel_id`

// QueueTest queues a test message for a channel.
func (tx *userTx) QueueTest(ctx context.Context, channelID int64, now time.Time) error {
	content, err := json.Marshal(note{Title: "Tickler reaches you here", Text: "This is a test. Reminders of your tasks will come this way."})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, queueNote, tx.userID, person.DeliveryTest, content, now, channelID, true, now)
	return err
}

// CountConfirmations counts the confirmation mails asked for since a moment,
// including those of channels removed since.
func (tx *userTx) CountConfirmations(ctx context.Context, since time.Time) (n int, err error) {
	err = tx.QueryRow(ctx, `
		SELECT count(*) FROM deliveries WHERE user_id = $1 AND kind = 'confirmation' AND created_at > $2`, tx.userID, since).Scan(&n)
	return n, err
}

// QueueConfirmation queues a mail with a link that confirms a channel. It replaces
// one still pending.
func (tx *userTx) QueueConfirmation(ctx context.Context, channelID int64, server string, now time.Time) error {
	var who string
	if err := tx.QueryRow(ctx, `SELECT subject FROM users WHERE id = $1`, tx.userID).Scan(&who); err != nil {
		return err
	}
	content, err := json.Marshal(linked{note{
		Title: "Confirm that Tickler may send you mail",
		Text: fmt.Sprintf("%q, a user of the task server at %s, asked for reminders of their tasks to be sent to this address. If that was you, open the link within 24 hours and press the button. "+
			"If not, ignore this mail: nothing else will be sent here.", fault.Clip(who), server),
	}, server + "/confirm/"})
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		UPDATE deliveries SET state = 'dropped', outcome = 'a later mail took its place', finished_at = $3
		WHERE user_id = $1 AND channel_id = $2 AND kind = 'confirmation' AND state = 'pending' AND NOT sending`, tx.userID, channelID, now)
	batch.Queue(`
		WITH written AS (
			INSERT INTO deliveries (user_id, channel_id, target, event_id, kind, content, next_attempt_at, created_at)
			SELECT user_id, id, target, gen_random_uuid(), 'confirmation', $3, $4, $4 FROM channels
			WHERE user_id = $1 AND id = $2
			RETURNING channel_id
		)
		UPDATE channels SET next_attempt_at = least(next_attempt_at, $4::timestamptz)
		FROM written WHERE channels.id = written.channel_id`, tx.userID, channelID, content, now)
	return tx.SendBatch(ctx, batch).Close()
}

// linked is the content of a mail with a link. notifier makes the secret of the link
// when it sends the mail, so the secret is never stored.
type linked struct {
	note
	Link string `json:"link"`
}

// SignInChannels returns which of a user's channels links that sign in are mailed to.
func (r *Repository) SignInChannels(ctx context.Context, userID int64) (map[int64]bool, error) {
	rows, err := r.as(userID).Query(ctx, `SELECT id FROM channels WHERE user_id = $1 AND signs_in`, userID)
	if err != nil {
		return nil, unavailable(err)
	}
	all := map[int64]bool{}
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error { all[id] = true; return nil })
	return all, unavailable(err)
}

// SetSignsIn says whether links that sign in are mailed to one of a user's channels.
// It returns fault.ErrNotFound if that is no confirmed address of mail.
func (r *Repository) SetSignsIn(ctx context.Context, userID, channelID int64, may bool) error {
	return r.change(ctx, userID, func(tx *userTx) error {
		var former bool
		err := tx.QueryRow(ctx, `
			WITH former AS (SELECT id, signs_in FROM channels WHERE user_id = $1 AND id = $2 AND kind = 'email' AND confirmed FOR NO KEY UPDATE)
			UPDATE channels c SET signs_in = $3 FROM former WHERE c.id = former.id RETURNING former.signs_in`, userID, channelID, may).Scan(&former)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.ErrNotFound
		}
		if err != nil || former == may {
			return err
		}
		return tx.leaveEntry(ctx, entry{object: journal.Channel, id: channelID, action: journal.Updated,
			before: map[string]any{"signs_in": former}, after: map[string]any{"signs_in": may}})
	})
}

// SetCalendarFeed replaces or revokes the user's calendar feed.
func (tx *userTx) SetCalendarFeed(ctx context.Context, hash []byte) error {
	action, sql, args := journal.Revoked, `DELETE FROM calendar_feeds WHERE user_id = $1`, []any{tx.userID}
	if hash != nil {
		action, args = journal.Created, append(args, hash)
		sql = `
			INSERT INTO calendar_feeds (user_id, hash) VALUES ($1, $2)
			ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, created_at = now()`
	}
	tag, err := tx.Exec(ctx, sql, args...)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return tx.leaveEntry(ctx, entry{object: journal.CalendarFeed, id: tx.userID, action: action})
}

// FindConfirmation returns the address that a secret with this hash confirms, or
// fault.ErrNotFound.
func (r *Repository) FindConfirmation(ctx context.Context, hash []byte) (string, error) {
	return r.confirmation(ctx, `SELECT find_confirmation($1)`, hash)
}

// ConfirmChannel confirms the channel whose address FindConfirmation returns.
func (r *Repository) ConfirmChannel(ctx context.Context, hash []byte) (string, error) {
	return r.confirmation(ctx, `SELECT confirm_channel($1)`, hash)
}

func (r *Repository) confirmation(ctx context.Context, sql string, hash []byte) (string, error) {
	var address *string
	if err := r.pool.QueryRow(ctx, sql, hash).Scan(&address); err != nil {
		return "", unavailable(err)
	}
	if address == nil {
		return "", fault.ErrNotFound
	}
	return *address, nil
}
