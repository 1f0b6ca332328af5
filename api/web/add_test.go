package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/api/operation"
)

// form returns the fields of the quick add on a page, and text in its line.
func addForm(p page, text string) []string {
	_, key, _ := strings.Cut(p.text, `name="key" value="`)
	key, _, _ = strings.Cut(key, `"`)
	return []string{"back", "/", "key", key, "text", text}
}

func TestQuickAddAddsWhatItUnderstood(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	ann.now = func() time.Time { return time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC) }
	run[any](ann, "create_category", `{"name": "Big house"}`)
	const line = "Pay rent tomorrow 9:00 every month !high #home @big house ~30m"

	chips := ann.post("/add/understand", "text", line)
	require.Equal(t, http.StatusOK, chips.status)
	for _, part := range []string{">Pay rent<", ">tomorrow 09:00<", ">every month on the 1st at 09:00<", ">high<", ">#home<", ">Big house<", ">30 min<"} {
		require.Contains(t, chips.text, part)
	}
	require.NotContains(t, chips.text, "<html", "a part of a page only")

	done := ann.post("/add", addForm(ann.get("/"), line)...)
	require.Equal(t, "/", done.path, done.text)
	require.Contains(t, done.text, "Added “Pay rent”")
	require.Contains(t, done.text, "tomorrow 09:00 · every month on the 1st at 09:00 · high · #home · Big house · 30 min")
	found := run[operation.TaskPage](ann, "list_tasks", `{}`).Tasks
	require.Len(t, found, 1)
	require.Equal(t, "2026-12-01T09:00:00+01:00", found[0].DueDate)
	require.Equal(t, "Big house", found[0].Category)
	require.Equal(t, 30, found[0].EstimateMinutes)
}

func TestQuickAddReadsTheLanguageOfTheBrowser(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	chips := ann.send(http.MethodPost, "/add/understand", map[string][]string{"text": {"Miete zahlen jeden Montag"}}, "Accept-Language", "de-DE,de;q=0.9,en;q=0.8")
	require.Contains(t, chips.text, ">Miete zahlen<")
	require.Contains(t, chips.text, ">every week on Monday<")
}

func TestAddingTwiceWithOneFormAddsOnce(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	form := addForm(ann.get("/"), "Once")
	ann.post("/add", form...)
	ann.post("/add", form...)
	require.Len(t, run[operation.TaskPage](ann, "list_tasks", `{}`).Tasks, 1)

	// The answer may have been lost on its way, and its person gone on typing.
	other := ann.post("/add", append(form[:4:4], "text", "Once more")...)
	require.Contains(t, other.text, "Added “Once more”")
	require.Len(t, run[operation.TaskPage](ann, "list_tasks", `{}`).Tasks, 2)
}

func TestAddingAgainWhatCountsFromNowAddsOnce(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	at := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	ann.now = func() time.Time { return at }
	form := addForm(ann.get("/"), "Take the cake out in 1 hour")
	require.Contains(t, ann.post("/add", form...).text, "Added “Take the cake out”")
	at = at.Add(2 * time.Minute)
	require.Contains(t, ann.post("/add", form...).text, "This was added before")
	require.Len(t, run[operation.TaskPage](ann, "list_tasks", `{}`).Tasks, 1)
}

func TestWhatCannotBeAddedIsKept(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	refused := ann.post("/add", addForm(ann.get("/"), `Fix "it" @Garage`)...)
	require.Equal(t, http.StatusBadRequest, refused.status)
	require.Contains(t, refused.text, `value="Fix &#34;it&#34; @Garage"`)
	require.Contains(t, refused.text, `id="add-error"`)
	require.Contains(t, refused.text, `name="create" value="Garage"`)
	require.Contains(t, ann.post("/add", append(addForm(refused, `Fix "it" @Garage`), "create", "Garage")...).text, "Added")
	require.Equal(t, "Garage", run[operation.TaskPage](ann, "list_tasks", `{}`).Tasks[0].Category)

	long := ann.post("/add", addForm(refused, strings.Repeat("x", 201))...)
	require.Contains(t, long.text, strings.Repeat("x", 201))
	require.Contains(t, long.text, "at most 200")
	require.Contains(t, ann.post("/add", addForm(refused, " #tag ")...).text, "1 to 200 characters")
}

func TestQuickAddOnACategoryFilesThere(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	made := run[operation.CategoryAnswer](ann, "create_category", `{"name": "Work"}`)
	there := "/category/" + itoa(made.Category.ID)
	page := ann.get(there)
	require.Contains(t, page.text, `name="category" value="Work"`)
	done := ann.post("/add", "back", there, "text", "File me", "category", "Work")
	require.Equal(t, there, done.path)
	require.Equal(t, "Work", run[operation.TaskPage](ann, "list_tasks", `{}`).Tasks[0].Category)
}

// docs/page.md tells people that these are read.
func TestQuickAddReadsTheDatesThatItsDocumentationShows(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	ann.now = func() time.Time { return time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC) }
	for words, chip := range map[string]string{
		"today": ">today<", "fri 14:00": ">Fri 4 Dec 14:00<", "3 march": ">Wed 3 Mar 2027<", "in 2 weeks": ">Mon 14 Dec<",
		"every weekday": ">every weekday<", "every! 3 days": ">counted from completion<",
	} {
		require.Contains(t, ann.post("/add/understand", "text", "Call Bob "+words).text, chip, words)
	}
}
