package repository_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/task"
)

func TestRepeatedAdditionDoesNotDependOnWhatChangedSince(t *testing.T) {
	b := setup(t)
	in := task.AddInput{Fields: task.Fields{Title: input.Some("x"), Tags: input.Some([]string{"home"})}, IdempotencyKey: "k1"}
	added, err := b.service.Add(b.ctx, b.ann, in)
	require.NoError(t, err)
	first := added.Task
	_, err = b.pool.Exec(b.ctx, `DELETE FROM tags`)
	require.NoError(t, err)
	_, err = b.service.Delete(b.ctx, b.ann, first.ID)
	require.NoError(t, err)
	again, err := b.service.Add(b.ctx, b.ann, in)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.Task.ID)
	require.NotNil(t, again.Task.DeletedAt, "the caller is told")
	tags, err := b.store.Tags(b.ctx, b.ann.UserID)
	require.NoError(t, err)
	require.Empty(t, tags, "nothing is made by the way")
}
