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

func (v *visitor) view(id int64) operation.View {
	v.t.Helper()
	return run[operation.FullTaskAnswer](v, "get_task", fmt.Sprintf(`{"task_id": %d, "response_format": "detailed"}`, id)).Task
}

func TestTaskShowsAllOfIt(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	id := ann.adds(`{"title": "Rent <i>", "description": "See https://example.com/?a=1&b=2. Not javascript:alert(1), nor <script>alert(2)</script>, http://, but mailto:me@example.com",
		"due_date": "2030-01-01T09:00", "recurrence_rule": "monthly", "priority": "high", "tags": ["money"], "estimate_minutes": 90}`)
	got := ann.get("/task/" + itoa(id))
	require.Equal(t, http.StatusOK, got.status)
	for _, part := range []string{
		"Rent &lt;i&gt;", "every month on the 1st at 09:00", "then Fri 1 Feb 2030 09:00", "1 h 30 min", "#money", ">high<", "Tue 1 Jan 2030 08:00",
		`<a href="https://example.com/?a=1&amp;b=2" rel="noopener noreferrer nofollow ugc">`, `<a href="mailto:me@example.com"`, "&lt;script&gt;", "Skip this date",
	} {
		require.Contains(t, got.text, part)
	}
	require.NotContains(t, got.text, `href="javascript`)
	require.Equal(t, 2, strings.Count(got.text, "nofollow"))
}

// hidden returns the form that changes a task, as a browser would send it.
func editForm(p page, changes ...string) []string {
	var fields []string
	add := func(name, value string) {
		for i := 0; i < len(changes); i += 2 {
			if changes[i] == name {
				value = changes[i+1]
			}
		}
		fields = append(fields, name, html.UnescapeString(value))
	}
	_, form, _ := strings.Cut(p.text, `action="/task/`)
	for _, input := range regexp.MustCompile(`<input [^>]*>`).FindAllString(form, -1) {
		name := regexp.MustCompile(`name="([^"]*)"`).FindStringSubmatch(input)
		value := regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(input)
		if name != nil && value != nil && name[1] != "back" {
			add(name[1], value[1])
		}
	}
	for _, area := range regexp.MustCompile(`(?s)<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(form, -1) {
		add(area[1], strings.ReplaceAll(area[2], "\n", "\r\n"))
	}
	for _, choice := range regexp.MustCompile(`(?s)<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>`).FindAllStringSubmatch(form, -1) {
		chosen := regexp.MustCompile(`value="([^"]*)" selected`).FindStringSubmatch(choice[2])
		if chosen == nil {
			chosen = regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(choice[2])
		}
		add(choice[1], chosen[1])
	}
	return fields
}

func TestEditingChangesWhatWasTyped(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	id := ann.adds(`{"title": "Old", "description": "two\nlines", "due_date": "2030-01-01T09:00", "tags": ["a"], "reminder_offsets": [1440, 30]}`)
	path := "/task/" + itoa(id)
	before := ann.view(id)
	require.Contains(t, ann.post(path+"/edit", editForm(ann.get(path+"/edit"))...).text, "Nothing was changed")
	require.Equal(t, before.Version, ann.view(id).Version)
	require.Contains(t, ann.get(path+"/edit").text, `value="1 day before, 30 min before"`)

	saved := ann.post(path+"/edit", editForm(ann.get(path+"/edit"), "title", "New", "due_day", "2030-02-03", "due_time", "", "repeats", "every 2 weeks",
		"tags", "b, #c", "minutes", "1h30", "reminders", "none", "priority", "urgent")...)
	require.Equal(t, path, saved.path, saved.text)
	after := ann.view(id)
	require.Equal(t, []any{"New", "two\nlines", "2030-02-03", 90, []string{"b", "c"}, "urgent"}, []any{after.Title, after.Description, after.DueDate, after.EstimateMinutes, after.Tags, string(after.Priority)})
	require.Contains(t, after.RecurrenceRule, "INTERVAL=2")
	require.Empty(t, after.ReminderOffsets)

	ann.post(path+"/edit", editForm(ann.get(path+"/edit"), "due_day", "", "repeats", "", "description", "", "minutes", "", "reminders", "")...)
	cleared := ann.view(id)
	require.Equal(t, []any{"", "", "", 0}, []any{cleared.DueDate, cleared.RecurrenceRule, cleared.Description, cleared.EstimateMinutes})
}

func TestErrorsStandBesideTheirFieldAndKeepWhatWasTyped(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	path := "/task/" + itoa(ann.adds(`{"title": "Old"}`)) + "/edit"
	for name, value := range map[string]string{
		"title": strings.Repeat("y", 201), "repeats": "sometimes", "minutes": "a while", "reminders": "early", "tags": strings.Repeat("z", 31),
		"description": strings.Repeat("d", 10001), "due_day": "2030-02-31",
	} {
		got := ann.post(path, editForm(ann.get(path), "priority", "low", name, value)...)
		require.Equal(t, http.StatusBadRequest, got.status, name)
		require.Contains(t, got.text, `id="`+name+`-error"`, name)
		require.Contains(t, got.text, value, name)
		require.Contains(t, got.text, `value="low" selected`, name)
	}
}

func TestStaleFormShowsWhatChangedMeanwhileAndOverwritesNothing(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	id := ann.adds(`{"title": "Old", "due_date": "2030-01-01", "priority": "low"}`)
	path := "/task/" + itoa(id) + "/edit"
	form := ann.get(path)
	run[any](ann, "update_task", fmt.Sprintf(`{"task_id": %d, "due_date": "2030-05-05", "title": "By an agent"}`, id))
	stale := ann.post(path, editForm(form, "title", "By Ann", "priority", "high")...)
	require.Equal(t, http.StatusBadRequest, stale.status)
	require.Contains(t, stale.text, "Somebody changed this task meanwhile")
	require.Contains(t, stale.text, `Title: <del dir="auto">Old</del> → <ins dir="auto">By an agent</ins>`)
	require.Contains(t, stale.text, `Due: <del dir="auto">2030-01-01</del> → <ins dir="auto">2030-05-05</ins>`)
	require.Contains(t, stale.text, `value="By Ann"`)
	require.Equal(t, "By an agent", ann.view(id).Title)

	again := ann.post(path, editForm(stale)...)
	require.Contains(t, again.text, "Saved")
	now := ann.view(id)
	require.Equal(t, []any{"By Ann", "high", "2030-05-05"}, []any{now.Title, string(now.Priority), now.DueDate}, "what the agent changed beside it stays")
}

func TestSnoozingAndRemindingAtAMoment(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	id := ann.adds(`{"title": "x", "due_date": "2030-01-01T09:00"}`)
	path := "/task/" + itoa(id)
	require.Contains(t, ann.post(path+"/remind", "back", path, "snooze", "60", "at", "").text, "reminds")
	require.Contains(t, ann.post(path+"/remind", "back", path, "at", "2029-06-01T10:00").text, "Fri 1 Jun 2029 10:00")
	past := ann.post(path+"/remind", "back", path, "at", "2020-06-01T10:00")
	require.Equal(t, http.StatusBadRequest, past.status)
	require.Contains(t, past.text, `id="at-error"`)
	require.Contains(t, past.text, `value="2020-06-01T10:00"`)
}

func TestDeletingLeadsAwayFromTheTaskAndCanBeUndone(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	id := ann.adds(`{"title": "x"}`)
	path := "/task/" + itoa(id)
	gone := ann.post(path+"/delete", "back", path)
	require.Equal(t, "/", gone.path)
	require.Contains(t, gone.text, "Deleted “x”")
	require.Contains(t, gone.text, ">Undo<")
	require.Equal(t, http.StatusNotFound, ann.get(path).status)
}

func TestCompletingTellsWhatComesNext(t *testing.T) {
	t.Parallel()
	ann, _ := setup(t)
	daily, last := ann.adds(`{"title": "Daily", "due_date": "2030-01-01T09:00", "recurrence_rule": "daily"}`), ann.adds(`{"title": "Last", "due_date": "2030-01-01", "recurrence_rule": "FREQ=DAILY;COUNT=1"}`)
	require.Contains(t, ann.post("/task/"+itoa(daily)+"/complete", "back", "/").text, "next Wed 2 Jan 2030 09:00")
	require.Contains(t, ann.post("/task/"+itoa(last)+"/complete", "back", "/").text, "that was the last of the series")
	once := ann.post("/task/"+itoa(ann.adds(`{"title": "Once"}`))+"/complete", "back", "/").text
	require.NotContains(t, once, "series")
}
