package repository

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// ClaimRemindersSQL is the reminder scan, for a test of its plan.
const ClaimRemindersSQL = claimReminders

// ClaimRemindersArguments are its parameters.
func (r *Repository) ClaimRemindersArguments(ctx context.Context, now, from time.Time, limit int) []any {
	return r.claiming(ctx, now, from, limit)
}

// FeedSQL is what a calendar feed reads: its tasks, and their version.
var FeedSQL = []string{feedTasks, feedVersion}

// CheckRole is checkRole, for tests of its own.
var CheckRole = checkRole

// PauseAfterAnyChange makes any change of all of a user's tasks use up the
// allowance, and none of it come back within a test.
func (r *Repository) PauseAfterAnyChange() { r.pauses.allowance, r.pauses.regained = 0, 1e-9 }

// Once is once with an effect that writes nothing.
func (r *Repository) Once(ctx context.Context, consumer string, events []uuid.UUID, effect func(fresh map[uuid.UUID]bool) error) error {
	return r.once(ctx, consumer, events, func(_ *transaction, fresh map[uuid.UUID]bool) error { return effect(fresh) })
}
