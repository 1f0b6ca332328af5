package history_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/history"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/task"
)

// Whoever may only write undoes too, and must not learn from a refusal what there is.
func TestARefusalTellsWhoMayNotReadNothingOfWhatStandsInTheWay(t *testing.T) {
	b := setup(t)
	_, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: "Secret"})
	require.NoError(t, err)
	id := b.add(t, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-02T12:00"), Category: input.Some("Secret")}).ID
	moved := b.do(t, func(ctx context.Context) error { return b.update(ctx, id, task.Fields{Category: input.Null[string]()}) })
	_, err = b.labels.DeleteCategory(b.ctx, b.ann, label.CategoryInput{Category: "Secret"})
	require.NoError(t, err)
	_, err = b.try(history.UndoInput{CallID: moved})
	requirePlain(t, err, "was deleted since", "category", "task")

	renamed := b.do(t, func(ctx context.Context) error { return b.update(ctx, id, title("y")) })
	require.NoError(t, b.update(b.ctx, id, title("z")))
	_, err = b.try(history.UndoInput{CallID: renamed})
	requirePlain(t, err, "it was changed since (change ", "since", "task")

	b.remind(t)
	_, err = b.try(history.UndoInput{ChangeID: b.entries(t)[0].ID})
	requirePlain(t, err, "a reminder was sent", "reminder")
}

// requirePlain requires an error that says something, and does not say words to those
// who may not read.
func requirePlain(t *testing.T, err error, says string, hidden ...string) {
	t.Helper()
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, e.Message, says)
	for _, word := range hidden {
		require.NotContains(t, e.Plain().Message+e.Plain().Hint, word)
	}
	require.Contains(t, e.Plain().Message, "nothing was undone")
}
