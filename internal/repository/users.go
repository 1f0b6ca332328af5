package repository

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/fault"
	"tickler/internal/person"
)

// LocalIssuer is the issuer of users who were named on the command line.
const LocalIssuer = "local"

// EnsureUser returns a user's id, creating the user in the given time zone when
// there is none. A zone that is not empty replaces that of an existing user.
func (r *Repository) EnsureUser(ctx context.Context, issuer, subject, timeZone string) (int64, error) {
	var id int64
	err := r.pool.QueryRow(ctx, `SELECT provision_user($1, $2, coalesce(nullif($3, ''), $4), $5)`,
		issuer, subject, timeZone, person.DefaultTimeZone, person.DefaultReminderOffsets).Scan(&id)
	if err != nil {
		return 0, unavailable(fmt.Errorf("create user: %w", err))
	}
	if timeZone == "" {
		return id, nil
	}
	err = r.sessions.transact(ctx, id, beginFor(ctx, "BEGIN", id), func(tx *transaction) error {
		_, err := tx.Exec(ctx, `UPDATE users SET time_zone = $2 WHERE id = $1 AND time_zone <> $2`, id, timeZone)
		return err
	})
	if err != nil {
		return 0, unavailable(fmt.Errorf("set the time zone of user %d: %w", id, err))
	}
	return id, nil
}

// FindUser returns the id of a user, or fault.ErrNotFound.
func (r *Repository) FindUser(ctx context.Context, issuer, subject string) (int64, error) {
	var id *int64
	if err := r.pool.QueryRow(ctx, `SELECT find_user($1, $2)`, issuer, subject).Scan(&id); err != nil {
		return 0, unavailable(err)
	}
	if id == nil {
		return 0, fault.ErrNotFound
	}
	return *id, nil
}

// ProvisionUser does what EnsureUser does for whom an issuer of tokens knows.
func (r *Repository) ProvisionUser(ctx context.Context, issuer, subject string) (int64, error) {
	return r.EnsureUser(ctx, issuer, subject, "")
}

// rearmReminders does in one statement what task.Task.RearmUnclaimed does, for all open
// tasks of user $1 that use the default offsets, $2, at $3.
const rearmReminders = `
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
	), rearmed AS (
		SELECT id, times, CASE WHEN remind_at <= $3 THEN remind_at ELSE (
			SELECT min(x) FROM unnest(times) x WHERE x > $3) END AS next
		FROM times
	), kept AS (
		UPDATE tasks t SET reminder_times = rearmed.times FROM rearmed WHERE t.user_id = $1 AND t.id = rearmed.id
	), disarmed AS (
		DELETE FROM reminders r USING rearmed WHERE r.task_id = rearmed.id AND rearmed.next IS NULL
	)
	INSERT INTO reminders (task_id, user_id, remind_at) SELECT id, $1, next FROM rearmed WHERE next IS NOT NULL
	ON CONFLICT (task_id) DO UPDATE SET remind_at = excluded.remind_at WHERE reminders.remind_at <> excluded.remind_at`

// lockOpenTasks holds the rows that rearmReminders is about, so that the
// statement after it sees what others committed meanwhile.
const lockOpenTasks = `
	SELECT FROM tasks
	WHERE user_id = $1 AND deleted_at IS NULL AND NOT completed
	  AND reminder_offsets IS NULL AND due_date IS NOT NULL AND NOT all_day
	ORDER BY id FOR UPDATE`

// SaveSettings stores what is new in the user's settings. Tasks go first: see
// lockUser.
func (tx *userTx) SaveSettings(ctx context.Context, c person.SettingsChange, now time.Time) error {
	if c.ReminderOffsets != nil {
		if _, err := tx.Exec(ctx, takeTime); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, lockOpenTasks, tx.userID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, rearmReminders, tx.userID, c.ReminderOffsets, now); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
		UPDATE users SET time_zone = coalesce($2, time_zone), reminder_offsets = coalesce($3, reminder_offsets),
			quiet_hours = nullif(coalesce($4, quiet_hours), '')
		WHERE id = $1`, tx.userID, c.TimeZone, c.ReminderOffsets, c.QuietHours)
	return err
}

// Settings reads a user's settings. That is a part of checking who calls, so it
// waits for none of the user's own calls.
func (r *Repository) Settings(ctx context.Context, userID int64) (person.Settings, error) {
	s := person.Settings{UserID: userID}
	batch := &pgx.Batch{}
	batch.Queue(`SELECT time_zone, reminder_offsets FROM users WHERE id = $1`, userID)
	results := sendBehind(ctx, r.pool, setUser(userID), batch)
	defer func() { _ = results.Close() }()
	err := results.QueryRow().Scan(&s.TimeZone, &s.ReminderOffsets)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, fault.ErrNotFound
	}
	return s, unavailable(err)
}
