package repository_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/task"
)

// meanwhile runs fn, which has to wait for a label that the owner of the schema deletes
// after fn has looked it up.
func (b *bundle) meanwhile(t *testing.T, deletes string, id int64, fn func() error) error {
	t.Helper()
	tx, err := b.pool.Begin(b.ctx)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(b.ctx) }()
	_, err = tx.Exec(b.ctx, deletes, id)
	require.NoError(t, err)
	answer := make(chan error, 1)
	go func() { answer <- fn() }()
	require.Eventually(t, func() bool { return b.waiting(t) }, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, tx.Commit(b.ctx))
	return <-answer
}

func TestLabelThatIsDeletedMeanwhileDoesNotExist(t *testing.T) {
	const deleteTag, deleteCategory = `DELETE FROM tags WHERE id = $1`, `DELETE FROM categories WHERE id = $1`
	t.Run("a tag to delete", func(t *testing.T) {
		b := setup(t)
		gone := b.tag(t, b.ann, "gone")
		err := b.meanwhile(t, deleteTag, gone.ID, func() error {
			_, err := b.labels.DeleteTag(b.ctx, b.ann, label.TagInput{TagID: gone.ID})
			return err
		})
		requireCode(t, err, fault.NotFound, "tag_id")
	})
	t.Run("a category to delete", func(t *testing.T) {
		b := setup(t)
		gone := b.category(t, b.ann, "gone")
		err := b.meanwhile(t, deleteCategory, gone.ID, func() error {
			_, err := b.labels.DeleteCategory(b.ctx, b.ann, label.CategoryInput{CategoryID: gone.ID})
			return err
		})
		requireCode(t, err, fault.NotFound, "category_id")
	})
	t.Run("a tag to merge into", func(t *testing.T) {
		b := setup(t)
		gone, kept := b.tag(t, b.ann, "gone"), b.tag(t, b.ann, "kept")
		err := b.meanwhile(t, deleteTag, gone.ID, func() error {
			_, err := b.labels.MergeTag(b.ctx, b.ann, label.UpdateTagInput{TagInput: label.TagInput{TagID: kept.ID}, MergeInto: "gone"})
			return err
		})
		requireCode(t, err, fault.NotFound, "merge_into")
		tags, err := b.labels.PlainTags(b.ctx, b.ann)
		require.NoError(t, err)
		require.Equal(t, []label.Tag{kept}, tags, "nothing was merged into what is gone")
	})
	t.Run("a tag of a new task", func(t *testing.T) {
		b := setup(t)
		gone := b.tag(t, b.ann, "gone")
		err := b.meanwhile(t, deleteTag, gone.ID, func() error {
			added, err := b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), Tags: input.Some([]string{"gone"})}})
			if err == nil {
				require.NotEqual(t, gone.ID, added.Task.Tags[0].ID, "it was created anew")
			}
			return err
		})
		require.NoError(t, err)
	})
}
