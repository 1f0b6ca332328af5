package repository_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

func TestFilingAndDeletingAtTheSameMomentNeitherDeadlocksNorLosesAnEvent(t *testing.T) {
	b := setup(t)
	added := make([]*task.Task, 20)
	for i := range added {
		added[i] = b.add(t, b.ann, task.Fields{Title: input.Some("x")})
	}
	for range 5 {
		b.category(t, b.ann, "Work")
		var callers sync.WaitGroup
		for _, one := range added {
			callers.Go(func() {
				_, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: one.ID, Fields: task.Fields{Category: input.Some("Work"), Tags: input.Some([]string{"a"})}})
				var e *fault.Error
				if err != nil {
					require.ErrorAs(t, err, &e)
					require.Contains(t, []fault.Code{fault.NotFound, fault.Conflict}, e.Code, e.Message)
				}
			})
		}
		callers.Go(func() {
			_, err := b.labels.DeleteCategory(b.ctx, b.ann, label.CategoryInput{Category: "Work"})
			require.NoError(t, err)
		})
		callers.Wait()
		_, err := b.labels.DeleteTag(b.ctx, b.ann, label.TagInput{Tag: "a"})
		if err != nil {
			requireCode(t, err, fault.NotFound, "tag")
		}
	}
	filed := map[int64]any{}
	for _, e := range b.outbox(t) {
		if fields, ok := e.Data["updated_fields"].(map[string]any); ok {
			if category, ok := fields["category_id"]; ok {
				filed[e.TaskID] = category
			}
		}
	}
	for id, category := range filed {
		require.Nil(t, category, "the last event of task %d says where it is", id)
	}
}

func TestTaggingIsIdempotentAlsoAtTheLimit(t *testing.T) {
	b := setup(t)
	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), Tags: input.Some([]string{"1", "2", "3", "4", "5", "6", "7", "8", "9"})})
	tag := func(name string) (task.UpdateResult, error) {
		return b.service.AddTagToTask(b.ctx, b.ann, task.TaggingInput{TaskID: added.ID, Tag: name})
	}
	result, err := tag(" Ten ")
	require.NoError(t, err)
	require.Equal(t, []string{"tag_ids"}, result.Changed)
	require.Equal(t, 2, result.Task.Version)
	result, err = tag("TEN")
	require.NoError(t, err)
	require.Empty(t, result.Changed)
	require.Equal(t, 2, result.Task.Version)
	_, err = tag("eleven")
	requireCode(t, err, fault.LimitExceeded, "tag")
	tags, err := b.labels.Tags(b.ctx, b.ann)
	require.NoError(t, err)
	require.Len(t, tags, 10, "a refused tag is not created")

	ten := task.TaggingInput{TaskID: added.ID, TagID: result.Task.Tags[9].ID}
	for i, changed := range [][]string{{"tag_ids"}, nil} {
		result, err = b.service.RemoveTagFromTask(b.ctx, b.ann, ten)
		require.NoError(t, err)
		require.Equal(t, changed, result.Changed, "call %d", i+1)
		require.Len(t, result.Task.Tags, 9)
	}
	events := b.outbox(t)
	require.Len(t, events, 3)
	require.Len(t, events[1].Data["updated_fields"].(map[string]any)["tag_ids"], 10)
	require.Len(t, events[2].Data["updated_fields"].(map[string]any)["tag_ids"], 9)

	theirs := b.tag(t, b.bob, "theirs")
	for _, c := range []struct {
		user  person.Settings
		in    task.TaggingInput
		code  fault.Code
		field string
	}{
		{b.ann, task.TaggingInput{TaskID: added.ID}, fault.InvalidInput, "tag"},
		{b.ann, task.TaggingInput{TaskID: added.ID, Tag: "a", TagID: 1}, fault.InvalidInput, "tag"},
		{b.ann, task.TaggingInput{TaskID: added.ID, Tag: strings.Repeat("x", 31)}, fault.InvalidInput, "tag"},
		{b.ann, task.TaggingInput{TaskID: added.ID, TagID: theirs.ID}, fault.NotFound, "tag_id"},
		{b.ann, task.TaggingInput{TaskID: 1 << 40, Tag: "a"}, fault.NotFound, "task_id"},
		{b.bob, task.TaggingInput{TaskID: added.ID, Tag: "a"}, fault.NotFound, "task_id"},
	} {
		_, err := b.service.AddTagToTask(b.ctx, c.user, c.in)
		requireCode(t, err, c.code, c.field)
		_, err = b.service.RemoveTagFromTask(b.ctx, c.user, c.in)
		requireCode(t, err, c.code, c.field)
	}
	_, err = b.service.RemoveTagFromTask(b.ctx, b.ann, task.TaggingInput{TaskID: added.ID, Tag: "tenn"})
	requireCode(t, err, fault.NotFound, "tag")
}
