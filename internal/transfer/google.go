package transfer

import (
	"strings"
	"time"

	"tickler/internal/input"
	"tickler/internal/task"
)

// Takeout of Google writes one Tasks.json with all lists of a person. Dates are days;
// a time of day, where there is one, stands in scheduled_time. That a task recurs is
// told, by which rule is not.
// https://developers.google.com/tasks/reference/rest/v1/tasks

const googleFormat = "google-tasks"

var googleLists = map[string]bool{"items": true, "tasks": true}

func (j *jsonFile) readGoogle() error {
	return j.members(func(name string) error {
		if !googleLists[lower(name)] {
			return j.skip()
		}
		return j.list(func() error {
			return j.nested(googleLists, func(list record) string { return list.text("title") }, j.googleTask)
		})
	})
}

func (j *jsonFile) googleTask(r record) item {
	i := j.begin(r, "id")
	i.parent = r.text("parent")
	i.in.Title, i.in.Description, i.in.Priority = input.Some(r.text("title")), input.Some(r.text("notes")), input.Some(task.Medium)
	if i.in.Title.Value == "" {
		i.untitled()
	}
	if r.flag("starred") {
		i.in.Priority = input.Some(task.High)
	}
	day := r.text("due")
	scheduled := r.records("scheduled_time")
	for n, one := range scheduled {
		if current := one.flag("current"); current || n == len(scheduled)-1 {
			if start := one.text("start"); start != "" {
				day = start
			}
			if current {
				break
			}
		}
	}
	if day != "" {
		j.googleDay(&i, day)
	}
	if r.text("task_recurrence_id") != "" {
		i.note("it recurs, but by which rule Google does not export")
	}
	i.in.CreatedAt = r.moment("created")
	if completed := r.moment("completed"); completed != nil || strings.EqualFold(r.text("status"), "completed") {
		i.done(completed, r.moment("updated"))
	}
	for _, link := range r.records("links") {
		i.keep("Link", strings.TrimSpace(link.text("description")+" "+link.text("link")))
	}
	if r.flag("deleted") {
		i.reason = "it was deleted there"
	}
	i.leftOut(r.left("kind etag position selflink status updated hidden task_type webviewlink completed task_recurrence_id"))
	return i
}

// googleDay reads a date, which is a day at 00:00 UTC unless it names an hour.
func (j *jsonFile) googleDay(i *item, text string) {
	at := momentOf(text)
	if at == nil {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			i.keep("Due", text)
			return
		}
		at = &day
	}
	if h, m, s := at.Clock(); h+m+s == 0 { // in the offset that it names
		i.dueOn(*at)
		return
	}
	i.dueAt(*at, j.user.Zone())
}
