package task

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func minutes(offsets ...int) []time.Time {
	var all []time.Time
	for _, m := range offsets {
		all = append(all, now.Add(time.Duration(m)*time.Minute))
	}
	return all
}

// A task due in half an hour, with reminders an hour and ten minutes before.
func soon() *Task {
	due := now.Add(30 * time.Minute)
	return &Task{Title: "x", DueDate: &due, TimeZone: "UTC", ReminderOffsets: []int{60, 10}, Version: 1}
}

func TestArmingRemindsOfWhatHasPassedAtOnceAndOnce(t *testing.T) {
	one := soon()
	one.arm(ann, now)
	require.Equal(t, minutes(-30, 20), one.ReminderTimes)
	require.Equal(t, now.Add(-30*time.Minute), *one.RemindAt)
}

func TestRearmingLooksAhead(t *testing.T) {
	one := soon()
	one.rearm(ann, now)
	require.Equal(t, now.Add(20*time.Minute), *one.RemindAt)
	one.rearm(ann, now.Add(21*time.Minute))
	require.Nil(t, one.RemindAt)
}

func TestRearmingKeepsWhatIsDueAndNotClaimed(t *testing.T) {
	one := soon()
	one.arm(ann, now)
	one.ReminderOffsets = []int{5}
	one.rearmUnclaimed(ann, now)
	require.Equal(t, now.Add(-30*time.Minute), *one.RemindAt, "the one that is due")
	require.Equal(t, minutes(25), one.ReminderTimes)
	one.RemindAt = &one.ReminderTimes[0]
	one.rearmUnclaimed(ann, now)
	require.Equal(t, now.Add(25*time.Minute), *one.RemindAt, "the one to come")
}

func TestDoneAndDeletedTasksAreNotArmed(t *testing.T) {
	done, gone := soon(), soon()
	done.CompletedAt, gone.DeletedAt = &now, &now
	for _, one := range []*Task{done, gone} {
		one.arm(ann, now)
		require.Nil(t, one.RemindAt)
	}
}

func TestSuccessorTakesTheFieldsAndNotTheHistory(t *testing.T) {
	one := whole(t)
	one.AllDay, one.DeletedAt = false, nil
	_, err := one.setRule("daily", FromDue, time.Time{}, now)
	require.NoError(t, err)
	done := one.DueDate.Add(-time.Hour)
	one.CompletedAt = &done
	next, err := one.Successor(ann, now)
	require.NoError(t, err)
	require.Equal(t, one.DueDate.AddDate(0, 0, 1), *next.DueDate)
	require.Equal(t, one.ID, *next.PreviousTaskID)
	require.Equal(t, 2, next.Recurrence.Occurrence)
	require.Zero(t, next.ID)
	require.Equal(t, 1, next.Version)
	for _, none := range []*time.Time{next.CompletedAt, next.DeletedAt, next.AbsoluteReminder, next.SnoozedUntil} {
		require.Nil(t, none)
	}
	old, fields := Differences(one, next)
	require.Subset(t, []string{"completed", "due_date", "start_date", "waiting_for", "blocked_by", "previous_task_id", "absolute_reminder", "snoozed_until"}, keysOf(fields), "%v", old)

	one.CompletedAt = nil
	next, err = one.Successor(ann, now)
	require.NoError(t, err)
	require.Nil(t, next, "an open task has none")
}

func keysOf(m map[string]any) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}
