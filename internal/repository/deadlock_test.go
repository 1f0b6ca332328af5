package repository_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/task"
)

// atOnce runs functions at the same time and returns their errors.
func atOnce(all ...func() error) []error {
	var group sync.WaitGroup
	failures := make([]error, len(all))
	for i, one := range all {
		group.Go(func() { failures[i] = one() })
	}
	group.Wait()
	return failures
}

// Each of two transactions has what the other one wants: Postgres ends one of them.
func TestTransactionThatWasEndedByADeadlockRunsAgain(t *testing.T) {
	b := setup(t)
	first, second := b.part(t, "First", nil), b.part(t, "Second", nil)
	locked := map[int64]chan struct{}{first.ID: make(chan struct{}), second.ID: make(chan struct{})}
	runs := make([]int, 2)
	crossing := func(i int, one, other int64) func() error {
		return func() error {
			return b.store.Tx(b.ctx, b.ann.UserID, func(tx task.Tx) error {
				if _, err := tx.LockTask(b.ctx, one); err != nil {
					return err
				}
				if runs[i]++; runs[i] == 1 {
					close(locked[one])
				}
				<-locked[other]
				_, err := tx.LockTask(b.ctx, other)
				return err
			})
		}
	}
	for _, err := range atOnce(crossing(0, first.ID, second.ID), crossing(1, second.ID, first.ID)) {
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, runs[0]+runs[1], 3, "one of them ran again")
}

// Adding a part has the user locked, and refers to the task that it is a part of. It
// does not wait for a change of that, which may wait for the user.
func TestAddingAPartDoesNotWaitForAChangeOfTheWhole(t *testing.T) {
	b := setup(t)
	whole := b.part(t, "Whole", nil)
	changing, adding := make(chan struct{}), make(chan struct{})
	changes, additions := 0, 0
	change := func() error {
		return b.store.Tx(b.ctx, b.ann.UserID, func(tx task.Tx) error {
			if changes++; changes > 1 {
				return nil
			}
			if _, err := tx.LockTask(b.ctx, whole.ID); err != nil {
				return err
			}
			close(changing)
			<-adding
			return tx.LockStructure(b.ctx)
		})
	}
	add := func() error {
		return b.store.Tx(b.ctx, b.ann.UserID, func(tx task.Tx) error {
			if additions++; additions == 1 {
				<-changing
			}
			if err := tx.LockStructure(b.ctx); err != nil {
				return err
			}
			if additions == 1 {
				close(adding)
			}
			part := &task.Task{UserID: b.ann.UserID, Title: "Part", Priority: task.Medium, TimeZone: "UTC", ParentID: &whole.ID, CreatedAt: whole.CreatedAt, UpdatedAt: whole.CreatedAt, Version: 1}
			_, err := tx.Insert(b.ctx, part, task.Idempotency{})
			return err
		})
	}
	for _, err := range atOnce(change, add) {
		require.NoError(t, err)
	}
	require.Equal(t, []int{1, 1}, []int{changes, additions}, "neither was ended because of the other")
}

// waiting tells whether a session of the test's database waits for a lock.
func (b *bundle) waiting(t *testing.T) (waits bool) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(b.ctx, `
		SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits))
	return waits
}

func TestPartThatComesWhileItsWholeIsDeletedGoesWithIt(t *testing.T) {
	b := setup(t)
	whole := b.part(t, "Whole", nil)
	deleted := make(chan error, 1)
	part := &task.Task{UserID: b.ann.UserID, Title: "Part", Priority: task.Medium, TimeZone: "UTC", ParentID: &whole.ID, CreatedAt: whole.CreatedAt, UpdatedAt: whole.CreatedAt, Version: 1}
	require.NoError(t, b.store.Tx(b.ctx, b.ann.UserID, func(tx task.Tx) error {
		if err := tx.LockStructure(b.ctx); err != nil {
			return err
		}
		if _, err := tx.Insert(b.ctx, part, task.Idempotency{}); err != nil {
			return err
		}
		go func() {
			_, err := b.service.Delete(b.ctx, b.ann, whole.ID)
			deleted <- err
		}()
		require.Eventually(t, func() bool { return len(deleted) > 0 || b.waiting(t) }, 20*time.Second, 5*time.Millisecond)
		return nil
	}))
	require.NoError(t, <-deleted)
	_, err := b.service.Get(b.ctx, b.ann, part.ID)
	requireCode(t, err, fault.NotFound, "task_id")
}

func TestTreesThatMoveUnderEachOtherAtOnceAreNeverACircle(t *testing.T) {
	b := setup(t)
	one, other := b.part(t, "One", nil), b.part(t, "Other", nil)
	under := func(id, parent int64) func() error {
		return func() error { return b.change(t, id, task.Fields{ParentID: input.Some(parent)}) }
	}
	moved := 0
	for _, err := range atOnce(under(one.ID, other.ID), under(other.ID, one.ID), under(one.ID, other.ID), under(other.ID, one.ID)) {
		if err == nil {
			moved++
			continue
		}
		requireCode(t, err, "CONFLICT", "parent_id")
	}
	require.Equal(t, 2, moved, "the one that moved first, and its repetition")
}

func TestTreeThatIsAddedByManyCallsAtOnceIsAddedOnce(t *testing.T) {
	b := setup(t)
	items := func() []task.TreeItem {
		item := func(title string, r task.References) task.TreeItem {
			return task.TreeItem{AddInput: task.AddInput{Fields: task.Fields{Title: input.Some(title)}, IdempotencyKey: title}, References: r}
		}
		return []task.TreeItem{
			item("Root", task.References{Ref: "root"}), item("A", task.References{Ref: "a", ParentRef: "root"}),
			item("B", task.References{ParentRef: "root", BlockedByRefs: []string{"a"}}),
		}
	}
	const callers = 8
	var calls []func() error
	ids := make([][3]int64, callers)
	for n := range callers {
		calls = append(calls, func() error {
			added, err := b.service.AddTree(b.ctx, b.ann, items())
			for i := range added {
				ids[n][i] = added[i].Task.ID
			}
			return err
		})
	}
	for _, err := range atOnce(calls...) {
		require.NoError(t, err)
	}
	for _, one := range ids {
		require.Equal(t, ids[0], one)
	}
}
