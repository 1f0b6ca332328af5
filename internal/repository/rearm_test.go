package repository_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/task"
)

// New default offsets rearm all tasks that use them in one statement of SQL. What
// that comes to must be what the rule says in Go, which a change of one task
// follows, whatever state the tasks are in.
func TestNewDefaultOffsetsRearmAsTheRuleSays(t *testing.T) {
	b := setup(t)
	random := rand.New(rand.NewPCG(1, 2))
	instant := func() time.Time { return b.now.Add(time.Duration(random.IntN(4*24*60)-2*24*60) * time.Minute) }
	for n := range 120 {
		fields := task.Fields{Title: input.Some(fmt.Sprint(n)), DueDate: input.Some(instant().Format(time.RFC3339))}
		switch random.IntN(6) {
		case 0:
			fields.DueDate = input.Some(instant().Format(time.DateOnly))
		case 1:
			fields.ReminderOffsets = input.Some([]int{5})
		case 2:
			fields.DueDate = input.Optional[string]{}
		}
		one := b.add(t, b.ann, fields)
		_, err := b.pool.Exec(b.ctx, `UPDATE tasks SET absolute_reminder = $2, snoozed_until = $3, completed_at = $4, deleted_at = $5 WHERE id = $1`,
			one.ID, maybe(random, instant), maybe(random, instant), oneIn(random, 8, b.now), oneIn(random, 8, b.now))
		require.NoError(t, err)
		if random.IntN(2) == 0 { // a scan has moved it on, or will find it due
			_, err = b.pool.Exec(b.ctx, `DELETE FROM reminders WHERE task_id = $1`, one.ID)
			require.NoError(t, err)
			if at := maybe(random, instant); at != nil {
				_, err = b.pool.Exec(b.ctx, `INSERT INTO reminders (task_id, user_id, remind_at) VALUES ($1, $2, $3)`, one.ID, b.ann.UserID, at)
				require.NoError(t, err)
			}
		}
	}
	all := func() (found []*task.Task) {
		rows, err := b.pool.Query(b.ctx, `SELECT id FROM tasks WHERE user_id = $1 ORDER BY id`, b.ann.UserID)
		require.NoError(t, err)
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		require.NoError(t, err)
		require.NoError(t, b.store.Tx(b.ctx, b.ann.UserID, func(tx task.Tx) error {
			for _, id := range ids {
				one, err := tx.LockTask(b.ctx, id)
				if err != nil {
					return err
				}
				found = append(found, one)
			}
			return nil
		}))
		return found
	}
	for _, offsets := range [][]int{{60, 1440}, {}, {0, 10, 30, 2880}, {60}} {
		before := all()
		b.now = b.now.Add(7 * time.Hour)
		changed, err := b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{ReminderOffsets: input.Some(offsets)})
		require.NoError(t, err)
		b.ann = changed.Settings
		for i, got := range all() {
			want := before[i]
			if !want.Completed() && want.DeletedAt == nil && want.ReminderOffsets == nil && want.DueDate != nil && !want.AllDay {
				want.RearmUnclaimed(offsets, b.now)
			}
			require.Equal(t, want.RemindAt, got.RemindAt, "task %d with offsets %v", got.ID, offsets)
			require.True(t, slices.EqualFunc(want.ReminderTimes, got.ReminderTimes, time.Time.Equal), "%v instead of %v", got.ReminderTimes, want.ReminderTimes)
		}
	}
}

func maybe(random *rand.Rand, instant func() time.Time) *time.Time {
	if random.IntN(2) == 0 {
		return nil
	}
	at := instant()
	return &at
}

func oneIn(random *rand.Rand, n int, at time.Time) *time.Time {
	if random.IntN(n) > 0 {
		return nil
	}
	return &at
}
