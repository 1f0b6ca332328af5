package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/journal"
	"tickler/internal/person"
)

// comments are those on a task as its page shows them, newest first.
type comments struct {
	All   []comment
	Total int
	Older string // address of the page with older ones
	Last  string // id of the newest, "0" if there is none; see saidAlready
	Form  Form   // that adds one, or changes one, and could not be carried out
	Kinds []option
}

// comment is one of them.
type comment struct {
	operation.CommentView
	Who, When string
	Edited    string
	Imported  bool
	Words     []textPart // its text
}

var linkKinds = []option{{"document", "Document"}, {"commit", "Commit"}, {"pull_request", "Pull request"}, {"result", "Result"}}

// commentsOf finds the comments that the page of a task shows: the latest, or those
// before the one in the query.
func (s *server) commentsOf(c *gin.Context, user person.Settings, task operation.FullTaskAnswer, attempt Form) (comments, error) {
	out := comments{Total: task.Commented, Form: attempt, Kinds: linkKinds, Last: "0"}
	views, before := task.Comments, int64(0)
	if len(views) > 0 {
		out.Last = id(views[0].ID)
	}
	out.Last = cmp.Or(attempt.Value("last"), out.Last)
	if asked, err := strconv.ParseInt(c.Query("comments"), 10, 64); err == nil && asked > 0 {
		views, before = nil, asked
	} else if len(views) > 0 && len(views) < task.Commented {
		before = views[len(views)-1].ID
	}
	if before != 0 {
		older, err := call[operation.FullTaskAnswer](c.Request.Context(), s.Operations, "get_task", arguments{"task_id": task.Task.ID, "comments_before": before})
		if err != nil {
			return out, err
		}
		views = append(views, older.Comments...)
		if len(older.Comments) == operation.CommentPage {
			out.Older = "/task/" + id(task.Task.ID) + "?comments=" + id(views[len(views)-1].ID) + "#comments"
		}
	}
	clock := s.clock(user)
	for _, v := range views {
		one := comment{CommentView: v, Who: v.By, When: clock.full(v.At), Edited: clock.full(v.EditedAt), Words: linked(v.Text)}
		switch journal.Kind(v.Actor) {
		case journal.Person:
			one.Who = "You"
		case journal.System:
			one.Imported = true
		}
		out.All = append(out.All, one)
	}
	return out, nil
}

// comment adds a comment to the task in the path, or changes or deletes one.
func (s *server) comment(c *gin.Context, user person.Settings) error {
	taskID, err := idOf(c)
	if err != nil {
		return err
	}
	form := Posted(c)
	given, done := arguments{}, "Commented on "
	if form.Get("comment") != "" {
		given["id"], done = number(form.Get("comment")), "Changed a comment on "
	}
	if form.Get("delete") != "" {
		given["delete"], done = true, "Deleted a comment on "
	} else {
		for _, name := range []string{"text", "url", "title"} {
			if form.Get(name) != "" {
				given[name] = plainLines(form.Get(name))
			}
		}
		if form.Get("url") != "" && form.Get("kind") != "" {
			given["kind"] = form.Get("kind")
		}
	}
	said, err := s.saidAlready(c, taskID, form)
	if err != nil {
		return err
	}
	if said {
		s.Pages.Say(c, "/task/"+id(taskID)+"#comments", Said{Text: "This comment was added before"})
		return nil
	}
	changed, err := call[operation.TaskAnswer](c.Request.Context(), s.Operations, "update_task", arguments{"task_id": taskID, "comment": given})
	if err != nil {
		return s.refused(c, err, func(f Form) error {
			return s.showTaskWith(c, http.StatusBadRequest, user, taskForms{comment: f})
		})
	}
	s.Pages.Say(c, "/task/"+id(taskID)+"#comments", Said{Text: done + quoted(changed.Task.Title), Call: callOf(c)})
	return nil
}

// saidAlready reports whether the comment in a form is there already: the form was sent
// before, and its answer was lost on its way. The form holds the newest comment that its
// person saw; only later ones are compared.
func (s *server) saidAlready(c *gin.Context, taskID int64, form url.Values) (bool, error) {
	last, err := strconv.ParseInt(form.Get("last"), 10, 64)
	if err != nil || form.Get("comment") != "" {
		return false, nil
	}
	found, err := call[operation.FullTaskAnswer](c.Request.Context(), s.Operations, "get_task", arguments{"task_id": taskID})
	if err != nil {
		return false, err
	}
	me := journal.From(c.Request.Context(), "api").By
	for _, one := range found.Comments {
		if one.ID > last && one.Actor == string(me.Kind) && one.By == me.Name && one.Text == strings.TrimSpace(plainLines(form.Get("text"))) &&
			one.URL == strings.TrimSpace(form.Get("url")) && one.Title == strings.TrimSpace(form.Get("title")) {
			return true, nil
		}
	}
	return false, nil
}

// commentedPath is the page of the task that a comment is or was on.
func commentedPath(of operation.ChangeView) string {
	for _, fields := range []operation.Values{of.After, of.Before} {
		if task, known := fields["task_id"].(float64); known {
			return "/task/" + id(int64(task)) + "#comments"
		}
	}
	return ""
}
