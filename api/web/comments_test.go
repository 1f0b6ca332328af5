package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var commentNumber = regexp.MustCompile(`id="comment-(\d+)"`)

func TestTaskShowsWhatWasSaidAboutIt(t *testing.T) {
	t.Parallel()
	ann, bob := setup(t)
	task := ann.adds(`{"title": "Bathroom"}`)
	path := "/task/" + itoa(task)
	require.Contains(t, ann.get(path).text, "Add a comment")

	said := ann.post(path+"/comment", "text", "See <script>alert(1)</script> https://example.com/plan", "url", `https://example.com/?a="><img src=x>`, "title", "<b>Offer</b>", "kind", "pull_request")
	require.Equal(t, http.StatusOK, said.status)
	require.Contains(t, said.text, "Commented on “Bathroom”")
	for _, part := range []string{"&lt;script&gt;alert(1)", `href="https://example.com/plan"`, "&lt;b&gt;Offer&lt;/b&gt;", "pull request", "<strong dir=\"auto\">You</strong>"} {
		require.Contains(t, said.text, part)
	}
	require.NotContains(t, said.text, "<script>alert")
	require.NotContains(t, said.text, "<img src=x")
	number := commentNumber.FindStringSubmatch(said.text)[1]

	changed := ann.post(path+"/comment", "comment", number, "text", "Never mind")
	require.Contains(t, changed.text, "Changed a comment on")
	require.Contains(t, changed.text, "Never mind")
	require.NotContains(t, changed.text, "Offer&lt;/b&gt;</a>")
	require.Equal(t, http.StatusNotFound, bob.post(path+"/comment", "text", "mine").status)
	require.Equal(t, http.StatusNotFound, bob.post(path+"/comment", "comment", number, "delete", "yes").status)

	wrong := ann.post(path+"/comment", "text", "kept as typed", "url", "javascript:alert(1)")
	require.Equal(t, http.StatusBadRequest, wrong.status)
	require.Contains(t, wrong.text, "no address of the web")
	require.Contains(t, wrong.text, "kept as typed</textarea>")
	require.NotContains(t, wrong.text, `href="javascript:`)

	activity := ann.get("/activity").text
	require.Contains(t, activity, "added a comment on")
	require.Contains(t, activity, "changed a comment on")
	gone := ann.post(path+"/comment", "comment", number, "delete", "yes")
	require.Contains(t, gone.text, "Deleted a comment on")
	require.NotContains(t, gone.text, `id="comment-`+number)
}

func TestOldCommentsAreAPageAway(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	task := ann.adds(`{"title": "Bathroom"}`)
	path := "/task/" + itoa(task)
	for n := range 25 {
		require.Equal(t, http.StatusOK, ann.post(path+"/comment", "text", fmt.Sprintf("note %02d.", n)).status)
	}
	first := ann.get(path).text
	require.Contains(t, first, "note 24.")
	require.Contains(t, first, "note 02.")
	require.NotContains(t, first, "note 01.")
	older := regexp.MustCompile(`href="(/task/\d+\?comments=\d+)#comments"`).FindStringSubmatch(first)
	require.NotNil(t, older)
	second := ann.get(older[1]).text
	require.Contains(t, second, "note 01.")
	require.Contains(t, second, "note 00.")
	require.NotContains(t, second, "note 02.")
}
