package repository

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/person"
	"tickler/internal/task"
)

// LocalIssuer is the issuer of users created on the command line.
const LocalIssuer = "local"

// subjectOf returns the form in which a user is stored and found. Command-line names
// are stored in the form used to compare them, so Ann and ann are one person.
// Subjects of other issuers are compared exactly.
// https://openid.net/specs/openid-connect-core-1_0.html#IDToken
func subjectOf(issuer, subject string) string {
	if issuer == LocalIssuer {
		return input.NameKey(subject)
	}
	return subject
}

// EnsureUser returns a user's id, and creates the user in the given time zone if
// there is none. A non-empty zone replaces that of an existing user.
func (r *Repository) EnsureUser(ctx context.Context, issuer, subject, timeZone string) (int64, error) {
	id, err := r.FindUser(ctx, issuer, subject)
	missing := errors.Is(err, fault.ErrNotFound)
	if missing {
		err = r.pool.QueryRow(ctx, `SELECT provision_user($1, $2, coalesce(nullif($3, ''), $4), $5, $6)`,
			issuer, subjectOf(issuer, subject), timeZone, person.DefaultTimeZone, person.DefaultReminderOffsets, person.DefaultAllDayTime).Scan(&id)
	}
	if err != nil {
		return 0, unavailable(fmt.Errorf("create user: %w", err))
	}
	if !missing && timeZone == "" {
		return id, nil
	}
	err = r.change(ctx, id, func(tx *userTx) error {
		if missing {
			return tx.leaveEntry(ctx, entry{object: journal.User, id: id, action: journal.Created})
		}
		_, err := tx.SaveSettings(ctx, person.SettingsChange{TimeZone: &timeZone}, time.Now().UTC())
		return err
	})
	return id, err
}

// FindUser returns the id of a user, or fault.ErrNotFound.
func (r *Repository) FindUser(ctx context.Context, issuer, subject string) (int64, error) {
	var id *int64
	if err := r.pool.QueryRow(ctx, `SELECT find_user($1, $2)`, issuer, subjectOf(issuer, subject)).Scan(&id); err != nil {
		return 0, unavailable(err)
	}
	if id == nil {
		return 0, fault.ErrNotFound
	}
	return *id, nil
}

// ProvisionUser is EnsureUser for a user that a token issuer vouches for.
func (r *Repository) ProvisionUser(ctx context.Context, issuer, subject string) (int64, error) {
	return r.EnsureUser(ctx, issuer, subject, "")
}

// SaveSettings stores the changed settings of the user. Tasks are locked first: see
// lockUser.
func (tx *userTx) SaveSettings(ctx context.Context, c person.SettingsChange, now time.Time) (done person.SettingsEffect, err error) {
	old, err := scanSettings(tx.QueryRow(ctx, selectSettings, tx.userID), tx.userID)
	if err != nil {
		return done, err
	}
	user := c.Of(old)
	if c.TimeZone != nil || c.ReminderOffsets != nil || c.AllDayTime != nil {
		if _, err := tx.Exec(ctx, takeTime); err != nil {
			return done, err
		}
		if err := tx.settle(ctx, old, user, c.ReminderOffsets != nil, now); err != nil {
			return done, err
		}
	}
	if c.BringFrom != "" {
		if _, err := tx.Exec(ctx, takeTime); err != nil {
			return done, err
		}
		if done.Brought, err = tx.bring(ctx, c.BringFrom, user, now); err != nil {
			return done, err
		}
	}
	if c.TimeZone != nil {
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM tasks t WHERE`+tasksIn, tx.userID, old.TimeZone).Scan(&done.Left); err != nil {
			return done, err
		}
	}
	if err := tx.storeSettings(ctx, c, now); err != nil {
		return done, err
	}
	if c.TimeZone == nil && c.QuietHours == nil {
		return done, nil
	}
	return done, tx.release(ctx, now)
}

// recordedSettings are the columns of users whose changes are recorded.
const recordedSettings = `time_zone, reminder_offsets, quiet_hours, all_day_time`

// storeSettings stores the given settings, and records those that changed.
func (tx *userTx) storeSettings(ctx context.Context, c person.SettingsChange, now time.Time) error {
	var former, present map[string]json.RawMessage
	err := tx.QueryRow(ctx, `
		WITH former AS (SELECT `+recordedSettings+` FROM users WHERE id = $1 FOR NO KEY UPDATE), present AS (
			UPDATE users SET time_zone = coalesce($2, time_zone), reminder_offsets = coalesce($3, reminder_offsets),
				quiet_hours = nullif(coalesce($4, quiet_hours), ''), all_day_time = coalesce($5, all_day_time)
			WHERE id = $1 RETURNING `+recordedSettings+`
		)
		SELECT to_json(former), to_json(present) FROM former, present`,
		tx.userID, c.TimeZone, c.ReminderOffsets, c.QuietHours, c.AllDayTime).Scan(&former, &present)
	if err != nil {
		return err
	}
	for name, value := range present {
		if bytes.Equal(value, former[name]) {
			delete(present, name)
			delete(former, name)
		}
	}
	if len(present) == 0 {
		return nil
	}
	return tx.leaveEntry(ctx, entry{object: journal.Settings, id: tx.userID, action: journal.Updated, at: now, before: former, after: present})
}

// release makes messages held back by quiet hours due now: the sender checks the
// quiet hours again.
func (tx *userTx) release(ctx context.Context, now time.Time) error {
	// The channels first: whoever serves or leaves one holds its row meanwhile.
	if _, err := tx.Exec(ctx, `SELECT FROM channels WHERE user_id = $1 ORDER BY id FOR NO KEY UPDATE`, tx.userID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		WITH released AS (
			UPDATE deliveries SET held = false, next_attempt_at = $2
			WHERE user_id = $1 AND state = 'pending' AND held
			RETURNING channel_id
		)
		UPDATE channels c SET next_attempt_at = greatest($2, c.rest_until)
		WHERE c.user_id = $1 AND c.id IN (SELECT channel_id FROM released)`, tx.userID, now)
	return err
}

// Open tasks of user $1 that settings affect: all whole-day tasks; with $2, those
// without offsets of their own; and those with a due time meant in zone $2.
const (
	open         = ` t.user_id = $1 AND t.deleted_at IS NULL AND NOT t.completed `
	settledTasks = open + `AND t.due_date IS NOT NULL AND (t.all_day OR $2 AND t.reminder_offsets IS NULL) `
	tasksIn      = open + `AND NOT t.all_day AND t.time_zone = $2 AND (t.due_date IS NOT NULL OR t.recurrence_rule IS NOT NULL) `
)

// settle adapts the open tasks to new settings. Whole-day tasks stay on their day;
// each gets an event, since the instant changes. Reminders that come from the
// settings move.
func (tx *userTx) settle(ctx context.Context, old, user person.Settings, offsets bool, now time.Time) error {
	tasks, err := tx.lockTasks(ctx, settledTasks, offsets)
	if err != nil {
		return err
	}
	tx.because = because(journal.Settings, tx.userID, journal.Updated)
	defer func() { tx.because = "" }()
	return tx.saveSettled(ctx, tasks, func(t *task.Task) bool { return t.Settle(old, user, now) })
}

// bring moves the tasks meant in a zone to the user's zone.
func (tx *userTx) bring(ctx context.Context, from string, user person.Settings, now time.Time) (int, error) {
	tasks, err := tx.lockTasks(ctx, tasksIn, from)
	if err != nil {
		return 0, err
	}
	return len(tasks), tx.saveSettled(ctx, tasks, func(t *task.Task) bool { return t.Bring(user, now) })
}

// lockTasks locks the user's tasks before it reads them, so that it sees what others
// committed meanwhile. It omits descriptions: there may be many.
func (tx *userTx) lockTasks(ctx context.Context, which string, arg any) ([]*task.Task, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM tasks t WHERE`+which+`ORDER BY t.id FOR UPDATE`, tx.userID, arg); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `SELECT`+undescribed+taskTables+`WHERE`+which+`ORDER BY t.id`, tx.userID, arg)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[selectedTask])
	tasks := make([]*task.Task, len(found))
	for i, one := range found {
		tasks[i] = one.task()
	}
	return tasks, err
}

// saveSettled stores the settled tasks: with an event if the due date changed,
// otherwise only their reminders.
func (tx *userTx) saveSettled(ctx context.Context, tasks []*task.Task, settle func(*task.Task) bool) error {
	batch := &pgx.Batch{}
	for _, t := range tasks {
		before := t.Clone()
		if settle(t) {
			if err := tx.Save(ctx, task.Change{Kind: task.Updated, Before: before, Task: t}); err != nil {
				return err
			}
			continue
		}
		times := t.ReminderTimes
		if times == nil {
			times = []time.Time{}
		}
		batch.Queue(`UPDATE tasks SET reminder_times = $3, nag_from = $4 WHERE user_id = $1 AND id = $2 AND (reminder_times, nag_from) IS DISTINCT FROM ($3, $4)`,
			tx.userID, t.ID, times, t.NagFrom)
		tx.queueReminder(batch, t)
	}
	if batch.Len() == 0 {
		return nil
	}
	tx.later(batch)
	return nil
}

// selectSettings reads the settings of a user; scanSettings scans its row.
const (
	selectSettings = `SELECT time_zone, reminder_offsets, all_day_time, coalesce(quiet_hours, '') FROM users WHERE id = $1`
	// The recurrer may not read quiet hours, and has no use for them.
	selectForSeries = `SELECT time_zone, reminder_offsets, all_day_time, '' FROM users WHERE id = $1`
)

func scanSettings(row pgx.Row, userID int64) (person.Settings, error) {
	s := person.Settings{UserID: userID}
	var quiet string
	err := row.Scan(&s.TimeZone, &s.ReminderOffsets, &s.AllDayTime, &quiet)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, fault.ErrNotFound
	}
	if err != nil {
		return s, err
	}
	s.QuietHours, err = storedQuietHours(userID, quiet)
	return s, err
}

// Settings reads a user's settings. Authentication calls it, so it waits for none of
// the user's own calls.
func (r *Repository) Settings(ctx context.Context, userID int64) (person.Settings, error) {
	batch := &pgx.Batch{}
	query := selectSettings
	if r.source == "recurrer" {
		query = selectForSeries
	}
	batch.Queue(query, userID)
	results := sendBehind(ctx, r.pool, setUser(userID), batch)
	defer func() { _ = results.Close() }()
	s, err := scanSettings(results.QueryRow(), userID)
	return s, unavailable(err)
}
