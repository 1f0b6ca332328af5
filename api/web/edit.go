package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/phrase"
	"tickler/internal/quickadd"
	"tickler/internal/task"
)

// editData is what the form that changes a task shows.
type editData struct {
	Form
	ID         int64
	Title      string
	Was        url.Values // the fields as they are stored
	Version    int
	Recurs     bool
	Words      string // of the rule
	Meanwhile  []difference
	Categories []option
	Priorities []option
	Bases      []option
	Scopes     []option
}

// difference is a field that was changed.
type difference struct{ Field, Before, After string }

// editFields are those of the form, with their labels.
var editFields = []struct{ name, label string }{
	{"title", "Title"}, {"description", "Description"}, {"due_day", "Due"}, {"due_time", "Time"}, {"repeats", "Repeats"}, {"base", "The next date counts from"},
	{"priority", "Priority"}, {"category", "Category"}, {"tags", "Tags"}, {"minutes", "How long it takes"}, {"reminders", "Reminders"},
}

// asEdited maps the fields of update_task to those of the form.
var asEdited = map[string]string{
	"due_date": "due_day", "recurrence_rule": "repeats", "recurrence_base": "base", "category_id": "category",
	"estimate_minutes": "minutes", "reminder_offsets": "reminders", "tag": "tags", "name": "tags",
}

func (s *server) edit(c *gin.Context, user person.Settings) error {
	return s.showEdit(c, http.StatusOK, user, Form{})
}

// fieldsOf are the fields of the form as a task has them.
func (c clock) fieldsOf(t operation.View) url.Values {
	values := url.Values{}
	values.Set("title", t.Title)
	values.Set("description", t.Description)
	if due, ok := c.read(t.DueDate); ok {
		values.Set("due_day", due.at.Format("2006-01-02"))
		if !due.allDay {
			values.Set("due_time", due.at.Format("15:04"))
		}
	}
	values.Set("repeats", t.RecurrenceRule)
	if t.RecurrenceBase != "" {
		values.Set("base", string(t.RecurrenceBase))
	}
	values.Set("priority", string(t.Priority))
	values.Set("category", id(t.CategoryID))
	values.Set("tags", strings.Join(t.Tags, ", "))
	if t.EstimateMinutes > 0 {
		values.Set("minutes", duration(t.EstimateMinutes))
	}
	values.Set("reminders", OffsetWords(t.ReminderOffsets))
	return values
}

// showEdit answers with the form. attempt is one that could not be carried out:
// what was typed stays; what somebody else changed meanwhile is shown beside it.
func (s *server) showEdit(c *gin.Context, status int, user person.Settings, attempt Form) error {
	ctx := c.Request.Context()
	found, err := s.wholeTask(c)
	if err != nil {
		return err
	}
	categories, err := s.Operations.Categories(ctx)
	if err != nil {
		return err
	}
	clock := s.clock(user)
	data := editData{
		ID: found.Task.ID, Title: found.Task.Title, Was: clock.fieldsOf(found.Task), Version: found.Task.Version, Recurs: found.Task.RecurrenceRule != "",
		Priorities: priorities, Bases: []option{{string(task.FromDue), "the due date"}, {string(task.FromCompletion), "when it is done"}},
		Scopes: []option{{string(task.ThisAndFollowing), "the series from here on"}, {string(task.ThisOne), "this date only"}},
	}
	data.Form = Form{Values: data.Was, Error: attempt.Error, As: asEdited}
	if found.Recurrence != nil {
		data.Words = found.Recurrence.Words
	}
	names := map[string]string{"": "none"}
	for _, one := range categories {
		names[id(one.ID)] = one.Name
		data.Categories = append(data.Categories, option{id(one.ID), one.Name})
	}
	if attempt.Values != nil {
		data.Values = url.Values{"scope": attempt.Values["scope"]}
		for _, field := range editFields {
			was, is := plainLines(attempt.Values.Get("was_"+field.name)), data.Was.Get(field.name)
			data.Values.Set(field.name, is)
			if typed(attempt.Values, field.name) {
				data.Values.Set(field.name, attempt.Values.Get(field.name))
			}
			if was != is {
				if field.name == "category" {
					was, is = names[was], names[is]
				}
				data.Meanwhile = append(data.Meanwhile, difference{field.label, was, is})
			}
		}
	}
	s.Pages.Show(c, status, "edit", Page{Title: "Edit " + quoted(found.Task.Title), Current: "/tasks", Back: "/task/" + id(found.Task.ID), Data: data})
	return nil
}

// plainLines takes back what browsers do to line ends.
func plainLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// typed reports whether a person changed a field: the form has it twice, as it was
// and as it is now.
func typed(form url.Values, name string) bool {
	return form.Has(name) && plainLines(form.Get(name)) != plainLines(form.Get("was_"+name))
}

func (s *server) update(c *gin.Context, user person.Settings) error {
	taskID, err := idOf(c)
	if err != nil {
		return err
	}
	form := Posted(c)
	again := func(f Form) error { return s.showEdit(c, http.StatusBadRequest, user, f) }
	changes, err := s.changes(c, user, form)
	if err != nil {
		return s.refused(c, err, again)
	}
	to := "/task/" + id(taskID)
	if len(changes) == 0 {
		s.Pages.Say(c, to, Said{Text: "Nothing was changed"})
		return nil
	}
	changes["task_id"] = taskID
	if version, err := strconv.Atoi(form.Get("if_version")); err == nil && version > 0 {
		changes["if_version"] = version
	}
	if _, due := changes["due_date"]; due && form.Get("scope") != "" {
		changes["scope"] = form.Get("scope")
	}
	changed, err := call[operation.TaskAnswer](c.Request.Context(), s.Operations, "update_task", changes)
	if err != nil {
		return s.refused(c, err, again)
	}
	s.Pages.Say(c, to, Said{Text: "Saved " + quoted(changed.Task.Title), Call: callOf(c)})
	return nil
}

// changes are the arguments of update_task for what was typed.
func (s *server) changes(c *gin.Context, user person.Settings, form url.Values) (arguments, error) {
	changes := arguments{}
	text := func(field, name string) {
		if !typed(form, name) {
			return
		}
		if changes[field] = any(plainLines(form.Get(name))); form.Get(name) == "" && name != "title" {
			changes[field] = nil
		}
	}
	text("title", "title")
	text("description", "description")
	text("priority", "priority")
	text("recurrence_base", "base")
	if typed(form, "due_day") || typed(form, "due_time") {
		day, at := form.Get("due_day"), form.Get("due_time")
		switch {
		case day == "" && at != "":
			day = s.Now().In(user.Zone()).Format("2006-01-02") // as with a time alone in words
			fallthrough
		case day != "" && at != "":
			changes["due_date"] = day + "T" + at
		case day != "":
			changes["due_date"] = day
		default:
			changes["due_date"] = nil
		}
	}
	if typed(form, "repeats") {
		changes["recurrence_rule"] = s.rule(c, user, form.Get("repeats"))
	}
	if typed(form, "category") {
		if changes["category"] = nil; form.Get("category") != "" {
			delete(changes, "category")
			changes["category_id"] = number(form.Get("category"))
		}
	}
	if typed(form, "tags") {
		names := []string{}
		for _, name := range strings.Split(form.Get("tags"), ",") {
			if name = strings.TrimPrefix(strings.TrimSpace(name), "#"); name != "" {
				names = append(names, name)
			}
		}
		changes["tags"] = names
	}
	if typed(form, "minutes") {
		changes["estimate_minutes"] = nil
		if said := strings.TrimSpace(form.Get("minutes")); said != "" {
			minutes, ok := quickadd.Minutes(said)
			if !ok {
				return nil, fault.Invalid("estimate_minutes", "%q is not a length of time; write for example 30 min, 1 h 30 or 2 days", fault.Clip(said))
			}
			changes["estimate_minutes"] = minutes
		}
	}
	if typed(form, "reminders") {
		offsets, err := ReadOffsets("reminder_offsets", form.Get("reminders"))
		if err != nil {
			return nil, err
		}
		if changes["reminder_offsets"] = nil; offsets != nil {
			changes["reminder_offsets"] = offsets
		}
	}
	return changes, nil
}

// rule reads a rule in words, or as RFC 5545 has it; nil for none.
func (s *server) rule(c *gin.Context, user person.Settings, text string) any {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	if found, ok := phrase.Read(text, language(c), s.Now().In(user.Zone())); ok && found.Rule != "" {
		return found.Rule
	}
	return text
}

// refused shows a form again with what is wrong. It returns errors that its sender cannot
// correct.
func (s *server) refused(c *gin.Context, err error, again func(Form) error) error {
	e := (*fault.Error)(nil)
	if !errors.As(err, &e) || e.Code == fault.NotFound && e.Field == "task_id" || e.Code == fault.Unavailable {
		return err
	}
	return again(Form{Values: Posted(c), Error: s.Operations.Visible(c.Request.Context(), "page", e), As: asEdited})
}

// number is a number for the arguments of an operation, which refuses anything else.
func number(text string) any {
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		return json.Number(text)
	}
	return text
}
