package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tickler/internal/delivery"
	"tickler/internal/event"
	"tickler/internal/sidecar"
	"tickler/internal/telemetry"
)

// take records reminders and their deliveries; see repository.TakeReminders.
type take func(ctx context.Context, reminders []event.Reminder, now time.Time, seen func(event.Reminder)) (repeated int, err error)

// deliverer handles reminders from the bus. Every deployment has the log line as a
// channel. The other channels are served by the sender, from rows in Postgres, so
// that a failing target does not hold up the topic.
type deliverer struct {
	take take
	wake func() // tells the sender of new rows
	now  func() time.Time
	log  *slog.Logger

	lateness   prometheus.Histogram
	duplicates prometheus.Counter
}

func newDeliverer(take take, wake func(), now func() time.Time, log *slog.Logger, registry prometheus.Registerer) *deliverer {
	f := promauto.With(registry)
	return &deliverer{
		take: take, wake: wake, now: now, log: log,
		lateness: f.NewHistogram(prometheus.HistogramOpts{
			Name: "tickler_reminder_lateness_seconds", Help: "From the instant that a reminder was set for until it is delivered. A reminder that had passed when its task was made is late from the start.",
			Buckets: []float64{0.5, 1, 2, 4, 6, 8, 12, 20, 60, 300, 3600},
		}),
		duplicates: f.NewCounter(prometheus.CounterOpts{Name: "tickler_duplicates_total", Help: "Events that were delivered again after they had been handled."}),
	}
}

// deliver handles reminder.sent events in bulk. It is idempotent for each event.
func (d *deliverer) deliver(ctx context.Context, events []event.Envelope) []error {
	results := make([]error, len(events))
	var reminders []event.Reminder
	envelopes := map[uuid.UUID]event.Envelope{}
	for i, e := range events {
		reminder, err := event.Decode[event.Reminder](e, event.ReminderSent)
		if err != nil {
			results[i] = sidecar.Permanent(err)
			continue
		}
		reminders = append(reminders, reminder)
		envelopes[reminder.EventID] = e
	}
	if len(reminders) == 0 {
		return results
	}
	repeated, err := d.take(ctx, reminders, d.now().UTC().Truncate(time.Microsecond), func(reminder event.Reminder) {
		d.remind(ctx, envelopes[reminder.EventID], reminder)
	})
	if err == nil {
		d.duplicates.Add(float64(repeated))
		d.wake()
	}
	for i := range results {
		if results[i] == nil {
			results[i] = err
		}
	}
	return results
}

func (d *deliverer) remind(ctx context.Context, e event.Envelope, reminder event.Reminder) {
	ctx, span := telemetry.Consume(telemetry.WithTraceParent(ctx, e.TraceParent), "deliver reminder")
	defer span.End()
	now := d.now()
	d.log.Info(wording(reminder, now), "task_id", reminder.TaskID, "user_id", reminder.UserID,
		"event", reminder.EventID, "trace", telemetry.TraceID(ctx))
	d.lateness.Observe(now.Sub(reminder.ReminderTime).Seconds())
}

// wording is what a reminder says.
func wording(r event.Reminder, now time.Time) string {
	line := fmt.Sprintf("🔔 REMINDER: Task '%s' (ID: %d)", r.Title, r.TaskID)
	if r.DueDate == nil {
		return line
	}
	return line + " " + delivery.When(&r, now)
}
