package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"tickler/api/calendarfeed"
	"tickler/api/confirmation"
	"tickler/api/guard"
	"tickler/api/oauth"
	"tickler/api/operation"
	"tickler/api/problem"
	"tickler/api/rest"
	"tickler/api/tools"
	"tickler/api/web"
	"tickler/api/web/account"
	"tickler/api/web/signin"
	"tickler/internal/access"
	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/feed"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/repository"
	"tickler/internal/task"
	"tickler/internal/telemetry"
	"tickler/internal/transfer"
	"tickler/internal/version"
)

// routes holds what the router serves.
type routes struct {
	guard      *guard.Guard
	proxies    []string // whose X-Forwarded-For is trusted
	publicHost string   // host name in the public URL
	tasks      *task.Service
	labels     *label.Service
	people     *person.Service
	operations *operation.Operations
	events     *feed.Feed
	transfer   *transfer.Service
	audit      rest.Audit
	reminders  func(ctx context.Context, userID int64, limit int) ([]event.Entry, error)
	store      *repository.Repository // of what only the page shows and changes
	checker    *access.Checker
	issuers    *access.Issuers
	clients    []access.Client // of issuers with which people sign in
	publicURL  string
	clientsOf  *http.Client // fetches what clients say of themselves; nil: this server authorizes none
	register   bool         // whether clients may register
	linksURL   string       // root of links in mail, "" where none can be sent
	log        *slog.Logger
	registry   *prometheus.Registry
	checks     []telemetry.Check
}

func newRouter(r routes) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.HandleMethodNotAllowed = true
	// Gin would redirect to where a stranger's X-Forwarded-Prefix says.
	router.RedirectTrailingSlash, router.RedirectFixedPath = false, false
	if err := router.SetTrustedProxies(r.proxies); err != nil { // gin trusts everybody by default
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	router.Use(guard.Headers, gin.CustomRecoveryWithWriter(io.Discard, recovered(r.log)))
	telemetry.Probes(router.Group("/", r.guard.Inside), r.registry, r.checks...)
	// Orchestrators ask the probes under names of their own, and learn of no user.
	router.Use(r.guard.ExpectedHost, r.guard.Share)
	router.Use(traced) // after the probes, which belong to no trace
	router.NoMethod(func(c *gin.Context) {
		e := &fault.Error{Code: fault.InvalidInput, Message: "this method is not allowed here; allowed are: " + c.Writer.Header().Get("Allow")}
		if c.Request.URL.Path == "/" {
			e.Hint = "MCP is at /mcp, REST under /v1; this is the page for people"
		}
		problem.RefuseAs(c, http.StatusMethodNotAllowed, e)
	})
	router.Match(guard.Reading, "/asyncapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", event.AsyncAPI) })
	router.Match(guard.Reading, "/schemas/*file", func(c *gin.Context) {
		// A file server would redirect, and list folders.
		schema, err := fs.ReadFile(event.Schemas(), strings.TrimPrefix(c.Param("file"), "/"))
		if err != nil {
			problem.Refuse(c, &fault.Error{Code: fault.NotFound, Message: "there is no such schema; /asyncapi.yaml names them all"})
			return
		}
		c.Data(http.StatusOK, "application/schema+json", schema)
	})

	r.guard.Metadata(router)
	feeds := calendarfeed.New(r.tasks, r.publicHost, time.Now, r.operations.Visible, r.guard.Begin, r.log)
	router.Match(guard.Reading, "/calendar/:file", append(r.guard.WithSecret("file"), feeds.Serve)...)

	links := confirmation.New(r.people, r.operations.Visible)
	router.Match(guard.Reading, "/confirm/:secret", append(r.guard.WithSecret("secret"), links.Ask)...)
	router.POST("/confirm/:secret", append(r.guard.FormWithSecret("secret"), links.Confirm)...)

	r.mountPage(router)

	mcp := router.Group("/mcp", append(r.guard.WithToken(0), r.guard.MCP(r.operations.Needed()), gin.WrapH(tools.NewHandler(tools.Config{
		Operations: r.operations, Labels: r.labels, Events: r.events, Reminders: r.reminders,
		Version: version.Number, Log: r.log, Registry: r.registry,
	})))...)
	mcp.Any("")
	mcp.Any("/") // as some clients, and people, write it
	rest.Mount(router, rest.Config{
		Operations: r.operations, Events: r.events, Transfer: r.transfer, Audit: r.audit, Version: version.Number, Log: r.log, Registry: r.registry,
		Guard: func(needed access.Scope, maxBody int64) gin.HandlersChain {
			return append(r.guard.WithToken(maxBody), r.guard.Require(needed))
		},
	})
	return router, nil
}

// mountPage adds the page for people.
func (r routes) mountPage(router *gin.Engine) {
	pages := web.NewPages(r.operations, r.guard)
	pages.MountAssets(router)
	router.NoRoute(func(c *gin.Context) {
		nothing := &fault.Error{Code: fault.NotFound, Message: "there is nothing here; MCP is at /mcp, REST under /v1, described at /docs"}
		if strings.Contains(c.GetHeader("Accept"), "text/html") {
			pages.Again(c, http.StatusNotFound, "There is nothing here", nothing)
			return
		}
		problem.Refuse(c, nothing)
	})
	people := signin.New(signin.Config{
		Store: r.store, Checker: r.checker, Guard: r.guard, Pages: pages, PublicURL: r.linksURL, Issuers: r.issuers, Clients: r.clients,
		Now: time.Now, Visible: r.operations.Visible, Log: r.log,
	})
	people.Mount(router)
	if r.clientsOf != nil {
		oauth.New(oauth.Config{
			Store: r.store, Guard: r.guard, Pages: pages, People: people, Fetch: r.clientsOf, Registration: r.register,
			Now: time.Now, Visible: r.operations.Visible, Log: r.log,
		}).Mount(router)
	}
	guarded := func(maxBody int64) gin.HandlersChain { return r.guard.WithSession(people, maxBody) }
	web.Mount(router, web.Config{Pages: pages, Operations: r.operations, Events: r.events, Now: time.Now, Guard: guarded(0)})
	account.Mount(router, account.Config{
		Store: r.store, Operations: r.operations, Transfer: r.transfer, Pages: pages, MCP: r.publicURL + "/mcp", MailsLinks: r.linksURL != "",
		Guard: guarded, Now: time.Now,
	})
}

func traced(c *gin.Context) {
	ctx, span := telemetry.Serve(telemetry.WithTraceParent(c.Request.Context(), c.GetHeader("traceparent")), c.Request.Method+" "+c.FullPath())
	defer span.End()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

func recovered(log *slog.Logger) gin.RecoveryFunc {
	return func(c *gin.Context, panicked any) {
		log.Error("a request panicked", "path", c.FullPath(), "panic", panicked, "request", guard.RequestID(c), "trace", telemetry.TraceID(c.Request.Context()))
		// Not Refuse: on the way here the context of the caller has ended, as if they had left.
		problem.RefuseAs(c, http.StatusInternalServerError, &fault.Error{Code: fault.Internal, Message: "something went wrong on the server; it was logged as " + telemetry.TraceID(c.Request.Context())})
	}
}
