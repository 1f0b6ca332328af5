package repository

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/task"
)

// LocalIssuer is the issuer of users who were named on the command line.
const LocalIssuer = "local"

// Token is a personal access token as it is stored: without the token itself.
type Token struct {
	Name      string
	Prefix    string
	Hash      []byte // SHA-256
	ExpiresAt *time.Time
}

// EnsureUser returns a user's id, creating the user in the given time zone when
// there is none. A zone that is not empty replaces that of an existing user.
func (r *Repository) EnsureUser(ctx context.Context, issuer, subject, timeZone string) (int64, error) {
	var id int64
	err := r.pool.QueryRow(ctx, `
		INSERT INTO users (issuer, subject, time_zone) VALUES ($1, $2, coalesce(nullif($3, ''), 'UTC'))
		ON CONFLICT (issuer, subject) DO UPDATE SET time_zone = coalesce(nullif($3, ''), users.time_zone)
		RETURNING id`, issuer, subject, timeZone).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("create user: %w", err)
	}
	return id, nil
}

// AddToken stores a token for a user.
func (r *Repository) AddToken(ctx context.Context, userID int64, t Token) error {
	_, err := r.pool.Exec(ctx, `
		INSERT INTO tokens (user_id, name, prefix, hash, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		userID, t.Name, t.Prefix, t.Hash, t.ExpiresAt)
	if err != nil {
		return fmt.Errorf("store token: %w", err)
	}
	return nil
}

// UserByToken returns the settings of the user whose valid token has the hash,
// or task.ErrNotFound. The token's last use is noted to the minute.
func (r *Repository) UserByToken(ctx context.Context, hash []byte) (task.Settings, error) {
	var s task.Settings
	err := r.pool.QueryRow(ctx, `
		WITH valid AS (
			SELECT id, user_id, last_used_at FROM tokens
			WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
		), used AS (
			UPDATE tokens SET last_used_at = now() FROM valid
			WHERE tokens.id = valid.id AND (valid.last_used_at IS NULL OR valid.last_used_at < now() - interval '1 minute')
		)
		SELECT u.id, u.time_zone, u.reminder_offsets FROM valid JOIN users u ON u.id = valid.user_id`,
		hash).Scan(&s.UserID, &s.TimeZone, &s.ReminderOffsets)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, task.ErrNotFound
	}
	return s, unavailable(err)
}

// refitReminders does in one statement what task.Task's refit does, for all open
// tasks of user $1 that use the default offsets, $2, at $3.
const refitReminders = `
	WITH open AS (
		SELECT * FROM tasks
		WHERE user_id = $1 AND deleted_at IS NULL AND NOT completed
		  AND reminder_offsets IS NULL AND due_date IS NOT NULL AND NOT all_day
	), times AS (
		SELECT t.id, r.remind_at, ARRAY(
			SELECT t.due_date - make_interval(mins => minutes) FROM unnest($2::integer[]) minutes
			UNION
			SELECT x FROM unnest(ARRAY[t.absolute_reminder, t.snoozed_until]) x WHERE x > $3 OR x >= r.remind_at
			ORDER BY 1) AS times
		FROM open t LEFT JOIN reminders r ON r.task_id = t.id
	), refitted AS (
		SELECT id, times, CASE WHEN remind_at <= $3 THEN remind_at ELSE (
			SELECT min(x) FROM unnest(times) x WHERE x > $3) END AS next
		FROM times
	), kept AS (
		UPDATE tasks t SET reminder_times = refitted.times FROM refitted WHERE t.user_id = $1 AND t.id = refitted.id
	), disarmed AS (
		DELETE FROM reminders r USING refitted WHERE r.task_id = refitted.id AND refitted.next IS NULL
	)
	INSERT INTO reminders (task_id, user_id, remind_at) SELECT id, $1, next FROM refitted WHERE next IS NOT NULL
	ON CONFLICT (task_id) DO UPDATE SET remind_at = excluded.remind_at WHERE reminders.remind_at <> excluded.remind_at`

// lockOpenTasks holds the rows that refitReminders is about, so that the
// statement after it sees what others committed meanwhile.
const lockOpenTasks = `
	SELECT FROM tasks
	WHERE user_id = $1 AND deleted_at IS NULL AND NOT completed
	  AND reminder_offsets IS NULL AND due_date IS NOT NULL AND NOT all_day
	ORDER BY id FOR UPDATE`

// SaveSettings stores what is new in the user's settings. Tasks go first: see
// lockUser.
func (tx *userTx) SaveSettings(ctx context.Context, c task.SettingsChange, now time.Time) error {
	if c.ReminderOffsets != nil {
		if _, err := tx.Exec(ctx, lockOpenTasks, tx.userID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, refitReminders, tx.userID, c.ReminderOffsets, now); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
		UPDATE users SET time_zone = coalesce($2, time_zone), reminder_offsets = coalesce($3, reminder_offsets)
		WHERE id = $1`, tx.userID, c.TimeZone, c.ReminderOffsets)
	return err
}

// Settings reads a user's settings.
func (r *Repository) Settings(ctx context.Context, userID int64) (task.Settings, error) {
	s := task.Settings{UserID: userID}
	err := r.pool.QueryRow(ctx, `SELECT time_zone, reminder_offsets FROM users WHERE id = $1`, userID).
		Scan(&s.TimeZone, &s.ReminderOffsets)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, task.ErrNotFound
	}
	return s, unavailable(err)
}
