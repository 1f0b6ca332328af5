package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/door"
	"tickler/api/rest"
	"tickler/internal/calendar"
	"tickler/internal/task"
)

// calendars serves the calendar feeds: who has the secret in the address reads
// the tasks, as calendar programs can send no token.
type calendars struct {
	read    func(ctx context.Context, secret string) ([]*task.Task, error)
	host    string
	now     func() time.Time
	visible func(ctx context.Context, what string, err error) *task.Error
}

func (f calendars) serve(c *gin.Context) {
	secret, named := strings.CutSuffix(c.Param("file"), ".ics")
	if !named {
		door.Refuse(c, http.StatusNotFound, &task.Error{Code: task.NotFound, Message: "the address of a calendar ends in .ics"})
		return
	}
	tasks, err := f.read(c.Request.Context(), secret)
	var text []byte
	if err == nil {
		text, err = calendar.Encode(tasks, f.host, f.now())
	}
	if err != nil {
		e := f.visible(c.Request.Context(), "calendar feed", err)
		status, known := map[task.Code]int{task.NotFound: http.StatusNotFound, task.Unavailable: http.StatusServiceUnavailable}[e.Code]
		if !known {
			status = http.StatusInternalServerError
		}
		door.Refuse(c, status, e)
		return
	}
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	c.Header("ETag", tag)
	c.Header("Cache-Control", "private, no-cache") // may be kept, if it is asked for anew each time
	if rest.Matches(c.GetHeader("If-None-Match"), tag) {
		c.Status(http.StatusNotModified)
		return
	}
	c.Header("Content-Disposition", `inline; filename="tickler.ics"`)
	c.Data(http.StatusOK, "text/calendar; charset=utf-8", text)
}
