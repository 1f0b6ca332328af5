package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

func TestReminderSaysHowLongThereIsOrWas(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		due  time.Duration
		want string
	}{
		{42 * time.Minute, "🔔 REMINDER: Task 'Pay' (ID: 7) is due in 42 minutes"},
		{41*time.Minute + 30*time.Second, "🔔 REMINDER: Task 'Pay' (ID: 7) is due in 41 minutes"},
		{time.Minute, "🔔 REMINDER: Task 'Pay' (ID: 7) is due in 1 minute"},
		{0, "🔔 REMINDER: Task 'Pay' (ID: 7) is due now"},
		{-5 * time.Minute, "🔔 REMINDER: Task 'Pay' (ID: 7) was due 5 minutes ago"},
		{-time.Second, "🔔 REMINDER: Task 'Pay' (ID: 7) was due 1 minute ago"},
	}
	for _, c := range cases {
		due := now.Add(c.due)
		require.Equal(t, c.want, wording(event.Reminder{Base: event.Base{TaskID: 7}, ReminderFields: event.ReminderFields{Title: "Pay", DueDate: &due}}, now))
	}
}
