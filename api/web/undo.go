package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/fault"
	"tickler/internal/person"
)

// undo takes back a change, a call, or all that a connection did since a moment.
func (s *server) undo(c *gin.Context, user person.Settings) error {
	form := Posted(c)
	given := arguments{}
	switch {
	case form.Get("change") != "":
		given["change_id"] = number(form.Get("change"))
	case form.Get("call") != "":
		given["call_id"] = form.Get("call")
	default:
		return s.undoAll(c, user, form)
	}
	answer, err := call[operation.UndoAnswer](c.Request.Context(), s.Operations, "undo", given)
	if e := (*fault.Error)(nil); errors.As(err, &e) && (e.Code == fault.Conflict || e.Code == fault.NotFound || e.Code == fault.LimitExceeded) {
		s.Pages.Say(c, backTo(c), Said{Text: "Not undone. " + s.standsInTheWay(c, given, e)})
		return nil
	} else if err != nil {
		return err
	}
	s.Pages.Say(c, backTo(c), undone(answer))
	return nil
}

// standsInTheWay tells why nothing was undone: the first change in the way, or the error
// where there is none.
func (s *server) standsInTheWay(c *gin.Context, given arguments, e *fault.Error) string {
	given["dry_run"], given["partial"] = true, true
	look, err := call[operation.UndoAnswer](c.Request.Context(), s.Operations, "undo", given)
	if err != nil || len(look.InTheWay) == 0 {
		return Sentence(e)
	}
	first := inTheWay(look.InTheWay[0])
	text := quoted(cmp.Or(first.Title, first.Did)) + ": " + first.Reason
	if first.By != "" {
		text += ", by " + first.By
	}
	if more := len(look.InTheWay) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more in the way", more)
	}
	return text + "."
}

// undone tells what was taken back. Undoing that is the way back.
func undone(answer operation.UndoAnswer) Said {
	said := Said{Text: "Undone", Call: answer.CallID}
	switch {
	case answer.Undone == 0:
		said.Text = "There was nothing left to undo"
	case answer.Undone == 1 && len(answer.Changes) == 1 && answer.Changes[0].Name != "":
		said.Text = "Undone: " + quoted(answer.Changes[0].Name)
	case answer.Undone > 1:
		said.Text = "Undone: " + plural(answer.Undone, "change")
	}
	if n := len(answer.CannotUndo); n > 0 {
		said.Detail = strconv.Itoa(n) + " cannot be taken back, such as a reminder that was sent"
	}
	return said
}

// undoAllData is a preview of undoing all that a connection did.
type undoAllData struct {
	Form
	Connection, Since string
	Preview           operation.UndoAnswer
	Way, Lasting      []obstacle
	Changes           []obstacle
}

// obstacle is a change with the reason why it is not taken back.
type obstacle struct{ Did, Title, Path, Reason, By string }

func told(v operation.UndoneView) obstacle {
	seen := operation.ChangeView{Object: v.Object, ObjectID: v.ObjectID, Name: v.Name, Action: v.Action}
	return obstacle{Did: did(seen), Title: v.Name, Path: pathOf(seen), Reason: v.Reason}
}

func inTheWay(v operation.ObstacleView) obstacle {
	one := told(v.UndoneView)
	if one.By = v.ChangedBy; v.ByPerson {
		one.By = "you"
	}
	return one
}

// undoPage shows what undoing all that a connection did since a moment would do.
func (s *server) undoPage(c *gin.Context, user person.Settings) error {
	return s.showUndo(c, http.StatusOK, user, c.Request.URL.Query(), nil)
}

func (s *server) showUndo(c *gin.Context, status int, user person.Settings, form url.Values, refusal *fault.Error) error {
	clock := s.clock(user)
	data := undoAllData{Form: Form{Values: form, Error: refusal}, Connection: form.Get("connection"), Since: form.Get("since")}
	if data.Since == "" {
		data.Since = clock.now.In(clock.zone).Format("2006-01-02") + "T00:00"
	}
	if refusal == nil {
		var err error
		data.Preview, err = call[operation.UndoAnswer](c.Request.Context(), s.Operations, "undo", arguments{
			"connection": data.Connection, "since": data.Since, "dry_run": true, "partial": true,
		})
		if err != nil {
			return s.refused(c, err, func(f Form) error { return s.showUndo(c, http.StatusBadRequest, user, form, f.Error) })
		}
	}
	for _, one := range data.Preview.Changes {
		data.Changes = append(data.Changes, told(one))
	}
	for _, one := range data.Preview.InTheWay {
		data.Way = append(data.Way, inTheWay(one))
	}
	for _, one := range data.Preview.CannotUndo {
		data.Lasting = append(data.Lasting, told(one))
	}
	s.Pages.Show(c, status, "undo", Page{Title: "Undo", Current: "/activity", Back: "/activity", Data: data})
	return nil
}

// undoAll takes back all that a connection did since a moment. What stands in the
// way stays only if the person said so.
func (s *server) undoAll(c *gin.Context, user person.Settings, form url.Values) error {
	answer, err := call[operation.UndoAnswer](c.Request.Context(), s.Operations, "undo", arguments{
		"connection": form.Get("connection"), "since": form.Get("since"), "partial": form.Get("partial") != "",
	})
	if err != nil {
		return s.refused(c, err, func(f Form) error { return s.showUndo(c, http.StatusConflict, user, form, f.Error) })
	}
	s.Pages.Say(c, "/activity", undone(answer))
	return nil
}
