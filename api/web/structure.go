package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

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
var asPlaced = map[string]string{"parent_id": "parent", "blocked_by": "blockers", "start_date": "starts", "waiting_for": "waiting"}

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
		out.Parent = parent
		out.Form.Values.Set("parent", id(t.ParentID))
	}
	var blockers []string
	for _, one := range t.BlockedBy {
		blocker, err := s.relative(ctx, one)
		if err != nil {
			return out, err
		}
		if blocker != nil {
			out.Blockers = append(out.Blockers, *blocker)
			blockers = append(blockers, id(one))
		}
	}
	out.Form.Values.Set("blockers", strings.Join(blockers, ", "))
	for name, values := range out.Form.Values {
		out.Form.Values["was_"+name] = values
	}
	if attempt.Values != nil {
		out.Form.Values, out.Form.Error = attempt.Values, attempt.Error
	}
	if t.Parts != nil {
		out.Done, out.Of = t.Parts.Done, t.Parts.Open+t.Parts.Done
		found, err := call[operation.TaskPage](ctx, s.Operations, "list_tasks", arguments{"parent_id": t.ID, "limit": 100, "sort_by": "created_at", "sort_order": "asc"})
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

// place changes the structure of a task as the form says.
func (s *server) place(c *gin.Context, user person.Settings) error {
	taskID, err := idOf(c)
	if err != nil {
		return err
	}
	form := Posted(c)
	changes := arguments{"task_id": taskID}
	for field, name := range asPlaced {
		if !typed(form, name) {
			continue
		}
		text := strings.TrimSpace(form.Get(name))
		switch {
		case text == "":
			changes[field] = nil
		case name == "parent":
			changes[field] = leadingNumber(text)
		case name == "blockers":
			ids := []any{}
			for _, one := range strings.Split(text, ",") {
				if one = strings.TrimSpace(one); one != "" {
					ids = append(ids, leadingNumber(one))
				}
			}
			changes[field] = ids
		default:
			changes[field] = text
		}
	}
	changed, err := call[operation.TaskAnswer](c.Request.Context(), s.Operations, "update_task", changes)
	if err != nil {
		return s.refused(c, err, func(f Form) error {
			f.As = asPlaced
			return s.showTaskWith(c, http.StatusBadRequest, user, taskForms{place: f})
		})
	}
	s.Pages.Say(c, "/task/"+id(taskID), Said{Text: "Saved " + quoted(changed.Task.Title), Call: callOf(c)})
	return nil
}

// leadingNumber is the number that a choice such as "7 Paint the hall" begins with.
func leadingNumber(text string) any {
	digits, _, _ := strings.Cut(strings.TrimPrefix(text, "#"), " ")
	if _, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return number(digits)
	}
	return number(text)
}

// addPart adds a task that is a part of the one in the path.
func (s *server) addPart(c *gin.Context, user person.Settings) error {
	taskID, err := idOf(c)
	if err != nil {
		return err
	}
	added, err := call[operation.TaskAnswer](c.Request.Context(), s.Operations, "add_task", arguments{"title": Posted(c).Get("title"), "parent_id": taskID})
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
