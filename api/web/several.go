package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/task"
)

// several is the form that does something to all tasks that are selected. Its Form is an
// attempt that could not be carried out, as a whole or for the tasks that it still names.
type several struct {
	Form
	Categories []option
	Status     string // of the tasks in the list
	Today      string // a day, as date fields have it
	Back       string
	Problems   []refused // by which tasks the attempt was refused
	Summary    string
}

// refused is a task that could not be changed.
type refused struct{ Title, Text string }

// doSeveral changes the selected tasks, each by itself. What was done can be undone
// as a whole.
func (s *server) doSeveral(c *gin.Context, user person.Settings) error {
	form := Posted(c)
	var ids []int64
	for _, word := range form["task"] {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n < 1 {
			return fault.Invalid("task", "must be the id of a task")
		}
		ids = append(ids, n)
	}
	if len(ids) > task.MaxLimit {
		return fault.Invalid("task", "is selected too often: at most %d at a time", task.MaxLimit)
	}
	fields, done, err := s.forEach(user, form)
	if len(ids) == 0 {
		err = &fault.Error{Code: fault.InvalidInput, Field: "task", Message: "no task is selected; select one at least"}
	}
	if err != nil {
		return s.refused(c, err, func(f Form) error {
			f.As = nil
			return s.showSeveral(c, http.StatusBadRequest, user, several{Form: f})
		})
	}
	var problems []refused
	var left []string // of the selection
	succeeded := 0
	for len(ids) > 0 {
		some := ids[:min(len(ids), task.MaxBatch)]
		ids = ids[len(some):]
		items := make([]arguments, len(some))
		for i, one := range some {
			if items[i], err = s.item(c, user, one, fields); err != nil {
				return err
			}
		}
		answer, err := call[operation.Outcomes](c.Request.Context(), s.Operations, "update_tasks", arguments{"tasks": items})
		if err != nil {
			return err
		}
		succeeded += answer.Succeeded
		for _, one := range answer.Results {
			if one.Error != nil {
				problem := refused{s.titleOf(c, some[one.Index]), Sentence(one.Error)}
				if asksForParts(one.Error) {
					problem.Text = "it has open parts; complete it by itself, and you are asked what becomes of them"
				}
				problems = append(problems, problem)
				left = append(left, id(some[one.Index]))
			}
		}
	}
	if len(problems) > 0 {
		form["task"] = left
		return s.showSeveral(c, http.StatusConflict, user, several{
			Form: Form{Values: form}, Problems: problems, Summary: fmt.Sprintf("%s changed; %d could not be:", plural(succeeded, "task"), len(problems)),
		})
	}
	s.Pages.Say(c, backTo(c), Said{Text: fmt.Sprintf(done, plural(succeeded, "task")), Call: callOf(c)})
	return nil
}

// forEach returns what is to change in each task, and how to tell that it did.
func (s *server) forEach(user person.Settings, form url.Values) (fields arguments, done string, err error) {
	switch form.Get("do") {
	case "complete":
		return arguments{"action": "complete"}, "%s completed", nil
	case "reopen": // or restore
		return arguments{"action": "reopen"}, "%s open again", nil
	case "delete":
		return arguments{"action": "delete"}, "%s deleted", nil
	case "move":
		day, err := time.Parse(time.DateOnly, form.Get("due"))
		if err != nil {
			return nil, "", fault.Invalid("due", "must be a day, for example %s", s.Now().In(user.Zone()).Format(time.DateOnly))
		}
		return arguments{"due_date": form.Get("due")}, "%s moved to " + strings.ReplaceAll(s.clock(user).day(day), "%", ""), nil
	case "tag", "untag":
		name := strings.TrimPrefix(strings.TrimSpace(form.Get("tag")), "#")
		if name == "" {
			return nil, "", fault.Invalid("tag", "is empty; name one, for example errand")
		}
		if form.Get("do") == "untag" {
			return arguments{"remove_tags": []string{name}}, "%s untagged", nil
		}
		return arguments{"add_tags": []string{name}}, "%s tagged", nil
	case "file":
		if form.Get("category") == "" {
			return arguments{"category": nil}, "%s without a category now", nil
		}
		n, err := strconv.ParseInt(form.Get("category"), 10, 64)
		if err != nil {
			return nil, "", fault.Invalid("category", "must be one of the list")
		}
		return arguments{"category_id": n}, "%s put there", nil
	}
	return nil, "", fault.Invalid("do", "must be one of complete, reopen, move, tag, untag, file, delete")
}

// item is what is to change in one task. One that is moved to another day keeps its
// time of day, and the dates of its series.
func (s *server) item(c *gin.Context, user person.Settings, taskID int64, fields arguments) (arguments, error) {
	item := maps.Clone(fields)
	item["task_id"] = taskID
	day, moves := fields["due_date"].(string)
	if !moves {
		return item, nil
	}
	found, err := call[operation.FullTaskAnswer](c.Request.Context(), s.Operations, "get_task", arguments{"task_id": taskID})
	if e := (*fault.Error)(nil); errors.As(err, &e) {
		return item, nil // the change itself will say so
	} else if err != nil {
		return nil, err
	}
	if due, ok := s.clock(user).read(found.Task.DueDate); ok && !due.allDay {
		item["due_date"] = day + due.at.Format("T15:04")
	}
	if found.Task.RecurrenceRule != "" && found.Task.DueDate != "" {
		item["scope"] = task.ThisOne
	}
	return item, nil
}

// titleOf names a task in a message, by its number where it has none for the person.
func (s *server) titleOf(c *gin.Context, taskID int64) string {
	found, err := call[operation.FullTaskAnswer](c.Request.Context(), s.Operations, "get_task", arguments{"task_id": taskID})
	if err != nil {
		return fmt.Sprintf("Task %d", taskID)
	}
	return found.Task.Title
}

// showSeveral shows the list that the form was on, with what could not be done. What
// was selected stays so.
func (s *server) showSeveral(c *gin.Context, status int, user person.Settings, doing several) error {
	l, ok := listAt(backTo(c))
	if !ok {
		l = list{title: "All tasks", path: "/tasks", query: url.Values{}}
	}
	l.query.Set("select", "1")
	return s.showList(c, status, user, l, nil, doing)
}
