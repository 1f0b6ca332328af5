package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// BenchmarkReminderLateness lets a thousand reminders a minute fall due, for two
// minutes, and tells how long after its instant each was on the topic. The scan's
// tick of 5 s is most of it.
func BenchmarkReminderLateness(b *testing.B) {
	const perMinute, size = 1000, 2000
	s := start(b, unlimited)
	p := s.person(b, "")
	for b.Loop() {
		begin := time.Now().Add(day).Truncate(time.Second)
		var tasks []fields
		for n := range size {
			at := begin.Add(time.Duration(n) * time.Minute / perMinute)
			tasks = append(tasks, fields{"title": fmt.Sprint("Reminder ", n), "due_date": at.UTC().Format(time.RFC3339), "reminder_offsets": []int{0}})
		}
		for batch := range slices.Chunk(tasks, 50) {
			p.call(b, "add_tasks", fields{"tasks": batch})
		}
		begin = s.bringForward(b, begin, 5*time.Second)
		// Dates are read to the second; spread them within it.
		s.exec(b, `UPDATE reminders SET remind_at = remind_at + (task_id % 17) * interval '60 milliseconds'`)
		sent := func(m message) bool {
			return m.topic == event.TopicTaskReminders && m.Envelope.Type == event.ReminderSent && m.received.After(begin)
		}
		var found []message
		require.Eventually(b, func() bool {
			found = s.observer.find(sent)
			return len(found) == size
		}, 4*time.Minute, time.Second)
		var late []time.Duration
		for _, m := range found {
			reminder, err := event.Decode[event.Reminder](m.Envelope, event.ReminderSent)
			require.NoError(b, err)
			late = append(late, m.received.Sub(reminder.ReminderTime))
		}
		slices.Sort(late)
		b.ReportMetric(late[size/2].Seconds(), "p50-s")
		b.ReportMetric(late[size*99/100].Seconds(), "p99-s")
		b.ReportMetric(late[size-1].Seconds(), "max-s")
	}
	b.ReportMetric(0, "ns/op")
}
