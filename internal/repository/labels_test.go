package repository_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/task"
)

func (b *bundle) category(t *testing.T, user task.Settings, name string) task.Category {
	t.Helper()
	c, err := b.service.CreateCategory(b.ctx, user, task.CreateCategoryInput{Name: name})
	require.NoError(t, err)
	return c
}

func (b *bundle) tag(t *testing.T, user task.Settings, name string) task.Tag {
	t.Helper()
	g, err := b.service.CreateTag(b.ctx, user, task.CreateTagInput{Name: name})
	require.NoError(t, err)
	return g
}

func TestNamesOfCategoriesAndTagsAreCheckedAndUniquePerUserInAnyCase(t *testing.T) {
	b := setup(t)
	work := b.category(t, b.ann, "  Größe & Work 🏢 ")
	require.Equal(t, "Größe & Work 🏢", work.Name)
	home := b.tag(t, b.ann, "Zuhause")
	b.category(t, b.ann, strings.Repeat("ü", task.MaxCategoryName))
	b.tag(t, b.ann, strings.Repeat("ü", task.MaxTagName))
	b.category(t, b.bob, work.Name) // a name is its user's own
	b.tag(t, b.bob, home.Name)
	cases := []struct {
		name, color string
		code        task.Code
		field       string
	}{
		{"", "", task.InvalidInput, "name"},
		{" \t ", "", task.InvalidInput, "name"},
		{strings.Repeat("x", 51), "", task.InvalidInput, "name"},
		{strings.Repeat("x", 100_000), "", task.InvalidInput, "name"},
		{"a\x00b", "", task.InvalidInput, "name"},
		{"a\nb", "", task.InvalidInput, "name"},
		{"\xff", "", task.InvalidInput, "name"},
		{"x", "red", task.InvalidInput, "color"},
		{"x", "#12345", task.InvalidInput, "color"},
		{"x", "#12345G", task.InvalidInput, "color"},
		{"x", "#123456\n", task.InvalidInput, "color"},
		{"GRÖSSE & work 🏢", "", "", ""}, // ß is no ss
		{"größe & WORK 🏢", "", task.Conflict, "name"},
		{"GRÖßE & WORK 🏢", "", task.Conflict, "name"},
	}
	for _, c := range cases {
		_, err := b.service.CreateCategory(b.ctx, b.ann, task.CreateCategoryInput{Name: c.name, Color: c.color})
		if c.code == "" {
			require.NoError(t, err)
			continue
		}
		requireCode(t, err, c.code, c.field)
		if c.code == task.Conflict {
			c.name = "ZUHAUSE"
		}
		_, err = b.service.CreateTag(b.ctx, b.ann, task.CreateTagInput{Name: c.name, Color: c.color})
		requireCode(t, err, c.code, c.field)
	}
}

func TestCategoryIsRenamedAndRecolored(t *testing.T) {
	b := setup(t)
	b.category(t, b.ann, "Home")
	work := b.category(t, b.ann, "Work")
	filed := b.add(t, b.ann, task.AddInput{Title: "x", Category: "work"})
	update := func(user task.Settings, in task.UpdateCategoryInput) (task.Relabeling[task.Category], error) {
		return b.service.UpdateCategory(b.ctx, user, in)
	}
	named := task.CategoryInput{Category: "WORK"}
	result, err := update(b.ann, task.UpdateCategoryInput{CategoryInput: named, Name: task.Some("work"), Color: task.Some("#1e90FF")})
	require.NoError(t, err)
	require.Equal(t, []string{"color", "name"}, result.Changed)
	result, err = update(b.ann, task.UpdateCategoryInput{CategoryInput: named, Name: task.Some("work ")})
	require.NoError(t, err)
	require.Empty(t, result.Changed)
	result, err = update(b.ann, task.UpdateCategoryInput{CategoryInput: task.CategoryInput{CategoryID: work.ID}, Name: task.Some("Office"), Color: task.Null[string]()})
	require.NoError(t, err)
	require.Equal(t, task.Category{ID: work.ID, Name: "Office"}, result.Label)
	found, err := b.service.Get(b.ctx, b.ann, filed.ID)
	require.NoError(t, err)
	require.Equal(t, "Office", found.Category.Name)
	require.Equal(t, 1, found.Version, "a new name of its category is no change of the task")

	for _, c := range []struct {
		in    task.UpdateCategoryInput
		code  task.Code
		field string
	}{
		{task.UpdateCategoryInput{Name: task.Some("x")}, task.InvalidInput, "category"},
		{task.UpdateCategoryInput{CategoryInput: task.CategoryInput{Category: "Office", CategoryID: work.ID}}, task.InvalidInput, "category"},
		{task.UpdateCategoryInput{CategoryInput: task.CategoryInput{Category: "Offise"}}, task.NotFound, "category"},
		{task.UpdateCategoryInput{CategoryInput: task.CategoryInput{CategoryID: 1 << 40}}, task.NotFound, "category_id"},
		{task.UpdateCategoryInput{CategoryInput: task.CategoryInput{Category: "Office"}, Name: task.Some("HOME")}, task.Conflict, "name"},
		{task.UpdateCategoryInput{CategoryInput: task.CategoryInput{Category: "Office"}, Name: task.Null[string]()}, task.InvalidInput, "name"},
		{task.UpdateCategoryInput{CategoryInput: task.CategoryInput{Category: "Office"}, Color: task.Some("blue")}, task.InvalidInput, "color"},
	} {
		_, err := update(b.ann, c.in)
		requireCode(t, err, c.code, c.field)
	}
	_, err = update(b.bob, task.UpdateCategoryInput{CategoryInput: task.CategoryInput{CategoryID: work.ID}, Name: task.Some("mine")})
	requireCode(t, err, task.NotFound, "category_id")
}

func TestTagIsRenamedAndRecolored(t *testing.T) {
	b := setup(t)
	b.tag(t, b.ann, "home")
	errand := b.tag(t, b.ann, "errand")
	result, err := b.service.UpdateTag(b.ctx, b.ann, task.UpdateTagInput{TagInput: task.TagInput{Tag: "Errand"}, Name: task.Some("shopping"), Color: task.Some("#000000")})
	require.NoError(t, err)
	require.Equal(t, task.Tag{ID: errand.ID, Name: "shopping", Color: "#000000"}, result.Label)
	for _, c := range []struct {
		in    task.UpdateTagInput
		code  task.Code
		field string
	}{
		{task.UpdateTagInput{}, task.InvalidInput, "tag"},
		{task.UpdateTagInput{TagInput: task.TagInput{Tag: "shoping"}}, task.NotFound, "tag"},
		{task.UpdateTagInput{TagInput: task.TagInput{TagID: 1 << 40}}, task.NotFound, "tag_id"},
		{task.UpdateTagInput{TagInput: task.TagInput{TagID: errand.ID}, Name: task.Some("Home")}, task.Conflict, "name"},
		{task.UpdateTagInput{TagInput: task.TagInput{TagID: errand.ID}, Name: task.Some(strings.Repeat("x", 31))}, task.InvalidInput, "name"},
	} {
		_, err := b.service.UpdateTag(b.ctx, b.ann, c.in)
		requireCode(t, err, c.code, c.field)
	}
	_, err = b.service.UpdateTag(b.ctx, b.bob, task.UpdateTagInput{TagInput: task.TagInput{TagID: errand.ID}, Name: task.Some("mine")})
	requireCode(t, err, task.NotFound, "tag_id")
}

func TestLimitsOfCategoriesAndTagsAreExactAlsoUnderConcurrency(t *testing.T) {
	b := setup(t)
	var creators sync.WaitGroup
	for n := range task.MaxTagsPerUser + 10 {
		creators.Go(func() {
			_, err := b.service.CreateTag(b.ctx, b.ann, task.CreateTagInput{Name: fmt.Sprint("tag ", n)})
			if err != nil {
				requireCode(t, err, task.LimitExceeded, "name")
			}
			_, err = b.service.CreateCategory(b.ctx, b.ann, task.CreateCategoryInput{Name: fmt.Sprint("category ", n)})
			if err != nil {
				requireCode(t, err, task.LimitExceeded, "name")
			}
		})
	}
	creators.Wait()
	tags, err := b.service.Tags(b.ctx, b.ann)
	require.NoError(t, err)
	require.Len(t, tags, task.MaxTagsPerUser)
	categories, err := b.service.Categories(b.ctx, b.ann)
	require.NoError(t, err)
	require.Len(t, categories, task.MaxCategories)

	added := b.add(t, b.ann, task.AddInput{Title: "x", Tags: []string{tags[0].Label.Name}})
	for range 2 {
		_, err = b.service.AddTagToTask(b.ctx, b.ann, task.TaggingInput{TaskID: added.ID, Tag: tags[0].Label.Name})
		require.NoError(t, err, "what exists can be used at the limit")
	}
	_, err = b.service.AddTagToTask(b.ctx, b.ann, task.TaggingInput{TaskID: added.ID, Tag: "one more"})
	requireCode(t, err, task.LimitExceeded, "tag")
}

func TestDeletedCategoryUnfilesItsTasksWithAnEventForEach(t *testing.T) {
	b := setup(t)
	work := b.category(t, b.ann, "Work")
	b.category(t, b.ann, "Home")
	for range 3 {
		b.add(t, b.ann, task.AddInput{Title: "x", Category: "Work"})
	}
	done := b.add(t, b.ann, task.AddInput{Title: "done", Category: "Work"})
	_, err := b.service.Complete(b.ctx, b.ann, done.ID)
	require.NoError(t, err)
	deleted := b.add(t, b.ann, task.AddInput{Title: "deleted", Category: "Work"})
	_, err = b.service.Delete(b.ctx, b.ann, deleted.ID)
	require.NoError(t, err)
	b.add(t, b.ann, task.AddInput{Title: "elsewhere", Category: "Home"})

	counted, err := b.service.Categories(b.ctx, b.ann)
	require.NoError(t, err)
	require.Equal(t, []task.Counted[task.Category]{{Label: task.Category{ID: counted[0].Label.ID, Name: "Home"}, Tasks: 1}, {Label: work, Tasks: 4}}, counted)

	_, err = b.service.DeleteCategory(b.ctx, b.bob, task.CategoryInput{CategoryID: work.ID})
	requireCode(t, err, task.NotFound, "category_id")
	before, commits := len(b.outbox(t)), b.committed.Load()
	b.now = b.now.Add(time.Minute)
	gone, err := b.service.DeleteCategory(b.ctx, b.ann, task.CategoryInput{Category: "work"})
	require.NoError(t, err)
	require.Equal(t, 4, gone.Tasks)
	require.EqualValues(t, commits+1, b.committed.Load(), "the relay is woken")
	events := b.outbox(t)[before:]
	require.Len(t, events, 4)
	for _, e := range events {
		require.Equal(t, "task.updated", e.Type)
		require.Equal(t, map[string]any{"category_id": nil}, e.Data["updated_fields"])
	}
	require.EqualValues(t, 3, events[3].Data["task_version"], "one more than when it was completed")
	restored, err := b.service.Reopen(b.ctx, b.ann, deleted.ID)
	require.NoError(t, err)
	require.Nil(t, restored.Task.Category)
	_, err = b.service.DeleteCategory(b.ctx, b.ann, task.CategoryInput{CategoryID: work.ID})
	requireCode(t, err, task.NotFound, "category_id")
}

func TestDeletedTagIsTakenOffItsTasksWithAnEventForEach(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.AddInput{Title: "x", Tags: []string{"a", "b"}})
	b.add(t, b.ann, task.AddInput{Title: "y", Tags: []string{"a"}})
	b.add(t, b.ann, task.AddInput{Title: "z", Tags: []string{"b"}})
	deleted := b.add(t, b.ann, task.AddInput{Title: "deleted", Tags: []string{"a"}})
	_, err := b.service.Delete(b.ctx, b.ann, deleted.ID)
	require.NoError(t, err)
	_, err = b.service.DeleteTag(b.ctx, b.bob, task.TagInput{Tag: "a"})
	requireCode(t, err, task.NotFound, "tag")

	counted, err := b.service.Tags(b.ctx, b.ann)
	require.NoError(t, err)
	require.Equal(t, 2, counted[0].Tasks)
	before := len(b.outbox(t))
	gone, err := b.service.DeleteTag(b.ctx, b.ann, task.TagInput{Tag: "A"})
	require.NoError(t, err)
	require.Equal(t, 2, gone.Tasks)
	events := b.outbox(t)[before:]
	require.Len(t, events, 2)
	require.Equal(t, map[string]any{"tag_ids": []any{float64(first.Tags[1].ID)}}, events[0].Data["updated_fields"])
	require.Equal(t, map[string]any{"tag_ids": []any{}}, events[1].Data["updated_fields"])
	found, err := b.service.Get(b.ctx, b.ann, first.ID)
	require.NoError(t, err)
	require.Equal(t, first.Tags[1:], found.Tags)
	require.Equal(t, 2, found.Version)
}

func TestTenThousandTasksAreUnfiledAndUntaggedInOneGo(t *testing.T) {
	b := setup(t)
	b.category(t, b.ann, "Work")
	model := b.add(t, b.ann, task.AddInput{Title: "x", Category: "Work", Tags: []string{"a"}})
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO tasks (user_id, title, time_zone, category_id, created_at, updated_at)
		SELECT user_id, title || n, time_zone, category_id, created_at, updated_at FROM tasks, generate_series(2, 10000) n WHERE id = $1`, model.ID)
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, `INSERT INTO task_tags SELECT user_id, id, $1 FROM tasks WHERE id <> $2`, model.Tags[0].ID, model.ID)
	require.NoError(t, err)
	filed, err := b.service.DeleteCategory(b.ctx, b.ann, task.CategoryInput{Category: "Work"})
	require.NoError(t, err)
	require.Equal(t, 10_000, filed.Tasks)
	tagged, err := b.service.DeleteTag(b.ctx, b.ann, task.TagInput{Tag: "a"})
	require.NoError(t, err)
	require.Equal(t, 10_000, tagged.Tasks)
	var events, ids int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*), count(DISTINCT event_id) FROM outbox`).Scan(&events, &ids))
	require.Equal(t, 20_001, events)
	require.Equal(t, events, ids)
}
