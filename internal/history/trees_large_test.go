package history_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/history"
	"tickler/internal/journal"
	"tickler/internal/task"
)

// watched is the store, and how many tasks or entries were read in one go with their
// content.
type watched struct {
	history.Store
	most int
}

type watchedTx struct {
	history.Tx
	of *watched
}

func (w *watched) Undo(ctx context.Context, userID int64, fn func(history.Tx) error) error {
	return w.Store.Undo(ctx, userID, func(tx history.Tx) error { return fn(watchedTx{tx, w}) })
}

func (tx watchedTx) TasksByID(ctx context.Context, ids []int64) (map[int64]*task.Task, error) {
	tx.of.most = max(tx.of.most, len(ids))
	return tx.Tx.TasksByID(ctx, ids)
}

func (tx watchedTx) Entries(ctx context.Context, ids []int64) ([]journal.Entry, error) {
	tx.of.most = max(tx.of.most, len(ids))
	return tx.Tx.Entries(ctx, ids)
}

func TestUndoReadsTheContentOfALargeTreeAPageAtATime(t *testing.T) {
	b := setup(t)
	store := &watched{Store: b.store}
	changes := history.NewService(store, func() time.Time { return b.now })
	root := b.add(t, title("root")).ID
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO tasks (user_id, title, time_zone, priority, created_at, updated_at, parent_id)
		SELECT $1, 'Part ' || n, 'UTC', 'medium', now(), now(), $2 FROM generate_series(1, 120) n`, b.ann.UserID, root)
	require.NoError(t, err)
	before := b.state(t)
	call := b.do(t, func(ctx context.Context) error {
		_, err := b.tasks.Delete(ctx, b.ann, root)
		return err
	})
	store.most = 0
	ctx, _ := b.call(phone)
	done, err := changes.Undo(ctx, b.ann, history.UndoInput{CallID: call})
	require.NoError(t, err)
	require.Equal(t, 121, done.Count)
	require.Positive(t, store.most)
	require.LessOrEqual(t, store.most, 50)
	require.Equal(t, before, b.state(t))
}
