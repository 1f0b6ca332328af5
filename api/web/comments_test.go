package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
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

// newest returns the field that holds the newest comment that a page shows.
func newest(p page) []string {
	_, last, _ := strings.Cut(p.text, `name="last" value="`)
	last, _, _ = strings.Cut(last, `"`)
	return []string{"last", last}
}

func TestCommentWhoseAnswerWasLostIsAddedOnce(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	path := "/task/" + itoa(ann.adds(`{"title": "Bathroom"}`))
	form := append(newest(ann.get(path)), "text", " Two\r\noffers ", "url", "https://example.com/offer", "title", "Offer")
	require.Equal(t, "0", form[1])
	shown := ann.post(path+"/comment", form...)
	require.Contains(t, shown.text, "Commented on")
	require.Len(t, commentNumber.FindAllString(shown.text, -1), 1)
	again := ann.post(path+"/comment", form...)
	require.Contains(t, again.text, "This comment was added before")
	require.Len(t, commentNumber.FindAllString(again.text, -1), 1)

	// Who has seen it may say the same once more, and something else from the same form.
	require.Contains(t, ann.post(path+"/comment", append(newest(again), form[2:]...)...).text, "Commented on")
	require.Len(t, commentNumber.FindAllString(ann.post(path+"/comment", form[0], form[1], "text", "Three offers").text, -1), 3)
}

func TestCommentThatIsTooLongIsToldPlainlyAndKept(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	path := "/task/" + itoa(ann.adds(`{"title": "Bathroom"}`))
	got := ann.post(path+"/comment", "text", strings.Repeat("w", 10_001))
	require.Equal(t, http.StatusBadRequest, got.status)
	require.Contains(t, got.text, "Text has 10001 characters; at most 10000 are allowed.")
	require.Contains(t, got.text, strings.Repeat("w", 10_001)+"</textarea>")
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
