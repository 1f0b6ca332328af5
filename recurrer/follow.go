package main

import (
	"context"
	"log/slog"

	"tickler/internal/event"
	"tickler/internal/sidecar"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

// follower creates the occurrences that follow completed ones.
type follower struct {
	service *task.Service
	log     *slog.Logger
}

// follow handles task.completed. However often it comes, a task gets one
// successor: a constraint in Postgres makes a second one impossible.
func (f *follower) follow(ctx context.Context, e event.Envelope) error {
	completed, err := event.Decode[event.Completed](e, event.TaskCompleted)
	if err != nil {
		return sidecar.Permanent(err)
	}
	if completed.RecurrenceRule == "" {
		return nil
	}
	next, err := f.service.Follow(ctx, completed.UserID, completed.TaskID)
	if err != nil {
		return err
	}
	if next != nil {
		f.log.Info("next occurrence created", "task_id", next.ID, "previous_task_id", completed.TaskID,
			"user_id", completed.UserID, "trace", telemetry.TraceID(ctx))
	}
	return nil
}
