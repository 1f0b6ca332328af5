package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/person"
)

// quoted writes a title as part of a sentence. Titles of 200 characters are cut.
func quoted(title string) string {
	if r := []rune(title); len(r) > 60 {
		title = strings.TrimSpace(string(r[:59])) + "…"
	}
	return "“" + title + "”"
}

func (s *server) complete(c *gin.Context, user person.Settings) error {
	err := s.change(c, "complete_task", partsOf(c), func(done operation.TaskAnswer) Said {
		said := Said{Text: quoted(done.Task.Title) + " is done", Call: callOf(c)}
		switch {
		case done.NextDue != "":
			said.Detail = "next " + s.clock(user).full(done.NextDue)
		case done.Task.RecurrenceRule != "":
			said.Detail = "that was the last of the series"
		}
		return said
	})
	if asksForParts(err) {
		return s.showTaskWith(c, http.StatusConflict, user, taskForms{asks: true})
	}
	return err
}

func (s *server) reopen(c *gin.Context, _ person.Settings) error {
	return s.change(c, "reopen_task", nil, func(open operation.TaskAnswer) Said {
		return Said{Text: quoted(open.Task.Title) + " is open again", Call: callOf(c)}
	})
}

func (s *server) skip(c *gin.Context, user person.Settings) error {
	return s.change(c, "skip_occurrence", nil, func(skipped operation.TaskAnswer) Said {
		return Said{
			Text: quoted(skipped.Task.Title) + " is skipped", Detail: "now due " + s.clock(user).full(skipped.Task.DueDate),
			Call: callOf(c),
		}
	})
}

// delete leads away from the page of the task, which is gone.
func (s *server) delete(c *gin.Context, _ person.Settings) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	gone, err := call[operation.TaskAnswer](c.Request.Context(), s.Operations, "delete_task", arguments{"task_id": id})
	if err != nil {
		return err
	}
	to := backTo(c)
	if own := fmt.Sprintf("/task/%d", id); to == own || strings.HasPrefix(to, own+"/") || strings.HasPrefix(to, own+"?") {
		to = "/"
	}
	s.Pages.Say(c, to, Said{Text: "Deleted " + quoted(gone.Task.Title), Call: callOf(c)})
	return nil
}
