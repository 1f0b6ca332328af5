package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"tickler/internal/event"
	"tickler/internal/sidecar"
	"tickler/internal/telemetry"
)

// deliverer brings reminders to people. The log line is the channel that every
// deployment has.
type deliverer struct {
	once func(ctx context.Context, consumer string, eventID uuid.UUID, effect func() error) (bool, error)
	now  func() time.Time
	log  *slog.Logger
}

// deliver handles reminder.sent, once an event.
func (d *deliverer) deliver(ctx context.Context, e event.Envelope) error {
	reminder, err := event.Decode[event.Reminder](e, event.ReminderSent)
	if err != nil {
		return sidecar.Permanent(err)
	}
	_, err = d.once(ctx, app, reminder.EventID, func() error {
		d.log.Info(wording(reminder, d.now()), "task_id", reminder.TaskID, "user_id", reminder.UserID,
			"event", reminder.EventID, "trace", telemetry.TraceID(ctx))
		return nil
	})
	return err
}

// wording is what a reminder says.
func wording(r event.Reminder, now time.Time) string {
	line := fmt.Sprintf("🔔 REMINDER: Task '%s' (ID: %d)", r.Title, r.TaskID)
	if r.DueDate == nil {
		return line
	}
	left := r.DueDate.Sub(now)
	if left < 0 {
		return fmt.Sprintf("%s was due %s ago", line, minutes(-left))
	}
	return fmt.Sprintf("%s is due in %s", line, minutes(left))
}

// minutes rounds up what is left and what is past: 41½ minutes are 42.
func minutes(d time.Duration) string {
	n := int64((d + time.Minute - 1) / time.Minute)
	if n == 1 {
		return "1 minute"
	}
	return fmt.Sprintf("%d minutes", n)
}
