package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

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

	lateness   prometheus.Histogram
	duplicates prometheus.Counter
}

func newDeliverer(once func(context.Context, string, uuid.UUID, func() error) (bool, error), now func() time.Time, log *slog.Logger, registry prometheus.Registerer) *deliverer {
	f := promauto.With(registry)
	return &deliverer{
		once: once, now: now, log: log,
		lateness: f.NewHistogram(prometheus.HistogramOpts{
			Name: "tickler_reminder_lateness_seconds", Help: "From the instant that a reminder was set for until it is delivered. A reminder that had passed when its task was made is late from the start.",
			Buckets: []float64{0.5, 1, 2, 4, 6, 8, 12, 20, 60, 300, 3600},
		}),
		duplicates: f.NewCounter(prometheus.CounterOpts{Name: "tickler_duplicates_total", Help: "Events that were delivered again after they had been handled."}),
	}
}

// deliver handles reminder.sent, once an event.
func (d *deliverer) deliver(ctx context.Context, e event.Envelope) error {
	reminder, err := event.Decode[event.Reminder](e, event.ReminderSent)
	if err != nil {
		return sidecar.Permanent(err)
	}
	done, err := d.once(ctx, app, reminder.EventID, func() error {
		d.log.Info(wording(reminder, d.now()), "task_id", reminder.TaskID, "user_id", reminder.UserID,
			"event", reminder.EventID, "trace", telemetry.TraceID(ctx))
		return nil
	})
	switch {
	case err != nil:
		return err
	case done:
		d.lateness.Observe(d.now().Sub(reminder.ReminderTime).Seconds())
	default:
		d.duplicates.Inc()
	}
	return nil
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
