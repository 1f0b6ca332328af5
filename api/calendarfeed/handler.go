// Package calendarfeed serves calendar feeds. Calendar programs can send no token,
// so whoever has the secret in the address may read the tasks.
package calendarfeed

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/etag"
	"tickler/api/problem"
	"tickler/api/streamed"
	"tickler/internal/calendar"
	"tickler/internal/fault"
	"tickler/internal/task"
)

const (
	// maxWritten is how many feeds are written at a time in this process: each holds
	// its tasks, without their descriptions.
	maxWritten = 4
	// maxOfUser is how many of them are one user's, by whatever addresses: a user can
	// replace the address while answers to the old one are still being taken slowly.
	maxOfUser = maxWritten / 2
	// recheck is how long an answer goes on before it is looked again whether the
	// feed still has this address.
	recheck = 2 * time.Second
	// patience is how long another waits for one of them to end.
	patience = 5 * time.Second
	// form is another one whenever the same tasks are written otherwise than before.
	form = "2"
)

// Tasks are where feeds are read: task.Service.
type Tasks interface {
	Feed(ctx context.Context, secret string, in task.Selection) (task.Feed, error)
	FeedTasks(ctx context.Context, f task.Feed) ([]*task.Task, error)
	Descriptions(ctx context.Context, userID int64, ids []int64) (map[int64]string, error)
}

// Handler answers requests for feeds.
type Handler struct {
	tasks Tasks
	host  string
	now   func() time.Time
	// visible makes of an error what a caller may see: operation.Operations.Visible.
	visible func(ctx context.Context, what string, err error) *fault.Error
	// begin counts a call among those of a user: guard.Guard.Begin.
	begin   func(userID int64) (end func(), err error)
	log     *slog.Logger
	written chan struct{}

	mu     sync.Mutex
	ofUser map[int64]int
}

// New makes a handler. host is the name that callers know the server by, and part
// of the names of entries.
func New(tasks Tasks, host string, now func() time.Time, visible func(context.Context, string, error) *fault.Error, begin func(int64) (func(), error), log *slog.Logger) *Handler {
	return &Handler{tasks: tasks, host: host, now: now, visible: visible, begin: begin, log: log, written: make(chan struct{}, maxWritten), ofUser: map[int64]int{}}
}

// Serve answers GET and HEAD of a path whose parameter file is SECRET.ics. The query
// parameters show, category and tag select a part of the feed. Only what is sent
// costs more than a look at the version of the feed.
func (h *Handler) Serve(c *gin.Context) {
	ctx := c.Request.Context()
	secret, named := strings.CutSuffix(c.Param("file"), ".ics")
	if !named {
		problem.Refuse(c, &fault.Error{Code: fault.NotFound, Message: "the address of a calendar ends in .ics"})
		return
	}
	query := c.Request.URL.Query()
	show, err := shown(query.Get("show"))
	if err != nil {
		h.refuse(c, err)
		return
	}
	found, err := h.tasks.Feed(ctx, secret, task.Selection{Category: given(query["category"]), Tags: given(query["tag"])})
	if err != nil {
		h.refuse(c, err)
		return
	}
	end, err := h.begin(found.UserID)
	if err != nil {
		h.refuse(c, err)
		return
	}
	defer end()
	// The changes of zones are written for some years from now on.
	tag := etag.Of([]byte(strings.Join([]string{form, h.host, strconv.Itoa(h.now().Year()), string(show), found.Version}, "\n")))
	c.Header("ETag", tag)
	c.Header("Cache-Control", "private, no-cache") // may be kept, if it is asked for anew each time
	if etag.Matches(c.GetHeader("If-None-Match"), tag) {
		c.Status(http.StatusNotModified)
		return
	}
	c.Header("Content-Disposition", `inline; filename="tickler.ics"`)
	c.Header("Content-Type", "text/calendar; charset=utf-8")
	if c.Request.Method == http.MethodHead {
		c.Status(http.StatusOK)
		return
	}
	h.write(c, secret, found, show)
}

// given drops what was given empty.
func given(values []string) []string {
	return slices.DeleteFunc(values, func(value string) bool { return value == "" })
}

// shown reads what a feed shows.
func shown(text string) (calendar.Show, error) {
	switch show := calendar.Show(text); show {
	case calendar.Everything, calendar.Events, calendar.ToDos:
		return show, nil
	default:
		return "", fault.Invalid("show", "%q is unknown; allowed are events and todos, for example ?show=events; without it both are shown", fault.Clip(text))
	}
}

// enter counts an answer of a user, unless they have enough of them.
func (h *Handler) enter(userID int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ofUser[userID] >= maxOfUser {
		return false
	}
	h.ofUser[userID]++
	return true
}

func (h *Handler) exit(userID int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ofUser[userID]--; h.ofUser[userID] == 0 {
		delete(h.ofUser, userID)
	}
}

func (h *Handler) write(c *gin.Context, secret string, found task.Feed, show calendar.Show) {
	ctx := c.Request.Context()
	if !h.enter(found.UserID) {
		h.refuse(c, &fault.Error{Code: fault.RateLimited, Message: "this calendar is being read already, as often as it may be at a time; wait for the answers"})
		return
	}
	defer h.exit(found.UserID)
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case h.written <- struct{}{}:
		defer func() { <-h.written }()
	case <-waiting.Done():
		h.refuse(c, &fault.Error{Code: fault.RateLimited, Message: "many calendars are being read at the moment; try again in some seconds"})
		return
	}
	tasks, err := h.tasks.FeedTasks(ctx, found)
	if err != nil {
		h.refuse(c, err)
		return
	}
	feed, err := calendar.NewFeed(tasks, show, h.host, h.now())
	if err != nil {
		h.refuse(c, err)
		return
	}
	c.Status(http.StatusOK)
	checked := h.now()
	err = streamed.Answer(ctx, c.Writer, func(to *bufio.Writer) error {
		return feed.Write(to, func(ids []int64) (map[int64]string, error) {
			if now := h.now(); now.Sub(checked) >= recheck {
				if _, err := h.tasks.Feed(ctx, secret, task.Selection{}); err != nil {
					return nil, err
				}
				checked = now
			}
			return h.tasks.Descriptions(ctx, found.UserID, ids)
		})
	})
	if err != nil {
		h.log.Info("a calendar was not written to its end", "error", err)
	}
}

// refuse answers with an error, without what was said of the feed.
func (h *Handler) refuse(c *gin.Context, err error) {
	for _, name := range []string{"ETag", "Content-Disposition", "Content-Type", "Cache-Control"} {
		c.Writer.Header().Del(name)
	}
	problem.Refuse(c, h.visible(c.Request.Context(), "calendar feed", err))
}
