package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/trace"

	"tickler/api/guard"
	"tickler/api/operation"
	"tickler/internal/fault"
	"tickler/internal/feed"
	"tickler/internal/person"
)

// Config is what the page needs.
type Config struct {
	Pages      *Pages
	Operations *operation.Operations
	Events     *feed.Feed
	Longest    time.Duration // duration of one stream of events; 0: ten minutes
	Now        func() time.Time
	// Guard lists the handlers that admit a signed-in person. They put the caller into
	// the context as those of REST do (operation.WithUser, access.With, journal.With).
	Guard gin.HandlersChain
}

// server serves the addresses of the page.
type server struct {
	Config
	router gin.IRoutes
}

// Mount adds the addresses to a router.
func Mount(router gin.IRoutes, c Config) {
	s := &server{Config: c, router: router}
	s.get("/", s.today)
	s.get("/upcoming", s.upcoming)
	s.get("/tasks", s.tasks)
	s.get("/search", s.search)
	s.get("/category/:id", s.category)
	s.get("/tag/:id", s.tag)
	s.post("/category/:id/rename", s.renameCategory)
	s.post("/category/:id/delete", s.deleteCategory)
	s.post("/tag/:id/rename", s.renameTag)
	s.post("/tag/:id/delete", s.deleteTag)
	s.get("/task/:id", s.task)
	s.get("/task/:id/edit", s.edit)
	s.post("/task/:id/edit", s.update)
	s.post("/task/:id/remind", s.remind)
	s.post("/add", s.add)
	s.post("/add/understand", s.understand)
	s.post("/several", s.doSeveral)
	s.post("/task/:id/complete", s.complete)
	s.post("/task/:id/reopen", s.reopen)
	s.post("/task/:id/delete", s.delete)
	s.post("/task/:id/skip", s.skip)
	s.post("/task/:id/place", s.place)
	s.post("/task/:id/part", s.addPart)
	s.post("/task/:id/comment", s.comment)
	s.get("/activity", s.activity)
	s.get("/activity/undo", s.undoPage)
	s.post("/undo", s.undo)
	s.handle([]string{http.MethodGet}, "/live", s.live) // HEAD of a stream would have no end
}

// MountAssets adds the style, the scripts and the icon, which need no guard.
func (p *Pages) MountAssets(router gin.IRoutes) {
	router.Match(guard.Reading, "/assets/:file", p.assets.serve)
}

func (s *server) get(path string, answer func(*gin.Context, person.Settings) error) {
	s.handle(guard.Reading, path, answer)
}

func (s *server) post(path string, answer func(*gin.Context, person.Settings) error) {
	s.handle([]string{http.MethodPost}, path, answer)
}

// handle registers an address behind the guard.
func (s *server) handle(methods []string, path string, answer func(*gin.Context, person.Settings) error) {
	s.router.Match(methods, path, append(append(gin.HandlersChain{}, s.Guard...), s.Pages.Answer(answer))...)
}

// Answer makes a handler of what answers a signed-in person. An error is shown as a
// page.
func (p *Pages) Answer(answer func(*gin.Context, person.Settings) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		name := "page " + c.Request.Method + " " + c.FullPath()
		trace.SpanFromContext(c.Request.Context()).SetName(name)
		user, err := operation.User(c.Request.Context())
		if err == nil {
			err = answer(c, user)
		}
		if err != nil {
			p.Fail(c, name, err)
		}
	}
}

// clock is how dates are written for a person.
func (s *server) clock(user person.Settings) clock { return clock{now: s.Now(), zone: user.Zone()} }

// idOf reads the id in the path. Anything else than an id is the address of nothing.
func idOf(c *gin.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != c.Param("id") {
		return 0, &fault.Error{Code: fault.NotFound, Message: "there is no page at this address"}
	}
	return id, nil
}

// arguments are those of an operation.
type arguments = map[string]any

// change runs an operation on the task in the path, and answers with what was done.
func (s *server) change(c *gin.Context, name string, add arguments, said func(operation.TaskAnswer) Said) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	given := arguments{"task_id": id}
	for field, value := range add {
		given[field] = value
	}
	answer, err := call[operation.TaskAnswer](c.Request.Context(), s.Operations, name, given)
	if err != nil {
		return err
	}
	s.Pages.Say(c, backTo(c), said(answer))
	return nil
}
