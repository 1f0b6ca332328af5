package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// scanned waits until notifier has scanned once more and delivered what it
// claimed: a reminder that is due now has come.
func (s *system) scanned(t testing.TB, p *person) {
	t.Helper()
	last := p.add(t, fields{"title": "last", "due_date": in(minute)})
	until(t, soon, "the reminder of another task", func() bool { return len(s.reminders(last.ID)) > 0 })
}

func TestDueTaskIsRemindedOnce(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	due := time.Now().Add(42*minute + 30*time.Second)
	added := p.add(t, fields{"title": "Call the bank", "priority": "urgent", "due_date": due.UTC().Format(time.RFC3339)})
	require.NotEmpty(t, added.RemindAt)

	sent := s.observer.wait(t, 1, event.TopicTaskReminders, event.ReminderSent, added.ID)[0]
	until(t, soon, "the log line", func() bool { return len(s.reminders(added.ID)) > 0 })
	require.Contains(t, s.reminders(added.ID)[0], "🔔 REMINDER: Task 'Call the bank' (ID: "+sent.key+") is due in 42 minutes")

	require.Equal(t, "tickler/notifier", sent.Source)
	reminder, err := event.Decode[event.Reminder](sent.Envelope, event.ReminderSent)
	require.NoError(t, err)
	require.Equal(t, "Call the bank", reminder.Title)
	require.Equal(t, "urgent", reminder.Priority)
	require.Equal(t, due.Unix(), reminder.DueDate.Unix())
	require.Equal(t, due.Add(-60*minute).Unix(), reminder.ReminderTime.Unix(), "an hour before is the default")

	s.scanned(t, p)
	require.Len(t, s.observer.of(event.TopicTaskReminders, event.ReminderSent, added.ID), 1)
	require.Len(t, s.reminders(added.ID), 1)
	require.Empty(t, p.get(t, added.ID).RemindAt, "no reminder is left")
}

func TestOverdueTaskIsRemindedOnceInWordsThatSaySo(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	added := p.add(t, fields{"title": "Late", "due_date": in(-5*minute + 20*time.Second), "reminder_offsets": []int{120, 60, 0}})
	until(t, soon, "the log line", func() bool { return len(s.reminders(added.ID)) > 0 })
	s.scanned(t, p)
	require.Len(t, s.reminders(added.ID), 1, "three reminders are past, one is sent")
	require.Contains(t, s.reminders(added.ID)[0], " was due 5 minutes ago")
}

func TestRepeatedReminderEventIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	added := p.add(t, fields{"title": "Only once", "due_date": in(minute)})
	sent := s.observer.wait(t, 1, event.TopicTaskReminders, event.ReminderSent, added.ID)[0]
	until(t, soon, "the log line", func() bool { return len(s.reminders(added.ID)) > 0 })
	for range 3 {
		s.observer.republish(t, sent)
	}
	s.scanned(t, p)
	require.Len(t, s.reminders(added.ID), 1)
}

func TestOffsetsThatArePastAreOneReminderAndTheRestFollow(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	// 120 and 60 minutes before are past; the reminder at the due date lies just
	// ahead, behind the next scan; that of an hour later's task does not.
	due := time.Now().Add(9 * time.Second)
	added := p.add(t, fields{"title": "Soon", "due_date": due.UTC().Format(time.RFC3339), "reminder_offsets": []int{60, 0, 120}})
	far := p.add(t, fields{"title": "Far", "due_date": in(90 * minute), "reminder_offsets": []int{60, 120, 30}})
	sent := s.observer.wait(t, 1, event.TopicTaskReminders, event.ReminderSent, added.ID)[0]
	require.True(t, sent.received.Before(due), "those that are past do not wait for the rest")
	s.observer.wait(t, 2, event.TopicTaskReminders, event.ReminderSent, added.ID)
	until(t, soon, "the second line", func() bool { return len(s.reminders(added.ID)) == 2 })

	s.scanned(t, p)
	require.Len(t, s.reminders(added.ID), 2)
	require.Len(t, s.reminders(far.ID), 1)
	next := p.get(t, far.ID)
	require.Equal(t, instant(t, far.DueDate).Add(-60*minute), instant(t, next.RemindAt), "the next one ahead is armed")
}

func TestWhatNeedsNoReminderGetsNone(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	none := p.add(t, fields{"title": "None wanted", "due_date": in(minute), "reminder_offsets": []int{}})
	undated := p.add(t, fields{"title": "Undated", "reminder_offsets": []int{0}})
	// These two are changed before the next scan, which may be at any moment: so
	// they are due at a later one.
	soonDue := fields{"title": "Soon", "due_date": in(8 * time.Second), "reminder_offsets": []int{0}}
	completed, deleted, cleared := p.add(t, soonDue), p.add(t, soonDue), p.add(t, soonDue)
	p.call(t, "complete_task", fields{"task_id": completed.ID})
	p.call(t, "delete_task", fields{"task_id": deleted.ID})
	p.call(t, "update_task", fields{"task_id": cleared.ID, "clear": []string{"due_date"}})
	control := p.add(t, soonDue)
	until(t, soon, "the reminder of the one that stays", func() bool { return len(s.reminders(control.ID)) == 1 })
	s.scanned(t, p)
	for _, one := range []view{none, undated, completed, deleted, cleared} {
		require.Empty(t, s.reminders(one.ID), one.Title)
		require.Empty(t, s.observer.of(event.TopicTaskReminders, event.ReminderSent, one.ID), one.Title)
	}
}

func TestNewDueDateRemindsAgainAndReopeningArmsWhatLiesAhead(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	moved := p.add(t, fields{"title": "Moved", "due_date": in(minute)})
	reopened := p.add(t, fields{"title": "Reopened", "due_date": in(90 * minute), "reminder_offsets": []int{120, 60}})
	until(t, soon, "the first reminders", func() bool { return len(s.reminders(moved.ID))+len(s.reminders(reopened.ID)) == 2 })

	p.call(t, "update_task", fields{"task_id": moved.ID, "due_date": in(2 * minute)}) // the same to who was reminded
	p.call(t, "update_task", fields{"task_id": moved.ID, "due_date": in(-2 * time.Hour)})
	require.Empty(t, p.call(t, "complete_task", fields{"task_id": reopened.ID}).Task.RemindAt)
	p.call(t, "reopen_task", fields{"task_id": reopened.ID})
	require.Equal(t, instant(t, reopened.DueDate).Add(-60*minute), instant(t, p.get(t, reopened.ID).RemindAt))

	until(t, soon, "the reminder for the new date", func() bool { return len(s.reminders(moved.ID)) == 2 })
	s.scanned(t, p)
	require.Len(t, s.reminders(moved.ID), 2)
	require.Len(t, s.reminders(reopened.ID), 1, "what was past is not said again")
}
