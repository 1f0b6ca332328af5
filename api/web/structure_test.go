package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/api/operation"
)

func TestAddingAPartTwiceWithOneFormAddsOnce(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	path := "/task/" + itoa(ann.adds(`{"title": "Bathroom"}`))
	_, form, _ := strings.Cut(ann.get(path).text, `action="`+path+`/part"`)
	_, key, _ := strings.Cut(form, `name="key" value="`)
	key, _, _ = strings.Cut(key, `"`)
	require.NotEmpty(t, key)
	for range 2 {
		require.Contains(t, ann.post(path+"/part", "key", key, "title", "Choose tiles").text, "Added “Choose tiles”")
	}
	ann.post(path+"/part", "key", key, "title", "Lay tiles")
	require.Contains(t, ann.get(path).text, "0 of 2 done")
}

func TestTaskShowsItsPlaceAmongOthers(t *testing.T) {
	t.Parallel()
	ann, bob := setup(t)
	root := ann.adds(`{"title": "Bathroom <b>"}`)
	plumb := ann.adds(fmt.Sprintf(`{"title": "Plumb", "parent_id": %d}`, root))
	tile := ann.adds(fmt.Sprintf(`{"title": "Tile", "parent_id": %d, "blocked_by": [%d], "waiting_for": "a <colour>", "start_date": "2026-01-05"}`, root, plumb))
	path := "/task/" + itoa(tile)
	got := ann.get(path).text
	for _, part := range []string{`>Bathroom &lt;b&gt;</a>`, ">Plumb</a>", "a &lt;colour&gt;", "5 Jan"} {
		require.Contains(t, got, part)
	}
	require.NotContains(t, got, "changes it", "a step of several changes is about no single one")
	require.Contains(t, ann.get("/task/"+itoa(root)).text, "0 of 2 done")
	require.Contains(t, ann.get("/tasks").text, "2 open parts")
	require.NotContains(t, ann.get("/tasks").text, "<colour>")

	ann.post("/task/"+itoa(plumb)+"/complete", "back", path)
	require.Contains(t, ann.get(path).text, "<del>Plumb</del>")
	require.Contains(t, ann.get("/task/"+itoa(root)).text, "1 of 2 done")
	require.Contains(t, ann.post("/task/"+itoa(root)+"/part", "title", "Paint").text, "Added “Paint”")
	require.Equal(t, http.StatusNotFound, bob.post("/task/"+itoa(root)+"/part", "title", "Mine").status)
	require.Equal(t, http.StatusNotFound, bob.post(path+"/place", "waiting", "me", "was_waiting", "").status)
}

func TestActivityCallsOtherTasksByTheirTitles(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	root, first := ann.adds(`{"title": "Bathroom <b>"}`), ann.adds(`{"title": "Plumb"}`)
	part := ann.adds(`{"title": "Tile"}`)
	ann.post("/task/"+itoa(part)+"/place", "parent", itoa(root), "was_parent", "", "after", itoa(first))
	for range 2 { // also of tasks that were deleted
		got := ann.get("/activity").text
		for _, wanted := range []string{"part of", `<ins dir="auto">Bathroom &lt;b&gt;</ins>`, "only after", `<ins dir="auto">Plumb</ins>`} {
			require.Contains(t, got, wanted)
		}
		require.NotContains(t, got, "number ")
		require.NotContains(t, got, "title <ins", "being blocked is no change of the title")
		ann.post("/task/" + itoa(first) + "/delete")
	}
}

func TestTaskIsMovedWithoutDragging(t *testing.T) {
	t.Parallel()
	ann, bob := setup(t)
	root, part := ann.adds(`{"title": "Root"}`), ann.adds(`{"title": "Part"}`)
	theirs := bob.adds(`{"title": "Theirs"}`)
	path := "/task/" + itoa(part) + "/place"
	moved := ann.post(path, "parent", itoa(root)+" Root", "was_parent", "", "after", "", "waiting", "an answer", "was_waiting", "")
	require.Contains(t, moved.text, "Saved “Part”")
	view := ann.view(part)
	require.Equal(t, root, view.ParentID)
	require.Equal(t, "an answer", view.WaitingFor)

	circle := ann.post("/task/"+itoa(root)+"/place", "parent", itoa(part), "was_parent", "")
	require.Equal(t, http.StatusBadRequest, circle.status)
	require.Contains(t, circle.text, "cannot be moved under")
	require.Contains(t, circle.text, `value="`+itoa(part)+`"`, "what was typed stays")
	for _, wrong := range []string{itoa(theirs), "999999", "nonsense"} {
		require.Equal(t, http.StatusBadRequest, ann.post("/task/"+itoa(root)+"/place", "after", wrong).status)
		require.Equal(t, http.StatusBadRequest, ann.post("/task/"+itoa(root)+"/place", "parent", wrong, "was_parent", "").status)
	}
	other := ann.adds(`{"title": "Another, with a comma"}`)
	ann.post(path, "after", "another, WITH a comma")
	require.Equal(t, []int64{other}, ann.view(part).BlockedBy, "by its title")
	third := ann.adds(`{"title": "Third"}`)
	ann.post(path, "blocker", itoa(other), "was_blocker", itoa(other), "after", itoa(third)+" Third")
	require.Equal(t, []int64{other, third}, ann.view(part).BlockedBy)
	ann.post(path, "blocker", itoa(third), "was_blocker", itoa(other), "was_blocker", itoa(third), "after", "")
	require.Equal(t, []int64{third}, ann.view(part).BlockedBy)
	ann.post(path, "was_blocker", itoa(third), "after", "")
	require.Empty(t, ann.view(part).BlockedBy)
	ann.adds(`{"title": "third"}`)
	twice := ann.post(path, "after", "Third")
	require.Equal(t, http.StatusBadRequest, twice.status)
	require.Contains(t, twice.text, "several tasks")
	require.Contains(t, ann.post(path, "parent", "anoth", "was_parent", "").text, "did you mean "+itoa(other)+" Another, with a comma?")
	require.Contains(t, ann.get("/task/"+itoa(part)).text, "only after")
	numbered := ann.adds(`{"title": "2 tickets"}`)
	ann.post(path, "after", "2 tickets")
	require.Equal(t, []int64{numbered}, ann.view(part).BlockedBy, "a title may begin with a number")
	ann.post(path, "parent", "", "was_parent", itoa(root))
	require.Zero(t, ann.view(part).ParentID)
}

func TestPlaceThatSomebodyElseChangedIsNotOverwritten(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	first, second, third := ann.adds(`{"title": "First"}`), ann.adds(`{"title": "Second"}`), ann.adds(`{"title": "Third"}`)
	part := ann.adds(fmt.Sprintf(`{"title": "Part", "blocked_by": [%d, %d], "waiting_for": "Bob"}`, first, second))
	path := "/task/" + itoa(part)
	// place is the form as a browser sends it, with First unchecked and a day typed.
	place := func(p page) page {
		fields := []string{"starts", "2030-01-05", "was_starts", "", "after", ""}
		for _, name := range []string{"if_version", "waiting", "was_waiting"} {
			found := regexp.MustCompile(`name="` + name + `"[^>]* value="([^"]*)"`).FindStringSubmatch(p.text)
			require.NotNil(t, found, name)
			fields = append(fields, name, found[1])
		}
		for _, box := range regexp.MustCompile(`name="blocker" value="(\d+)"`).FindAllStringSubmatch(p.text, -1) {
			if fields = append(fields, "was_blocker", box[1]); box[1] != itoa(first) {
				fields = append(fields, "blocker", box[1])
			}
		}
		return ann.post(path+"/place", fields...)
	}
	stale := ann.get(path)
	run[operation.TaskAnswer](ann, "update_task", fmt.Sprintf(`{"task_id": %d, "blocked_by": [%d, %d, %d], "waiting_for": "Eve"}`, part, first, second, third))
	refused := place(stale)
	require.Equal(t, http.StatusBadRequest, refused.status)
	require.Contains(t, refused.text, "Somebody changed this task meanwhile")
	require.Contains(t, refused.text, `value="2030-01-05"`, "what was typed stays")
	require.Contains(t, refused.text, `name="waiting" dir="auto" value="Eve"`, "what was not typed is shown as it is")
	require.NotContains(t, refused.text, `value="`+itoa(first)+`" checked`)
	require.Contains(t, refused.text, `value="`+itoa(third)+`" checked`)
	require.Equal(t, []int64{first, second, third}, ann.view(part).BlockedBy)

	require.Contains(t, place(refused).text, "Saved “Part”")
	require.Equal(t, []int64{second, third}, ann.view(part).BlockedBy)
	require.Equal(t, "Eve", ann.view(part).WaitingFor)
	require.Equal(t, "2030-01-05", ann.view(part).StartDate)
	require.Contains(t, ann.post(path+"/place", "after", "").text, "Nothing was changed")
}

func TestCompletingAsksWhatBecomesOfOpenParts(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	for _, choice := range []string{"complete", "keep"} {
		root := ann.adds(`{"title": "Root"}`)
		part := ann.adds(fmt.Sprintf(`{"title": "Part", "parent_id": %d}`, root))
		path := "/task/" + itoa(root) + "/complete"
		asked := ann.post(path, "back", "/tasks")
		require.Equal(t, http.StatusConflict, asked.status)
		require.Contains(t, asked.text, "What becomes of them?")
		require.False(t, ann.view(root).Completed)
		require.Contains(t, ann.post(path, "back", "/tasks", "parts", choice).text, "is done")
		require.Equal(t, choice == "complete", ann.view(part).Completed)
	}
}
