package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTodayShowsWhatIsDueAndCompletesIt(t *testing.T) {
	t.Parallel()
	ann, bob := setup(t)
	first := ann.get("/")
	require.Equal(t, http.StatusOK, first.status, first.text)
	require.Contains(t, first.text, "What to do first")
	require.Regexp(t, `Your time zone is Europe/Berlin, where it is \d\d:\d\d`, first.text)
	id := ann.adds(`{"title": "Late <b>thing</b>", "due_date": "2020-01-01T09:00", "tags": ["x"]}`)
	ann.adds(`{"title": "Some day"}`)
	shown := ann.get("/")
	require.NotContains(t, shown.text, "What to do first")
	require.Contains(t, shown.text, "Late &lt;b&gt;thing&lt;/b&gt;")
	require.Contains(t, shown.text, "was due Wed 1 Jan 2020 09:00")
	require.Contains(t, shown.text, "Some day")
	require.NotContains(t, bob.get("/").text, "Late")

	done := ann.post(fmt.Sprintf("/task/%d/complete", id), "back", "/")
	require.Equal(t, http.StatusOK, done.status)
	require.Equal(t, "/", done.path)
	require.Contains(t, done.text, "is done")
	require.NotContains(t, done.text, fmt.Sprintf(`id="task-%d"`, id))
	require.NotContains(t, ann.get("/").text, "is done", "it is said once")

	back := ann.undoesSaid(done)
	require.Contains(t, back.text, fmt.Sprintf(`id="task-%d"`, id))
}

func TestTodayShowsTheNextStepsOfProjectsAndWhatWaits(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	root := ann.adds(`{"title": "Bathroom"}`)
	tiles := ann.adds(fmt.Sprintf(`{"title": "Choose tiles", "parent_id": %d}`, root))
	lay := ann.adds(fmt.Sprintf(`{"title": "Lay tiles", "parent_id": %d, "blocked_by": [%d]}`, root, tiles))
	held := ann.adds(`{"title": "Offer", "waiting_for": "the plumber"}`)
	section := func(text, name string) string {
		_, rest, found := strings.Cut(text, `id="`+name+`"`)
		require.True(t, found, name)
		part, _, _ := strings.Cut(rest, "</section>")
		return part
	}
	shown := ann.get("/").text
	require.Contains(t, section(shown, "next-steps"), "Choose tiles")
	require.Contains(t, section(shown, "next-steps"), "part of “Bathroom”")
	require.NotContains(t, section(shown, "next-steps"), fmt.Sprintf(`id="task-%d"`, root))
	require.Contains(t, section(shown, "waiting"), "waiting for the plumber")
	require.NotContains(t, shown, "Lay tiles")
	require.Contains(t, ann.get("/task/"+itoa(root)).text, "after “Choose tiles”")
	require.Contains(t, ann.get("/tasks?status=blocked").text, "after other tasks")
	require.Contains(t, ann.get("/tasks?status=waiting").text, fmt.Sprintf(`id="task-%d"`, held))
	require.NotContains(t, ann.get("/tasks?status=ready").text, "Lay tiles")
	ann.post(fmt.Sprintf("/task/%d/complete", tiles), "back", "/")
	require.Contains(t, section(ann.get("/").text, "next-steps"), "Lay tiles")
	require.NotContains(t, ann.get("/task/"+itoa(lay)).text, "after other")
	ann.post(fmt.Sprintf("/task/%d/complete", lay), "back", "/")
	shown = ann.get("/").text
	require.NotContains(t, shown, "next-steps")
	require.NotContains(t, shown, "0 open parts")
}

func TestAnothersTaskIsNotThere(t *testing.T) {
	t.Parallel()
	ann, bob := setup(t)
	id := ann.adds(`{"title": "Ann's"}`)
	for _, what := range []string{"complete", "reopen", "delete", "skip"} {
		theirs := bob.post(fmt.Sprintf("/task/%d/%s", id, what), "back", "/")
		none := bob.post(fmt.Sprintf("/task/%d/%s", id+1000, what), "back", "/")
		require.Equal(t, http.StatusNotFound, theirs.status)
		require.Equal(t, none.status, theirs.status)
		require.NotContains(t, theirs.text, "Ann&#39;s")
	}
}

func TestFormsLeadBackToThisServerOnly(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	for _, back := range []string{"//evil.example/", "https://evil.example/", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)", "evil", ""} {
		id := ann.adds(`{"title": "x"}`)
		done := ann.post(fmt.Sprintf("/task/%d/complete", id), "back", back)
		require.Equal(t, "/", done.path, back)
	}
}

func TestPagesAllowNothingInlineAndNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	shown := ann.get("/")
	policy := shown.header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	require.NotContains(t, policy, "http")
	require.NotContains(t, shown.text, "style=")
	require.NotContains(t, shown.text, "onclick")
}
