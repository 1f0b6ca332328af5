package main

import (
	"io"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"tickler/api/operation"
	"tickler/api/tools"
	"tickler/internal/event"
	"tickler/internal/feed"
	"tickler/internal/repository"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

// version is what the server calls itself to clients.
const version = "0.1.0"

const maxBody = 1 << 20 // bytes

// routes is what the router hands requests to.
type routes struct {
	store      *repository.Repository
	service    *task.Service
	operations *operation.Operations
	events     *feed.Feed
	log        *slog.Logger
	registry   *prometheus.Registry
	checks     []telemetry.Check
}

func newRouter(r routes) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.HandleMethodNotAllowed = true
	router.Use(gin.CustomRecoveryWithWriter(io.Discard, recovered(r.log)), traced, secured)
	router.NoRoute(func(c *gin.Context) {
		refuse(c, http.StatusNotFound, &task.Error{Code: task.NotFound, Message: "there is nothing here; MCP is at /mcp"})
	})
	telemetry.Probes(router, r.registry, r.checks...)
	router.GET("/asyncapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", event.AsyncAPI) })
	router.GET("/schemas/*file", func(c *gin.Context) {
		c.FileFromFS(c.Param("file"), http.FS(event.Schemas()))
	})

	mcp := router.Group("/mcp", sameOrigin, limited, authenticated(r.store, r.log))
	mcp.Any("", dropCancellations, gin.WrapH(tools.NewHandler(r.operations, r.service, version, r.log, r.registry)))
	return router
}

func traced(c *gin.Context) {
	ctx, span := telemetry.Serve(telemetry.WithTraceParent(c.Request.Context(), c.GetHeader("traceparent")), c.Request.Method+" "+c.FullPath())
	defer span.End()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

func secured(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "no-store")
}

func limited(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
}

func recovered(log *slog.Logger) gin.RecoveryFunc {
	return func(c *gin.Context, panicked any) {
		log.Error("a request panicked", "path", c.Request.URL.Path, "panic", panicked, "trace", telemetry.TraceID(c.Request.Context()))
		refuse(c, http.StatusInternalServerError, &task.Error{Code: task.Internal, Message: "something went wrong on the server; it was logged as " + telemetry.TraceID(c.Request.Context())})
	}
}
