package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/api/operation"
)

// What agents write is shown to a person in a browser that is signed in.
func TestTextOfAgentsStaysTextOnEveryPage(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	const (
		script = `<script>alert(1)</script>`
		image  = `"><img src=x onerror=alert(1)>`
		svg    = `'><svg onload=alert(1)>`
		action = `{{.Version}} </textarea></form>`
	)
	category := run[operation.CategoryAnswer](ann, "create_category", fmt.Sprintf(`{"name": %q}`, image)).Category.ID
	id := ann.adds(fmt.Sprintf(`{"title": %q, "description": %q, "tags": [%q], "category": %q, "due_date": "2026-01-01"}`, script+image, action+" javascript:alert(1) https://x.example/\"onclick=alert(1)", svg[:20], image))
	run[any](ann, "update_task", fmt.Sprintf(`{"task_id": %d, "title": %q}`, id, svg+script))
	tag := run[operation.TagList](ann, "list_tags", `{}`).Tags[0].ID
	task := "/task/" + itoa(id)
	pages := map[string]page{}
	for _, path := range []string{
		"/", "/tasks", "/tasks?select=1", "/upcoming", "/search?q=" + url.QueryEscape(image), "/tasks?tag=" + url.QueryEscape(svg), "/tasks?due_after=" + url.QueryEscape(image),
		"/category/" + itoa(category), "/tag/" + itoa(tag), task, task + "/edit", "/activity", "/activity?by=" + url.QueryEscape(image), "/activity/undo?connection=" + url.QueryEscape(script),
	} {
		pages[path] = ann.get(path)
	}
	pages["done"] = ann.post(task+"/complete", "back", "/")
	pages["added"] = ann.post("/add", "back", "/", "text", image+script)
	pages["refused"] = ann.post("/add", "back", "/", "text", `x @`+`"`+script+`"`)
	pages["understood"] = ann.post("/add/understand", "text", script+image)
	pages["kept"] = ann.post("/several", "back", "/", image, script, "title", svg)
	for what, got := range pages {
		require.Less(t, got.status, http.StatusInternalServerError, what)
		for _, bad := range []string{"<script>", "<img", "<svg", `href="javascript`, "{{"} {
			require.NotContains(t, strings.ReplaceAll(got.text, "{{.Version}}", ""), bad, what)
		}
		require.Empty(t, regexp.MustCompile(`<[^>"]*("[^"]*"[^>"]*)*\son[a-z]+=`).FindString(got.text), what)
	}
}
