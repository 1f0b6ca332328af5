package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/api/operation"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// shown lists the ids of the tasks in the lists of a page.
func shown(p page) []int64 {
	ids := []int64{}
	for _, match := range regexp.MustCompile(`<li id="task-(\d+)"`).FindAllStringSubmatch(p.text, -1) {
		id, _ := strconv.ParseInt(match[1], 10, 64)
		ids = append(ids, id)
	}
	return ids
}

func TestListsTakeFiltersAndOrders(t *testing.T) {
	t.Parallel()
	ann, bob := setup(t)
	work := run[operation.CategoryAnswer](ann, "create_category", `{"name": "Work"}`).Category.ID
	a := ann.adds(`{"title": "B first", "priority": "high", "tags": ["x"], "due_date": "2030-01-01"}`)
	b := ann.adds(`{"title": "A second", "category": "Work", "due_date": "2030-02-01"}`)
	c := ann.adds(`{"title": "C third"}`)
	run[any](ann, "complete_task", fmt.Sprintf(`{"task_id": %d}`, c))
	tag := run[operation.TagList](ann, "list_tags", `{}`).Tags[0].ID
	for path, want := range map[string][]int64{
		"/tasks":                              {a, b},
		"/tasks?order=title+asc":              {b, a},
		"/tasks?status=completed":             {c},
		"/tasks?status=all&order=title+asc":   {b, a, c},
		"/tasks?priority=high":                {a},
		"/tasks?category=" + itoa(work):       {b},
		"/tasks?tag=" + itoa(tag):             {a},
		"/tasks?due_after=2030-01-15":         {b},
		"/tasks?due_before=2030-01-15":        {a},
		"/category/" + itoa(work):             {b},
		"/tag/" + itoa(tag):                   {a},
		"/search?q=second":                    {b},
		"/search?q=third":                     {c},
		"/search?q=nothing":                   {},
		"/search":                             {},
		"/tasks?status=pending&sort_by=title": {b, a},
	} {
		got := ann.get(path)
		require.Equal(t, http.StatusOK, got.status, path)
		require.Equal(t, want, shown(got), path)
		require.Empty(t, shown(bob.get(strings.Replace(path, "/category/", "/tasks?category=", 1))), path)
	}
	for _, path := range []string{"/category/" + itoa(work), "/tag/" + itoa(tag), "/task/" + itoa(a), "/task/" + itoa(a) + "/edit", "/category/x", "/tag/0", "/task/01"} {
		require.Equal(t, http.StatusNotFound, bob.get(path).status, path)
	}
	wrong := ann.get("/tasks?due_after=soon")
	require.Equal(t, http.StatusBadRequest, wrong.status)
	require.Contains(t, wrong.text, `id="due_after-error"`)
	require.Equal(t, http.StatusBadRequest, ann.get("/tasks?cursor=x").status)
}

func TestLongListsHavePages(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	for n := range 60 {
		ann.adds(fmt.Sprintf(`{"title": "Task %02d"}`, n))
	}
	first := ann.get("/tasks?order=title+asc")
	require.Len(t, shown(first), 50)
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(first.text)
	require.NotNil(t, next)
	second := ann.get(strings.ReplaceAll(next[1], "&amp;", "&"))
	require.Len(t, shown(second), 10)
	require.Contains(t, second.text, "First page")
	require.NotContains(t, second.text, `rel="next"`)
}

func TestSeveralAtOnce(t *testing.T) {
	t.Parallel()
	ann, bob := setup(t)
	work := run[operation.CategoryAnswer](ann, "create_category", `{"name": "Work"}`).Category.ID
	a, b := ann.adds(`{"title": "a", "due_date": "2030-01-01T09:30"}`), ann.adds(`{"title": "b", "due_date": "2030-01-01T10:00", "recurrence_rule": "daily"}`)
	view := func(id int64) operation.View {
		return run[operation.FullTaskAnswer](ann, "get_task", fmt.Sprintf(`{"task_id": %d, "response_format": "detailed"}`, id)).Task
	}
	both := func(do string, more ...string) page {
		return ann.post("/several", append([]string{"back", "/tasks?select=1", "task", itoa(a), "task", itoa(b), "do", do}, more...)...)
	}
	require.Contains(t, ann.get("/tasks?select=1").text, `name="task" value="`+itoa(a))

	require.Contains(t, both("move", "due", "2030-03-05").text, "2 tasks moved to Tue 5 Mar 2030")
	require.Equal(t, "2030-03-05T09:30:00+01:00", view(a).DueDate, "the time of day stays")
	require.Equal(t, "2030-03-05T10:00:00+01:00", view(b).DueDate)
	both("tag", "tag", "#new")
	require.Equal(t, []string{"new"}, view(a).Tags)
	both("untag", "tag", "new")
	require.Empty(t, view(a).Tags)
	both("file", "category", itoa(work))
	require.Equal(t, "Work", view(b).Category)
	both("file", "category", "")
	require.Empty(t, view(b).Category)

	require.Equal(t, http.StatusConflict, bob.post("/several", "back", "/tasks", "task", itoa(a), "do", "delete").status)
	mixed := ann.post("/several", "back", "/tasks?order=title+asc", "task", itoa(a), "task", "999999", "do", "complete")
	require.Equal(t, http.StatusConflict, mixed.status)
	require.Contains(t, mixed.text, "1 task changed; 1 could not be")
	require.Contains(t, mixed.text, "Task 999999")
	require.True(t, view(a).Completed)

	require.Contains(t, ann.post("/several", "back", "/tasks", "do", "delete").text, "No task is selected")
	require.Contains(t, both("delete").text, "2 tasks deleted")
	require.Empty(t, shown(ann.get("/tasks?status=all")))
	require.Contains(t, both("move", "due", "soon").text, "must be a day")
	require.Equal(t, http.StatusBadRequest, both("nothing").status)
}

func TestSelectionStaysWhereItCouldNotBeDone(t *testing.T) {
	t.Parallel()
	ann, bob := setup(t)
	a, b, c := ann.adds(`{"title": "a"}`), ann.adds(`{"title": "b"}`), ann.adds(`{"title": "c"}`)
	picked := func(p page) (ids []string) {
		for _, box := range regexp.MustCompile(`name="task" value="(\d+)"[^>]* checked`).FindAllStringSubmatch(p.text, -1) {
			ids = append(ids, box[1])
		}
		return ids
	}
	send := func(more ...string) page {
		return ann.post("/several", append([]string{"back", "/tasks?order=title+asc&select=1", "task", itoa(a), "task", itoa(b)}, more...)...)
	}
	for _, wrong := range []struct{ fields, said []string }{
		{[]string{"do", "tag", "tag", " "}, []string{`id="tag-error">This is empty`}},
		{[]string{"do", "tag", "tag", strings.Repeat("x", 99)}, []string{strings.Repeat("x", 99), "at most"}},
		{[]string{"do", "move", "due", "soon"}, []string{`id="due-error">This must be a day`, `value="soon"`}},
	} {
		got := send(wrong.fields...)
		require.NotEqual(t, http.StatusOK, got.status)
		require.Equal(t, []string{itoa(a), itoa(b)}, picked(got), wrong.fields)
		for _, part := range wrong.said {
			require.Contains(t, got.text, part)
		}
	}
	// What could be done is not selected any more.
	theirs := bob.adds(`{"title": "theirs"}`)
	require.Empty(t, picked(send("task", itoa(c), "task", itoa(theirs), "do", "tag", "tag", "x")))
	ann.adds(fmt.Sprintf(`{"title": "part", "parent_id": %d}`, a))
	parts := send("do", "complete")
	require.Equal(t, []string{itoa(a)}, picked(parts))
	require.Contains(t, parts.text, "it has open parts; complete it by itself")
}
