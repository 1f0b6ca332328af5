// Package calendarfeed serves calendar feeds. Calendar programs can send no token,
// so whoever has the secret in the address may read the tasks.
package calendarfeed

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/etag"
	"tickler/api/problem"
	"tickler/internal/calendar"
	"tickler/internal/fault"
	"tickler/internal/task"
)

// Handler answers requests for feeds.
type Handler struct {
	// Read finds the tasks of the user whose feed has a secret; NOT_FOUND if there is none.
	Read func(ctx context.Context, secret string) ([]*task.Task, error)
	Host string // by which callers know the server; part of the events' UIDs
	Now  func() time.Time
	// Visible makes of an error what a caller may see: operation.Operations.Visible.
	Visible func(ctx context.Context, what string, err error) *fault.Error
}

// Serve answers GET and HEAD of a path whose parameter file is SECRET.ics.
func (h Handler) Serve(c *gin.Context) {
	secret, named := strings.CutSuffix(c.Param("file"), ".ics")
	if !named {
		problem.Refuse(c, &fault.Error{Code: fault.NotFound, Message: "the address of a calendar ends in .ics"})
		return
	}
	tasks, err := h.Read(c.Request.Context(), secret)
	var text []byte
	if err == nil {
		text, err = calendar.Encode(tasks, h.Host, h.Now())
	}
	if err != nil {
		problem.Refuse(c, h.Visible(c.Request.Context(), "calendar feed", err))
		return
	}
	tag := etag.Of(text)
	c.Header("ETag", tag)
	c.Header("Cache-Control", "private, no-cache") // may be kept, if it is asked for anew each time
	if etag.Matches(c.GetHeader("If-None-Match"), tag) {
		c.Status(http.StatusNotModified)
		return
	}
	c.Header("Content-Disposition", `inline; filename="tickler.ics"`)
	c.Data(http.StatusOK, "text/calendar; charset=utf-8", text)
}
