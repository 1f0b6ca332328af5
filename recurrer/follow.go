package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/recurrence"
	"tickler/internal/sidecar"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

// follower creates the occurrences that follow completed ones.
type follower struct {
	service *task.Service
	log     *slog.Logger

	created   prometheus.Counter
	unchanged prometheus.Counter
}

func newFollower(service *task.Service, log *slog.Logger, registry prometheus.Registerer) *follower {
	f := promauto.With(registry)
	return &follower{
		service: service, log: log,
		created:   f.NewCounter(prometheus.CounterOpts{Name: "tickler_occurrences_created_total", Help: "Next occurrences created."}),
		unchanged: f.NewCounter(prometheus.CounterOpts{Name: "tickler_completions_without_successor_total", Help: "Completions of recurring tasks that called for nothing: delivered again, undone meanwhile, or the last of their series."}),
	}
}

// follow handles task.completed. It is idempotent: a constraint in Postgres makes a
// second successor impossible.
func (f *follower) follow(ctx context.Context, e event.Envelope) error {
	completed, err := event.Decode[event.Completed](e, event.TaskCompleted)
	if err != nil {
		return sidecar.Permanent(err)
	}
	if completed.RecurrenceRule == "" {
		return nil
	}
	next, err := f.service.CreateSuccessor(ctx, completed.UserID, completed.TaskID)
	if err != nil {
		return permanent(err)
	}
	if next == nil {
		f.unchanged.Inc()
	} else {
		f.created.Inc()
		f.log.Info("next occurrence created", "task_id", next.ID, "previous_task_id", completed.TaskID,
			"user_id", completed.UserID, "trace", telemetry.TraceID(ctx))
	}
	return nil
}

// permanent marks an error that retrying cannot fix.
func permanent(err error) error {
	var rule *recurrence.Error
	if errors.As(err, &rule) || errors.Is(err, fault.ErrRefused) {
		return sidecar.Permanent(err)
	}
	return err
}
