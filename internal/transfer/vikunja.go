package transfer

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tickler/internal/input"
	"tickler/internal/task"
)

// Vikunja exports a ZIP, whose data.json is an array of projects with their tasks.
// Year 1 stands for no date, descriptions are HTML, and priorities go from 0 for none
// to 5. Reminders name the instant that they come to, and what they count from.
// https://vikunja.io/docs/api

const vikunjaFormat = "vikunja"

var (
	vikunjaLists      = map[string]bool{"tasks": true, "lists": true, "projects": true, "child_projects": true, "namespaces": true}
	vikunjaPriorities = map[string]task.Priority{"1": task.Low, "2": task.Medium, "3": task.High, "4": task.Urgent, "5": task.Urgent}
)

func (j *jsonFile) readVikunja() error {
	token, err := j.token()
	if err != nil {
		return err
	}
	one := func() error {
		return j.nested(vikunjaLists, func(project record) string { return project.text("title") }, j.vikunjaTask)
	}
	if fmt.Sprint(token) == "[" {
		return j.elements(one)
	}
	self := record{}
	err = j.rest(func(name string) error {
		switch {
		case vikunjaLists[lower(name)]:
			return j.list(one)
		case lower(name) == "title":
			text, err := j.raw(foreignParts)
			self.set(name, text)
			return err
		}
		return j.skip()
	})
	if title := self.text("title"); title != "" {
		for n := range j.items {
			if j.items[n].in.Category.Value == "" {
				j.items[n].in.Category = input.Some(title)
			}
		}
	}
	return err
}

func (j *jsonFile) vikunjaTask(r record) item {
	i := j.begin(r, "id")
	i.in.Title, i.in.Description = input.Some(r.text("title")), input.Some(plainText(r.text("description")))
	if i.in.Title.Value == "" {
		i.untitled()
	}
	i.in.Priority = input.Some(task.Medium)
	if priority, known := vikunjaPriorities[r.text("priority")]; known {
		i.in.Priority = input.Some(priority)
	}
	if due := r.moment("due_date"); due != nil {
		i.dueAt(*due, j.user.Zone())
	}
	for _, field := range []struct{ member, name string }{{"start_date", "Start"}, {"end_date", "End"}} {
		if at := r.moment(field.member); at != nil {
			i.keep(field.name, at.In(j.user.Zone()).Format("2006-01-02 15:04"))
		}
	}
	j.vikunjaRule(&i, r)
	for _, label := range r.records("labels") {
		i.tag(label.text("title"))
	}
	j.vikunjaReminders(&i, r)
	if done, _ := strconv.ParseFloat(r.text("percent_done"), 64); done > 0 && done < 1 {
		i.keep("Done so far", fmt.Sprintf("%.0f %%", done*100))
	}
	related := r.record("related_tasks")
	for _, parent := range related.records("parenttask") {
		i.parent = parent.text("id")
	}
	delete(related, "subtask") // each names its parent
	for _, kind := range []struct{ member, name string }{{"blocked", "Blocked by"}, {"follows", "Follows"}, {"related", "Related to"}} {
		for _, one := range related.records(kind.member) {
			i.keep(kind.name, one.text("title"))
		}
	}
	for _, comment := range r.records("comments") {
		author := comment.record("author")
		i.said(cmp.Or(author.text("name"), author.text("username")), "Vikunja", plainText(comment.text("comment")), comment.moment("created"))
	}
	for _, person := range r.records("assignees") {
		i.keep("Assigned to", person.text("username"))
	}
	if n := len(r.records("attachments")); n > 0 {
		i.note("left out: %d attachments", n)
	}
	i.in.CreatedAt = r.moment("created")
	if done := r.flag("done"); done {
		i.done(r.moment("done_at"), r.moment("updated"))
	}
	i.leftOut(append(r.left("index project_id list_id created_by updated position kanban_position bucket_id identifier is_favorite cover_image_attachment_id hex_color buckets reactions subscription done_at"), related.left("precedes blocking")...))
	return i
}

// vikunjaRule reads how the task recurs: every so many seconds (mode 0), monthly
// (mode 1), or every so many seconds from completion (mode 2); newer ones an RRULE.
func (j *jsonFile) vikunjaRule(i *item, r record) {
	every, mode, rule := r.number("repeat_after"), r.number("repeat_mode"), strings.TrimPrefix(r.text("repeats"), "RRULE:")
	fromNow := mode == 2 || r.flag("repeats_from_current_date") || r.flag("repeat_from_current_date")
	switch {
	case rule != "":
	case mode == 1:
		rule = "FREQ=MONTHLY"
		if due, dated := i.due(j.user); dated && due.Wall.Day() > 28 { // a month without that day uses its last one
			rule += fmt.Sprintf(";BYMONTHDAY=%d;SKIP=BACKWARD", due.Wall.Day())
		}
	case every <= 0:
		return
	default:
		rule = everySeconds(every)
	}
	if i.recurs(rule) && fromNow {
		i.in.RecurrenceBase = input.Some(task.FromCompletion)
	}
}

// everySeconds is the RRULE of an interval in seconds.
func everySeconds(n int64) string {
	for _, unit := range []struct {
		freq    string
		seconds int64
	}{{"WEEKLY", 7 * 86400}, {"DAILY", 86400}, {"HOURLY", 3600}} {
		if n%unit.seconds == 0 {
			if n == unit.seconds {
				return "FREQ=" + unit.freq
			}
			return fmt.Sprintf("FREQ=%s;INTERVAL=%d", unit.freq, n/unit.seconds)
		}
	}
	return fmt.Sprintf("every %d seconds", n) // which no rule of a task can say
}

// vikunjaReminders reads when the task reminds.
func (j *jsonFile) vikunjaReminders(i *item, r record) {
	_, dated := i.due(j.user)
	for _, one := range r.records("reminders") {
		at := one.moment("reminder")
		switch apart := one.number("relative_period"); {
		case one.text("relative_to") == "due_date" && dated:
			i.remind(-time.Duration(max(min(apart, 1<<32), -1<<32))*time.Second, fmt.Sprintf("%d s", apart))
		case at != nil:
			i.remindAt(*at, at.Format(time.RFC3339), j.user)
		default:
			i.note("a reminder could not be taken over: it names no moment")
		}
	}
	for _, text := range r.texts("reminder_dates") { // before 0.21
		if at := momentOf(text); at != nil {
			i.remindAt(*at, text, j.user)
		}
	}
}
