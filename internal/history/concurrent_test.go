package history_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/history"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/task"
)

// together runs functions at the same moment and waits for all.
func together(all ...func()) {
	var begin, end sync.WaitGroup
	begin.Add(1)
	for _, one := range all {
		end.Go(func() { begin.Wait(); one() })
	}
	begin.Done()
	end.Wait()
}

func TestOneOfManyUndoingsAtOnceTakesBack(t *testing.T) {
	b := setup(t)
	of := b.world(t)
	before := b.state(t)
	call := b.do(t, func(ctx context.Context) error { return kinds["several at once"](ctx, b, of) })
	b.recur(t)
	const callers = 6
	results, failures := make([]history.Undoing, callers), make([]error, callers)
	var all []func()
	for i := range callers {
		ctx, _ := b.call(phone)
		all = append(all, func() { results[i], failures[i] = b.changes.Undo(ctx, b.ann, undoCall(call)) })
	}
	together(all...)
	took := 0
	for i, err := range failures {
		var known *fault.Error
		if errors.As(err, &known) { // removing a tag, which only one at a time may
			require.Equal(t, fault.RateLimited, known.Code, known.Message)
			continue
		}
		require.NoError(t, err)
		if results[i].Count > 0 {
			took++
			require.Zero(t, results[i].Already)
		}
	}
	require.Equal(t, 1, took)
	require.Equal(t, before, b.state(t))
}

// The recurrer hears of a completion while that is taken back, before or after.
func TestACompletionIsTakenBackWhileItIsFollowed(t *testing.T) {
	b := setup(t)
	of := b.world(t)
	before := b.state(t)
	for range 15 {
		call := b.do(t, func(ctx context.Context) error { return b.complete(ctx, of["Series"]) })
		ctx, _ := b.call(phone)
		var failed, followed error
		together(
			func() { _, failed = b.changes.Undo(ctx, b.ann, undoCall(call)) },
			func() { _, followed = b.tasks.CreateSuccessor(b.ctx, b.ann.UserID, of["Series"]) },
			func() { _, _ = b.tasks.CreateSuccessor(b.ctx, b.ann.UserID, of["Series"]) },
		)
		require.NoError(t, followed)
		require.NoError(t, failed)
		b.recur(t)
		require.Equal(t, before, b.state(t))
	}
}

// An edit comes either before, and stands in the way, or after.
func TestAnEditIsNeverLostToAnUndoing(t *testing.T) {
	b := setup(t)
	id := b.add(t, title("as it was")).ID
	refused, done := 0, 0
	for n := range 20 {
		call := b.do(t, func(ctx context.Context) error { return b.update(ctx, id, title("by the laptop")) })
		last := fmt.Sprint("edited meanwhile ", n)
		undoing, _ := b.call(phone)
		editing, edit := b.call(laptop)
		var failed, edited error
		together(
			func() { _, failed = b.changes.Undo(undoing, b.ann, undoCall(call)) },
			func() { edited = b.update(editing, id, title(last)) },
		)
		require.NoError(t, edited)
		got, err := b.tasks.Get(b.ctx, b.ann, id)
		require.NoError(t, err)
		require.Equal(t, last, got.Title)
		entries := b.entries(t)
		require.Equal(t, edit, entries[0].CallID.String(), "the edit is the last of its changes")
		if failed == nil {
			require.NotZero(t, entries[1].Undoes)
			done++
			continue
		}
		requireCode(t, failed, fault.Conflict, "changed since")
		refused++
	}
	t.Logf("%d refused, %d done", refused, done)
}

func TestADeletedTagComesBackWithItsManyTasks(t *testing.T) {
	b := setup(t)
	var ids []int64
	for range 1200 {
		added, err := b.tasks.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), Tags: input.Some([]string{"many"})}})
		require.NoError(t, err)
		ids = append(ids, added.Task.ID)
	}
	_, err := b.tasks.Delete(b.ctx, b.ann, ids[0])
	require.NoError(t, err)
	before := b.state(t)
	call := b.do(t, func(ctx context.Context) error {
		_, err := b.labels.DeleteTag(ctx, b.ann, label.TagInput{Tag: "many"})
		return err
	})
	edit := func(id int64) string {
		return b.do(t, func(ctx context.Context) error { return b.update(ctx, id, title("y")) })
	}
	first, second, third := edit(ids[1]), edit(ids[2]), edit(ids[3])
	b.undo(t, third) // so this stands in nobody's way
	_, err = b.try(undoCall(call))
	requireCode(t, err, fault.Conflict, "2 of 1200")
	done, err := b.try(history.UndoInput{CallID: call, Partial: true})
	require.NoError(t, err)
	require.Equal(t, 1198, done.Count, "the tag and 1197 tasks")
	require.Len(t, done.Blocked, 2)
	require.LessOrEqual(t, len(done.Undone), 50)
	for _, e := range b.of(t, done.CallID.String()) {
		require.NotZero(t, e.Undoes, "%s %d", e.Object, e.ObjectID)
		if e.Object == journal.Task {
			require.JSONEq(t, `{"tag_ids":[]}`, string(e.Before))
		}
	}
	b.undo(t, done.CallID.String())
	b.undo(t, second)
	b.undo(t, first)
	b.undo(t, call)
	require.Equal(t, before, b.state(t), "with the deleted task that had it")
}
