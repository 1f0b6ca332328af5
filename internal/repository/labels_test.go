package repository_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

func (b *bundle) category(t *testing.T, user person.Settings, name string) label.Category {
	t.Helper()
	c, err := b.labels.CreateCategory(b.ctx, user, label.CreateCategoryInput{Name: name})
	require.NoError(t, err)
	return c
}

func (b *bundle) tag(t *testing.T, user person.Settings, name string) label.Tag {
	t.Helper()
	g, err := b.labels.CreateTag(b.ctx, user, label.CreateTagInput{Name: name})
	require.NoError(t, err)
	return g
}

// However a name is written, everything compares it alike: the service, a task that
// carries it, and Postgres.
func TestLabelsOfOneNameAreOne(t *testing.T) {
	b := setup(t)
	b.category(t, b.ann, "Work")
	for _, same := range []string{"Ｗｏｒｋ", "𝐖𝐎𝐑𝐊", "work"} {
		_, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: same})
		requireCode(t, err, fault.Conflict, "name")
		require.Equal(t, "Work", b.add(t, b.ann, task.Fields{Title: input.Some("x"), Category: input.Some(same)}).Category.Name)
	}
	tagged := b.add(t, b.ann, task.Fields{Title: input.Some("x"), Tags: input.Some([]string{"Café", "CAFE\u0301", "cafe\u0301 "})})
	require.Len(t, tagged.Tags, 1)
	for _, disguised := range []string{"w\u043erk", "home\u200b", "\u202egnp"} {
		_, err := b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), Tags: input.Some([]string{disguised})}})
		requireCode(t, err, fault.InvalidInput, "tags")
		_, err = b.service.AddTagToTask(b.ctx, b.ann, task.TaggingInput{TaskID: tagged.ID, Tag: disguised})
		requireCode(t, err, fault.InvalidInput, "tag")
		_, err = b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: disguised})
		requireCode(t, err, fault.InvalidInput, "name")
	}
	_, err := b.pool.Exec(b.ctx, `INSERT INTO tags (user_id, name, name_key) VALUES ($1, 'CAFÉ', $2)`, b.ann.UserID, input.NameKey("CAFÉ"))
	require.ErrorContains(t, err, "idx_tags_name")
}

func TestLabelThatLooksLikeAnotherIsRefused(t *testing.T) {
	b := setup(t)
	const cyrillic = "НОМЕ" // Latin: HOME
	b.category(t, b.ann, "Home")
	home := b.tag(t, b.ann, "Home")
	for field, try := range map[string]func() error{
		"name": func() error {
			_, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: cyrillic})
			return err
		},
		"name ": func() error {
			_, err := b.labels.CreateTag(b.ctx, b.ann, label.CreateTagInput{Name: cyrillic})
			return err
		},
		"name  ": func() error {
			other := b.tag(t, b.ann, "other")
			_, err := b.labels.UpdateTag(b.ctx, b.ann, label.UpdateTagInput{TagInput: label.TagInput{TagID: other.ID}, Name: input.Some(cyrillic)})
			return err
		},
		"tags": func() error {
			_, err := b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), Tags: input.Some([]string{cyrillic})}})
			return err
		},
	} {
		err := try()
		requireCode(t, err, fault.Conflict, strings.TrimSpace(field))
		require.ErrorContains(t, err, `"Home"`)
	}
	renamed, err := b.labels.UpdateTag(b.ctx, b.ann, label.UpdateTagInput{TagInput: label.TagInput{TagID: home.ID}, Name: input.Some(cyrillic)})
	require.NoError(t, err, "itself is no other")
	require.Equal(t, cyrillic, renamed.Label.Name)
	b.tag(t, b.bob, "Home") // a name is its user's own
	b.tag(t, b.ann, "дом")
	b.tag(t, b.ann, "dom")
}

func TestNamesOfCategoriesAndTagsAreCheckedAndUniquePerUserInAnyCase(t *testing.T) {
	b := setup(t)
	work := b.category(t, b.ann, "  Größe & Work 🏢 ")
	require.Equal(t, "Größe & Work 🏢", work.Name)
	home := b.tag(t, b.ann, "Zuhause")
	b.category(t, b.ann, strings.Repeat("ü", label.MaxCategoryName))
	b.tag(t, b.ann, strings.Repeat("ü", label.MaxTagName))
	b.category(t, b.bob, work.Name) // a name is its user's own
	b.tag(t, b.bob, home.Name)
	cases := []struct {
		name, color string
		code        fault.Code
		field       string
	}{
		{"", "", fault.InvalidInput, "name"},
		{" \t ", "", fault.InvalidInput, "name"},
		{strings.Repeat("x", 51), "", fault.InvalidInput, "name"},
		{strings.Repeat("x", 100_000), "", fault.InvalidInput, "name"},
		{"a\x00b", "", fault.InvalidInput, "name"},
		{"a\nb", "", fault.InvalidInput, "name"},
		{"\xff", "", fault.InvalidInput, "name"},
		{"x", "red", fault.InvalidInput, "color"},
		{"x", "#12345", fault.InvalidInput, "color"},
		{"x", "#12345G", fault.InvalidInput, "color"},
		{"x", "#123456\n", fault.InvalidInput, "color"},
		{"GRÖSSE & work 🏢", "", fault.Conflict, "name"}, // ß is ss where case makes no difference
		{"größe & WORK 🏢", "", fault.Conflict, "name"},
		{"GRÖßE & WORK 🏢", "", fault.Conflict, "name"},
	}
	for _, c := range cases {
		_, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: c.name, Color: c.color})
		if c.code == "" {
			require.NoError(t, err)
			continue
		}
		requireCode(t, err, c.code, c.field)
		if c.code == fault.Conflict {
			c.name = "ZUHAUSE"
		}
		_, err = b.labels.CreateTag(b.ctx, b.ann, label.CreateTagInput{Name: c.name, Color: c.color})
		requireCode(t, err, c.code, c.field)
	}
}

func TestCategoryIsRenamedAndRecolored(t *testing.T) {
	b := setup(t)
	b.category(t, b.ann, "Home")
	work := b.category(t, b.ann, "Work")
	filed := b.add(t, b.ann, task.Fields{Title: input.Some("x"), Category: input.Some("work")})
	update := func(user person.Settings, in label.UpdateCategoryInput) (label.UpdateResult[label.Category], error) {
		return b.labels.UpdateCategory(b.ctx, user, in)
	}
	named := label.CategoryInput{Category: "WORK"}
	result, err := update(b.ann, label.UpdateCategoryInput{CategoryInput: named, Name: input.Some("work"), Color: input.Some("#1e90FF")})
	require.NoError(t, err)
	require.Equal(t, []string{"color", "name"}, result.Changed)
	result, err = update(b.ann, label.UpdateCategoryInput{CategoryInput: named, Name: input.Some("work ")})
	require.NoError(t, err)
	require.Empty(t, result.Changed)
	result, err = update(b.ann, label.UpdateCategoryInput{CategoryInput: label.CategoryInput{CategoryID: work.ID}, Name: input.Some("Office"), Color: input.Null[string]()})
	require.NoError(t, err)
	require.Equal(t, label.Category{ID: work.ID, Name: "Office"}, result.Label)
	found, err := b.service.Get(b.ctx, b.ann, filed.ID)
	require.NoError(t, err)
	require.Equal(t, "Office", found.Category.Name)
	require.Equal(t, 1, found.Version, "a new name of its category is no change of the task")

	for _, c := range []struct {
		in    label.UpdateCategoryInput
		code  fault.Code
		field string
	}{
		{label.UpdateCategoryInput{Name: input.Some("x")}, fault.InvalidInput, "category"},
		{label.UpdateCategoryInput{CategoryInput: label.CategoryInput{Category: "Office", CategoryID: work.ID}}, fault.InvalidInput, "category"},
		{label.UpdateCategoryInput{CategoryInput: label.CategoryInput{Category: "Offise"}}, fault.NotFound, "category"},
		{label.UpdateCategoryInput{CategoryInput: label.CategoryInput{CategoryID: 1 << 40}}, fault.NotFound, "category_id"},
		{label.UpdateCategoryInput{CategoryInput: label.CategoryInput{Category: "Office"}, Name: input.Some("HOME")}, fault.Conflict, "name"},
		{label.UpdateCategoryInput{CategoryInput: label.CategoryInput{Category: "Office"}, Name: input.Null[string]()}, fault.InvalidInput, "name"},
		{label.UpdateCategoryInput{CategoryInput: label.CategoryInput{Category: "Office"}, Color: input.Some("blue")}, fault.InvalidInput, "color"},
	} {
		_, err := update(b.ann, c.in)
		requireCode(t, err, c.code, c.field)
	}
	_, err = update(b.bob, label.UpdateCategoryInput{CategoryInput: label.CategoryInput{CategoryID: work.ID}, Name: input.Some("mine")})
	requireCode(t, err, fault.NotFound, "category_id")
}

func TestTagIsRenamedAndRecolored(t *testing.T) {
	b := setup(t)
	b.tag(t, b.ann, "home")
	errand := b.tag(t, b.ann, "errand")
	result, err := b.labels.UpdateTag(b.ctx, b.ann, label.UpdateTagInput{TagInput: label.TagInput{Tag: "Errand"}, Name: input.Some("shopping"), Color: input.Some("#000000")})
	require.NoError(t, err)
	require.Equal(t, label.Tag{ID: errand.ID, Name: "shopping", Color: "#000000"}, result.Label)
	for _, c := range []struct {
		in    label.UpdateTagInput
		code  fault.Code
		field string
	}{
		{label.UpdateTagInput{}, fault.InvalidInput, "tag"},
		{label.UpdateTagInput{TagInput: label.TagInput{Tag: "shoping"}}, fault.NotFound, "tag"},
		{label.UpdateTagInput{TagInput: label.TagInput{TagID: 1 << 40}}, fault.NotFound, "tag_id"},
		{label.UpdateTagInput{TagInput: label.TagInput{TagID: errand.ID}, Name: input.Some("Home")}, fault.Conflict, "name"},
		{label.UpdateTagInput{TagInput: label.TagInput{TagID: errand.ID}, Name: input.Some(strings.Repeat("x", 31))}, fault.InvalidInput, "name"},
	} {
		_, err := b.labels.UpdateTag(b.ctx, b.ann, c.in)
		requireCode(t, err, c.code, c.field)
	}
	_, err = b.labels.UpdateTag(b.ctx, b.bob, label.UpdateTagInput{TagInput: label.TagInput{TagID: errand.ID}, Name: input.Some("mine")})
	requireCode(t, err, fault.NotFound, "tag_id")
}

func TestLimitsOfCategoriesAndTagsAreExactAlsoUnderConcurrency(t *testing.T) {
	b := setup(t)
	var creators sync.WaitGroup
	for n := range label.MaxTagsPerUser + 10 {
		creators.Go(func() {
			_, err := b.labels.CreateTag(b.ctx, b.ann, label.CreateTagInput{Name: fmt.Sprint("tag ", n)})
			if err != nil {
				requireCode(t, err, fault.LimitExceeded, "name")
			}
			_, err = b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: fmt.Sprint("category ", n)})
			if err != nil {
				requireCode(t, err, fault.LimitExceeded, "name")
			}
		})
	}
	creators.Wait()
	tags, err := b.labels.Tags(b.ctx, b.ann)
	require.NoError(t, err)
	require.Len(t, tags, label.MaxTagsPerUser)
	categories, err := b.labels.Categories(b.ctx, b.ann)
	require.NoError(t, err)
	require.Len(t, categories, label.MaxCategories)

	added := b.add(t, b.ann, task.Fields{Title: input.Some("x"), Tags: input.Some([]string{tags[0].Label.Name})})
	for range 2 {
		_, err = b.service.AddTagToTask(b.ctx, b.ann, task.TaggingInput{TaskID: added.ID, Tag: tags[0].Label.Name})
		require.NoError(t, err, "what exists can be used at the limit")
	}
	_, err = b.service.AddTagToTask(b.ctx, b.ann, task.TaggingInput{TaskID: added.ID, Tag: "one more"})
	requireCode(t, err, fault.LimitExceeded, "tag")
}

func TestDeletedCategoryUnfilesItsTasksWithAnEventForEach(t *testing.T) {
	b := setup(t)
	work := b.category(t, b.ann, "Work")
	b.category(t, b.ann, "Home")
	for range 3 {
		b.add(t, b.ann, task.Fields{Title: input.Some("x"), Category: input.Some("Work")})
	}
	done := b.add(t, b.ann, task.Fields{Title: input.Some("done"), Category: input.Some("Work")})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: done.ID})
	require.NoError(t, err)
	deleted := b.add(t, b.ann, task.Fields{Title: input.Some("deleted"), Category: input.Some("Work")})
	_, err = b.service.Delete(b.ctx, b.ann, deleted.ID)
	require.NoError(t, err)
	b.add(t, b.ann, task.Fields{Title: input.Some("elsewhere"), Category: input.Some("Home")})

	counted, err := b.labels.Categories(b.ctx, b.ann)
	require.NoError(t, err)
	require.Equal(t, []label.Counted[label.Category]{{Label: label.Category{ID: counted[0].Label.ID, Name: "Home"}, Tasks: 1}, {Label: work, Tasks: 4}}, counted)

	_, err = b.labels.DeleteCategory(b.ctx, b.bob, label.CategoryInput{CategoryID: work.ID})
	requireCode(t, err, fault.NotFound, "category_id")
	before, commits := len(b.outbox(t)), b.committed.Load()
	b.now = b.now.Add(time.Minute)
	gone, err := b.labels.DeleteCategory(b.ctx, b.ann, label.CategoryInput{Category: "work"})
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
	_, err = b.labels.DeleteCategory(b.ctx, b.ann, label.CategoryInput{CategoryID: work.ID})
	requireCode(t, err, fault.NotFound, "category_id")
}

func TestDeletedTagIsTakenOffItsTasksWithAnEventForEach(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("x"), Tags: input.Some([]string{"a", "b"})})
	b.add(t, b.ann, task.Fields{Title: input.Some("y"), Tags: input.Some([]string{"a"})})
	b.add(t, b.ann, task.Fields{Title: input.Some("z"), Tags: input.Some([]string{"b"})})
	deleted := b.add(t, b.ann, task.Fields{Title: input.Some("deleted"), Tags: input.Some([]string{"a"})})
	_, err := b.service.Delete(b.ctx, b.ann, deleted.ID)
	require.NoError(t, err)
	_, err = b.labels.DeleteTag(b.ctx, b.bob, label.TagInput{Tag: "a"})
	requireCode(t, err, fault.NotFound, "tag")

	counted, err := b.labels.Tags(b.ctx, b.ann)
	require.NoError(t, err)
	require.Equal(t, 2, counted[0].Tasks)
	before := len(b.outbox(t))
	gone, err := b.labels.DeleteTag(b.ctx, b.ann, label.TagInput{Tag: "A"})
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

func TestMergedTagGivesItsTasksTheOtherWithOneEventEach(t *testing.T) {
	b := setup(t)
	ten := []string{"errands", "2", "3", "4", "5", "6", "7", "8", "9", "10"}
	add := func(tags ...string) *task.Task {
		return b.add(t, b.ann, task.Fields{Title: input.Some("x"), Tags: input.Some(tags)})
	}
	first, both, full, deleted, other := add("errands", "home"), add("errand", "errands"), add(ten...), add("errands"), add("home")
	_, err := b.service.Delete(b.ctx, b.ann, deleted.ID)
	require.NoError(t, err)
	before := len(b.outbox(t))
	merged, err := b.labels.MergeTag(b.ctx, b.ann, label.UpdateTagInput{TagInput: label.TagInput{Tag: "Errands"}, MergeInto: "ERRAND"})
	require.NoError(t, err)
	require.Equal(t, 3, merged.Tasks)
	require.Equal(t, "errand", merged.Label.Name)
	tags := func(id int64) (names []string) {
		found, err := b.service.Get(b.ctx, b.ann, id)
		require.NoError(t, err)
		for _, tag := range found.Tags {
			names = append(names, tag.Name)
		}
		return names
	}
	require.Equal(t, []string{"errand", "home"}, tags(first.ID))
	require.Equal(t, []string{"errand"}, tags(both.ID))
	require.Len(t, tags(full.ID), 10)
	require.Equal(t, []string{"home"}, tags(other.ID))
	events := b.outbox(t)[before:]
	require.Len(t, events, 3)
	for _, e := range events {
		require.Equal(t, "task.updated", e.Type)
		require.Contains(t, e.Data["updated_fields"].(map[string]any)["tag_ids"], float64(merged.Label.ID))
	}
	_, err = b.service.Reopen(b.ctx, b.ann, deleted.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"errand"}, tags(deleted.ID))
	var linked int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM task_tags x JOIN tasks t ON t.id = x.task_id WHERE NOT x.tag_id = ANY (t.tag_ids)`).Scan(&linked))
	require.Zero(t, linked)

	for field, in := range map[string]label.UpdateTagInput{
		"tag":        {TagInput: label.TagInput{Tag: "errands"}, MergeInto: "errand"},
		"merge_into": {TagInput: label.TagInput{Tag: "home"}, MergeInto: "nothing"},
	} {
		_, err := b.labels.MergeTag(b.ctx, b.ann, in)
		requireCode(t, err, fault.NotFound, field)
	}
	for _, in := range []label.UpdateTagInput{
		{TagInput: label.TagInput{Tag: "home"}, MergeInto: "HOME"}, {TagInput: label.TagInput{Tag: "home"}, MergeInto: "errand", Name: input.Some("x")},
	} {
		_, err := b.labels.MergeTag(b.ctx, b.ann, in)
		requireCode(t, err, fault.InvalidInput, "merge_into")
	}
	_, err = b.labels.MergeTag(b.ctx, b.bob, label.UpdateTagInput{TagInput: label.TagInput{Tag: "home"}, MergeInto: "errand"})
	requireCode(t, err, fault.NotFound, "tag")
}

func TestTenThousandTasksAreUnfiledAndUntaggedInOneGo(t *testing.T) {
	b := setup(t)
	b.category(t, b.ann, "Work")
	model := b.add(t, b.ann, task.Fields{Title: input.Some("x"), Category: input.Some("Work"), Tags: input.Some([]string{"a"})})
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO tasks (user_id, title, time_zone, category_id, created_at, updated_at)
		SELECT user_id, title || n, time_zone, category_id, created_at, updated_at FROM tasks, generate_series(2, 10000) n WHERE id = $1`, model.ID)
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, `INSERT INTO task_tags SELECT user_id, id, $1 FROM tasks WHERE id <> $2`, model.Tags[0].ID, model.ID)
	require.NoError(t, err)
	filed, err := b.labels.DeleteCategory(b.ctx, b.ann, label.CategoryInput{Category: "Work"})
	require.NoError(t, err)
	require.Equal(t, 10_000, filed.Tasks)
	tagged, err := b.labels.DeleteTag(b.ctx, b.ann, label.TagInput{Tag: "a"})
	require.NoError(t, err)
	require.Equal(t, 10_000, tagged.Tasks)
	var events, ids int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*), count(DISTINCT event_id) FROM outbox JOIN journal USING (id)`).Scan(&events, &ids))
	require.Equal(t, 20_001, events)
	require.Equal(t, events, ids)
}
