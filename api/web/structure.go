package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/task"
)

// structure is how a task stands among others, as its page shows it.
type structure struct {
	Parent   *relative
	Blockers []relative
	Parts    []row
	Done, Of int // parts
	More     bool
	Starts   string
	Waiting  string
	Form     Form       // the form that changes all of this
	Others   []relative // that can be named in it
}

// relative is another task, by name.
type relative struct {
	ID    int64
	Title string
	Done  bool
}

// Any reports whether there is anything to show.
func (s structure) Any() bool {
	return s.Parent != nil || len(s.Blockers) > 0 || s.Of > 0 || s.Starts != "" || s.Waiting != ""
}

// asPlaced maps the fields of update_task to those of the form.
var asPlaced = map[string]string{"parent_id": "parent", "blocked_by": "after", "start_date": "starts", "waiting_for": "waiting"}

// structureOf finds what the page of a task shows of its structure. attempt is a form
// that could not be carried out.
func (s *server) structureOf(ctx context.Context, user person.Settings, t operation.View, attempt Form) (out structure, err error) {
	clock := s.clock(user)
	out.Starts, out.Waiting, out.Form = clock.full(t.StartDate), t.WaitingFor, Form{Values: url.Values{}, As: asPlaced}
	out.Form.Values.Set("waiting", t.WaitingFor)
	if day, known := clock.read(t.StartDate); known {
		out.Form.Values.Set("starts", day.at.Format("2006-01-02"))
	}
	if t.ParentID != 0 {
		parent, err := s.relative(ctx, t.ParentID)
		if err != nil {
			return out, err
		}
		if out.Parent = parent; parent != nil {
			out.Form.Values.Set("parent", parent.Named())
		}
	}
	for _, one := range t.BlockedBy {
		blocker, err := s.relative(ctx, one)
		if err != nil {
			return out, err
		}
		if blocker != nil {
			out.Blockers = append(out.Blockers, *blocker)
			out.Form.Values.Add("blocker", id(one))
		}
	}
	for name, values := range out.Form.Values {
		out.Form.Values["was_"+name] = values
	}
	if out.Form.Error = attempt.Error; attempt.Values != nil {
		out.Form.Values = placedAnew(attempt.Values, out.Form.Values)
	}
	if t.Parts != nil {
		out.Done, out.Of = t.Parts.Done, t.Parts.Open+t.Parts.Done
		found, err := call[operation.TaskPage](ctx, s.Operations, "list_tasks", arguments{"parent_id": t.ID, "limit": 100, "sort_by": "created_at", "sort_order": "asc", "response_format": operation.Detailed})
		if err != nil {
			return out, err
		}
		out.Parts, out.More = clock.rows(found.Tasks, clock.full), found.NextCursor != ""
	}
	others, err := call[operation.TaskPage](ctx, s.Operations, "list_tasks", arguments{"status": "pending", "limit": 100, "sort_by": "updated_at"})
	for _, one := range others.Tasks {
		if one.ID != t.ID {
			out.Others = append(out.Others, relative{ID: one.ID, Title: one.Title})
		}
	}
	return out, err
}

// placedAnew is a form that could not be carried out, on the task as it is by now: what
// its person changed in it stays, and only that.
func placedAnew(attempt, now url.Values) url.Values {
	for _, name := range []string{"parent", "starts", "waiting", "after"} {
		if typed(attempt, name) {
			now.Set(name, attempt.Get(name))
		}
	}
	now["blocker"] = slices.DeleteFunc(slices.Clone(now["blocker"]), func(one string) bool {
		return slices.Contains(attempt["was_blocker"], one) && !slices.Contains(attempt["blocker"], one)
	})
	return now
}

// relative finds a task by its id; nil if it is deleted.
func (s *server) relative(ctx context.Context, taskID int64) (*relative, error) {
	found, err := call[operation.FullTaskAnswer](ctx, s.Operations, "get_task", arguments{"task_id": taskID})
	if e := (*fault.Error)(nil); errors.As(err, &e) && e.Code == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &relative{taskID, found.Task.Title, found.Task.Completed}, nil
}

// Named is a task by its number and title, as it is chosen in a form.
func (r relative) Named() string { return id(r.ID) + " " + r.Title }

// place changes the structure of a task as the form says.
func (s *server) place(c *gin.Context, user person.Settings) error {
	taskID, err := idOf(c)
	if err != nil {
		return err
	}
	form := Posted(c)
	again := func(f Form) error {
		if f.As = asPlaced; f.Error.Field == "if_version" {
			f.Error.Message, f.Error.Hint = "somebody changed this task meanwhile: above is how it stands now. What you typed is kept and not saved yet; save again to keep it", ""
		}
		return s.showTaskWith(c, http.StatusBadRequest, user, taskForms{place: f})
	}
	changes, err := s.placing(c.Request.Context(), taskID, form)
	if err != nil {
		return s.refused(c, err, again)
	}
	if len(changes) == 1 { // the task alone
		s.Pages.Say(c, "/task/"+id(taskID), Said{Text: "Nothing was changed"})
		return nil
	}
	if version, err := strconv.Atoi(form.Get("if_version")); err == nil && version > 0 {
		changes["if_version"] = version
	}
	changed, err := call[operation.TaskAnswer](c.Request.Context(), s.Operations, "update_task", changes)
	if err != nil {
		return s.refused(c, err, again)
	}
	s.Pages.Say(c, "/task/"+id(taskID), Said{Text: "Saved " + quoted(changed.Task.Title), Call: callOf(c)})
	return nil
}

// placing is what a form changes in the structure of a task.
func (s *server) placing(ctx context.Context, taskID int64, form url.Values) (arguments, error) {
	changes := arguments{"task_id": taskID}
	for field, name := range map[string]string{"start_date": "starts", "waiting_for": "waiting"} {
		if typed(form, name) {
			changes[field] = orEmptied(strings.TrimSpace(form.Get(name)))
		}
	}
	if typed(form, "parent") {
		parent, err := s.namedTask(ctx, "parent_id", form.Get("parent"))
		if err != nil {
			return nil, err
		}
		changes["parent_id"] = parent
	}
	blockers := form["blocker"]
	if text := strings.TrimSpace(form.Get("after")); text != "" {
		another, err := s.namedTask(ctx, "blocked_by", text)
		if err != nil {
			return nil, err
		}
		blockers = append(slices.Clone(blockers), fmt.Sprint(another))
	}
	if !slices.Equal(blockers, form["was_blocker"]) {
		ids := []any{}
		for _, one := range blockers {
			ids = append(ids, number(one))
		}
		if changes["blocked_by"] = any(ids); len(ids) == 0 {
			changes["blocked_by"] = nil
		}
	}
	return changes, nil
}

// orEmptied is a value, nil for none.
func orEmptied(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// namedTask is the id of a task that a person names: by its number, also with its title
// behind it, or by the title of an open task. nil is none.
func (s *server) namedTask(ctx context.Context, field, text string) (any, error) {
	text = strings.TrimSpace(text)
	digits, title, titled := strings.Cut(strings.TrimPrefix(text, "#"), " ")
	taskID, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case text == "":
		return nil, nil
	case err == nil && !titled:
		return number(digits), nil
	case err == nil:
		if named, err := s.relative(ctx, taskID); err != nil || named != nil && named.Title == title {
			return number(digits), err
		}
	}
	return s.titledTask(ctx, field, text)
}

// titledTask is the id of the open task with a title.
func (s *server) titledTask(ctx context.Context, field, title string) (any, error) {
	e := fault.Invalid(field, "is no open task of yours; give its number or its whole title")
	if utf8.RuneCountInString(title) > task.MaxTitle {
		return nil, e
	}
	phrase := `"` + strings.ReplaceAll(title, `"`, " ") + `"`
	found, err := call[operation.TaskPage](ctx, s.Operations, "search_tasks", arguments{"query": phrase, "status": "pending"})
	if err != nil {
		return nil, err
	}
	var fit []relative
	for _, one := range found.Tasks {
		if strings.EqualFold(one.Title, title) {
			fit = append(fit, relative{ID: one.ID, Title: one.Title})
		}
	}
	switch {
	case len(fit) == 1:
		return number(id(fit[0].ID)), nil
	case len(fit) > 1:
		return nil, fault.Invalid(field, "is the title of several tasks; give the number of one, for example %s", fit[0].Named())
	case len(found.Tasks) > 0:
		e = e.WithHint("did you mean " + relative{ID: found.Tasks[0].ID, Title: found.Tasks[0].Title}.Named() + "?")
	}
	return nil, e
}

// addPart adds a task that is a part of the one in the path.
func (s *server) addPart(c *gin.Context, user person.Settings) error {
	taskID, err := idOf(c)
	if err != nil {
		return err
	}
	form := Posted(c)
	given := arguments{"title": form.Get("title"), "parent_id": taskID}
	if key := onceKey(form.Get("key"), form.Get("title")); key != "" {
		given["idempotency_key"] = key
	}
	added, err := call[operation.TaskAnswer](c.Request.Context(), s.Operations, "add_task", given)
	if err != nil {
		return s.refused(c, err, func(f Form) error {
			return s.showTaskWith(c, http.StatusBadRequest, user, taskForms{part: f})
		})
	}
	s.Pages.Say(c, "/task/"+id(taskID)+"#parts", Said{Text: "Added " + quoted(added.Task.Title), Call: callOf(c)})
	return nil
}

// asksForParts reports whether an error asks what becomes of open parts.
func asksForParts(err error) bool {
	var e *fault.Error
	return errors.As(err, &e) && e.Code == fault.Conflict && e.Field == "parts"
}

// parts is what a person decided on the open parts of a task that is completed.
func partsOf(c *gin.Context) arguments {
	if choice := Posted(c).Get("parts"); choice != "" {
		return arguments{"parts": task.Parts(choice)}
	}
	return nil
}
