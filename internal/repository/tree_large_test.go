package repository_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/task"
)

// watched is the store, and how many tasks were read in one go with their content.
type watched struct {
	task.Store
	most int
}

type watchedTx struct {
	task.Tx
	of *watched
}

func (w *watched) Tx(ctx context.Context, userID int64, fn func(task.Tx) error) error {
	return w.Store.Tx(ctx, userID, func(tx task.Tx) error { return fn(watchedTx{tx, w}) })
}

func (tx watchedTx) TasksByID(ctx context.Context, ids []int64) (map[int64]*task.Task, error) {
	tx.of.most = max(tx.of.most, len(ids))
	return tx.Tx.TasksByID(ctx, ids)
}

// fill gives a task parts.
func (b *bundle) fill(t *testing.T, of *task.Task, parts int, deleted *time.Time) {
	t.Helper()
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO tasks (user_id, title, time_zone, priority, created_at, updated_at, parent_id, deleted_at)
		SELECT $1, 'Part ' || n, 'UTC', 'medium', now(), now(), $2, $4 FROM generate_series(1, $3) n`, b.ann.UserID, of.ID, parts, deleted)
	require.NoError(t, err)
}

func TestTheContentOfALargeTreeIsReadAPageAtATime(t *testing.T) {
	b := setup(t)
	store := &watched{Store: b.store}
	service := task.NewService(store, func() time.Time { return b.now })
	root := b.part(t, "Root", nil, func(f *task.Fields) {
		f.RecurrenceRule, f.DueDate = input.Some("daily"), input.Some("2026-03-03T09:00")
	})
	b.fill(t, root, 120, nil)
	for _, step := range []struct {
		name string
		do   func() (parts int, err error)
	}{
		{"delete", func() (int, error) {
			gone, err := service.Delete(b.ctx, b.ann, root.ID)
			return gone.Parts, err
		}},
		{"restore", func() (int, error) {
			back, err := service.Reopen(b.ctx, b.ann, root.ID)
			return back.Parts, err
		}},
		{"complete", func() (int, error) {
			done, err := service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: root.ID, Parts: task.CompleteParts})
			return done.Parts, err
		}},
	} {
		store.most = 0
		parts, err := step.do()
		require.NoError(t, err, step.name)
		require.Equal(t, 120, parts, step.name)
		require.Positive(t, store.most, step.name)
		require.LessOrEqual(t, store.most, 50, step.name)
	}
}

// A tree has room for 2,000 tasks, so a branch of 1,100 must not be counted twice.
func TestALargeBranchCanMoveWithinItsTreeAndComeBackToItsPlace(t *testing.T) {
	b := setup(t)
	root := b.part(t, "Root", nil)
	branch, other := b.part(t, "Branch", root), b.part(t, "Other", root)
	b.fill(t, branch, 1100, &b.now)
	_, err := b.service.Delete(b.ctx, b.ann, branch.ID)
	require.NoError(t, err)
	back, err := b.service.Reopen(b.ctx, b.ann, branch.ID)
	require.NoError(t, err)
	require.Empty(t, back.Task.Notes)
	require.Equal(t, root.ID, b.parentOf(t, branch))
	require.NoError(t, b.change(t, branch.ID, task.Fields{ParentID: input.Some(other.ID)}))
	require.Equal(t, other.ID, b.parentOf(t, branch))
}
