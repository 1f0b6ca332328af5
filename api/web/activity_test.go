package web_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/api/operation"
)

// undoes presses the first button on a page that undoes and whose label begins so.
func (v *visitor) undoes(p page, label string) page {
	v.t.Helper()
	button := regexp.MustCompile(`<button[^>]*name="(call|change)" value="([^"]+)"[^>]*aria-label="Undo: ` + regexp.QuoteMeta(label)).FindStringSubmatch(p.text)
	require.NotNil(v.t, button, "%s in %s", label, p.text)
	return v.post("/undo", "back", p.path, button[1], button[2])
}

// undoesSaid presses the button beside what was just done.
func (v *visitor) undoesSaid(p page) page {
	v.t.Helper()
	_, said, _ := strings.Cut(p.text, `id="said"`)
	button := regexp.MustCompile(`name="call" value="([^"]+)"`).FindStringSubmatch(said)
	require.NotNil(v.t, button, said)
	return v.post("/undo", "back", p.path, "call", button[1])
}

func TestActivityTellsWhoDidWhatAndUndoesIt(t *testing.T) {
	t.Parallel()
	ann, bob := setup(t)
	id := ann.adds(`{"title": "Invoice <i>", "priority": "low", "due_date": "2030-01-01T09:00", "tags": ["money"]}`)
	run[any](ann, "update_task", fmt.Sprintf(`{"task_id": %d, "priority": "high", "due_date": "2030-01-02", "tags": ["money", "late"], "reminder_offsets": [60], "description": "x"}`, id))
	ann.post("/task/"+itoa(id)+"/complete", "back", "/")
	got := ann.get("/activity")
	require.Equal(t, http.StatusOK, got.status, got.text)
	require.NotContains(t, got.text, "<i>")
	for _, part := range []string{
		">You</strong>", "completed <a", ">Claude</strong>", "changed <a", "added <a",
		`priority <del dir="auto">low</del> → <ins dir="auto">high</ins>`,
		`due <del dir="auto">Tue 1 Jan 2030 09:00</del> → <ins dir="auto">Wed 2 Jan 2030</ins>`,
		`tags <del dir="auto">money</del> → <ins dir="auto">money, late</ins>`,
		`reminders <ins dir="auto">1 h before</ins>`,
	} {
		require.Contains(t, got.text, part)
	}
	require.NotContains(t, bob.get("/activity").text, "Invoice")
	require.NotContains(t, ann.get("/activity?by=person").text, ">Claude</strong>")
	require.NotContains(t, ann.get("/activity?by=Claude").text, ">You</strong>")

	back := ann.undoes(got, "Claude changed Invoice")
	require.Contains(t, back.text, "Not undone. “Invoice &lt;i&gt;”: it was changed since, by you, and 1 more in the way.", "it was completed since; and its tag is in use")
	require.True(t, ann.view(id).Completed)
	back = ann.undoes(got, "You completed Invoice")
	require.Contains(t, back.text, "Undone: “Invoice &lt;i&gt;”")
	require.False(t, ann.view(id).Completed)
	redone := ann.undoesSaid(back)
	require.True(t, ann.view(id).Completed, redone.text)

	task := ann.get("/task/" + itoa(id))
	require.Contains(t, task.text, `id="history"`)
	require.Contains(t, task.text, "changed <span")

	// What is another's cannot be undone, and does not exist.
	button := regexp.MustCompile(`name="call" value="([^"]+)"`).FindStringSubmatch(got.text)
	theirs, none := bob.post("/undo", "back", "/activity", "call", button[1]), bob.post("/undo", "back", "/activity", "call", "01890a5d-ac96-774b-bcce-b302099a8057")
	require.Contains(t, theirs.text, "Not undone")
	require.Equal(t, strings.ReplaceAll(none.text, "01890a5d-ac96-774b-bcce-b302099a8057", "#"), strings.ReplaceAll(theirs.text, button[1], "#"))
}

func TestEachWriteOfThePageCanBeUndone(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	id := ann.adds(`{"title": "x", "due_date": "2030-01-01T09:00", "recurrence_rule": "daily"}`)
	category := run[operation.CategoryAnswer](ann, "create_category", `{"name": "Work"}`).Category.ID
	path := "/task/" + itoa(id)
	state := func() string {
		ann.t.Helper()
		view := ann.view(id)
		view.Version, view.UpdatedAt = 0, ""
		return fmt.Sprintf("%+v %+v %+v", view, *view.Detail, run[operation.CategoryList](ann, "list_categories", `{}`).Categories[0].Name)
	}
	state()
	before := regexp.MustCompile(`0x[0-9a-f]+`).ReplaceAllString(state(), "")
	for what, do := range map[string]func() page{
		"complete": func() page { return ann.post(path+"/complete", "back", path) },
		"skip":     func() page { return ann.post(path+"/skip", "back", path) },
		"delete":   func() page { return ann.post(path+"/delete", "back", path) },
		"edit": func() page {
			return ann.post(path+"/edit", editForm(ann.get(path+"/edit"), "title", "y", "tags", "new")...)
		},
		"remind": func() page { return ann.post(path+"/remind", "back", path, "at", "2029-01-01T10:00") },
		"several": func() page {
			return ann.post("/several", "back", "/tasks", "task", itoa(id), "do", "move", "due", "2031-01-01")
		},
		"rename": func() page { return ann.post("/category/"+itoa(category)+"/rename", "name", "Office") },
		"unfile": func() page { return ann.post("/category/" + itoa(category) + "/delete") },
	} {
		done := do()
		require.Equal(t, http.StatusOK, done.status, what)
		require.Contains(t, ann.undoesSaid(done).text, "Undone", what)
		require.Equal(t, before, regexp.MustCompile(`0x[0-9a-f]+`).ReplaceAllString(state(), ""), what)
	}
	added := ann.post("/add", addForm(ann.get("/"), "New one")...)
	require.Contains(t, ann.undoesSaid(added).text, "Undone")
	require.NotContains(t, ann.get("/tasks").text, "New one")
}

func TestCallThatNoPageShowsWholeSaysSo(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	ann.adds(`{"title": "Before"}`)
	many := strings.TrimSuffix(strings.Repeat(`{"title": "One of many"}, `, 50), ", ")
	run[any](ann, "add_tasks", `{"tasks": [`+many+`]}`)
	require.Contains(t, ann.get("/activity").text, "added 50 tasks</div>")
	ann.adds(`{"title": "After"}`)
	first := ann.get("/activity").text
	require.Contains(t, first, "added 49 tasks and more</div>")
	require.Contains(t, first, `aria-label="Undo: Claude added 49 tasks  and more"`)
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(first)
	require.NotNil(t, next)
	second := ann.get(html.UnescapeString(next[1])).text
	require.Regexp(t, `added <a [^>]*>One of many</a> and more</div>`, second)
	require.Regexp(t, `added <a [^>]*>Before</a></div>`, second)
}

func TestAllThatAConnectionDidCanBeUndone(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	mine := ann.adds(`{"title": "Kept"}`)
	for n := range 3 {
		ann.adds(fmt.Sprintf(`{"title": "Spam %d"}`, n))
	}
	ann.post("/task/"+itoa(mine)+"/complete", "back", "/")
	look := ann.get("/activity/undo?connection=Claude&since=2020-01-01T00:00")
	require.Equal(t, http.StatusOK, look.status)
	require.Contains(t, look.text, "Spam 2")
	require.Contains(t, look.text, "Something stands in the way")
	require.Contains(t, look.text, "it was changed since, by <bdi>you</bdi>")
	done := ann.post("/undo", "back", "/activity", "connection", "Claude", "since", "2020-01-01T00:00", "partial", "1")
	require.Contains(t, done.text, "Undone: 3 changes")
	require.Empty(t, shown(ann.get("/tasks")))
	require.Equal(t, []int64{mine}, shown(ann.get("/tasks?status=completed")))
	wrong := ann.get("/activity/undo?connection=Claude&since=when")
	require.Equal(t, http.StatusBadRequest, wrong.status)
	require.Contains(t, wrong.text, `id="since-error"`)
}
