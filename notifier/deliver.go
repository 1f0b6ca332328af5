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

// once runs an effect with those of the events that were not handled before.
type once func(ctx context.Context, consumer string, events []uuid.UUID, effect func(fresh map[uuid.UUID]bool) error) error

// deliverer brings reminders to people. The log line is the channel that every
// deployment has.
type deliverer struct {
	once once
	now  func() time.Time
	log  *slog.Logger

	lateness   prometheus.Histogram
	duplicates prometheus.Counter
}

func newDeliverer(once once, now func() time.Time, log *slog.Logger, registry prometheus.Registerer) *deliverer {
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

// deliver handles reminder.sent, once an event, however often and however many
// at a time they come.
func (d *deliverer) deliver(ctx context.Context, events []event.Envelope) []error {
	results := make([]error, len(events))
	reminders := make([]event.Reminder, len(events))
	var ids []uuid.UUID
	for i, e := range events {
		var err error
		if reminders[i], err = event.Decode[event.Reminder](e, event.ReminderSent); err != nil {
			results[i] = sidecar.Permanent(err)
			continue
		}
		ids = append(ids, reminders[i].EventID)
	}
	if len(ids) == 0 {
		return results
	}
	err := d.once(ctx, app, ids, func(fresh map[uuid.UUID]bool) error {
		for i, reminder := range reminders {
			switch {
			case results[i] != nil:
			case fresh[reminder.EventID]:
				delete(fresh, reminder.EventID) // the same event can be twice in a bulk
				d.remind(ctx, events[i], reminder)
			default:
				d.duplicates.Inc()
			}
		}
		return nil
	})
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
