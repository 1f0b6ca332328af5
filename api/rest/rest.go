// Package rest is the REST transport. It serves each operation at a path of its
// own and describes them in an OpenAPI document. It holds no rules: inputs,
// outputs and errors are those of the operations.
package rest

import (
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.opentelemetry.io/otel/trace"

	"tickler/api/operation"
	"tickler/internal/access"
	"tickler/internal/feed"
	"tickler/internal/transfer"
)

// Config is what the transport needs.
type Config struct {
	Operations *operation.Operations
	Events     *feed.Feed
	Longest    time.Duration // duration of one event stream; 0: ten minutes
	Transfer   *transfer.Service
	Version    string // of the server
	Audit      Audit
	// Guard returns the handlers that admit a request for a route that needs a scope.
	// They put the caller into the context (operation.WithUser) and limit the body to
	// maxBody bytes; 0 is the guard's own limit.
	Guard    func(needed access.Scope, maxBody int64) gin.HandlersChain
	Log      *slog.Logger
	Registry prometheus.Registerer
}

// server serves the routes.
type server struct {
	Config
	router   gin.IRoutes
	document *document
	seconds  *prometheus.HistogramVec
}

// Mount adds the routes to a router: /v1, and its description at /openapi.json
// and /docs.
func Mount(router *gin.Engine, c Config) {
	s := &server{Config: c, router: router, document: newDocument(c.Version)}
	s.seconds = promauto.With(c.Registry).NewHistogramVec(prometheus.HistogramOpts{
		Name: "tickler_rest_seconds", Help: "How long REST calls took, by operation and status.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 9),
	}, []string{"operation", "status"})
	for _, r := range routes {
		s.operation(r)
	}
	s.events()
	s.transfers()
	s.audit()
	describe(router, s.document)
}

// handle registers a route behind its guard and adds it to the document. An error
// from answer is sent as problem details.
func (s *server) handle(guard gin.HandlersChain, method, path string, about *described, answer func(*gin.Context) error) {
	s.document.add(method, path, about)
	s.router.Handle(method, braces.ReplaceAllString(path, ":$1"), append(slices.Clone(guard), func(c *gin.Context) {
		trace.SpanFromContext(c.Request.Context()).SetName("rest " + about.OperationID)
		began := time.Now()
		if err := answer(c); err != nil {
			s.refuse(c, about.OperationID, err)
		}
		s.seconds.WithLabelValues(about.OperationID, strconv.Itoa(c.Writer.Status())).Observe(time.Since(began).Seconds())
	})...)
}

// operation registers the route of an operation.
func (s *server) operation(r route) {
	o := s.Operations.Named(r.operation)
	guard := s.Guard(access.Needed(o.ReadOnly || r.method == get), 0)
	s.handle(guard, r.method, r.path, r.describe(o, s.document), func(c *gin.Context) error {
		user, err := operation.User(c.Request.Context())
		if err != nil {
			return err
		}
		call, err := r.read(c, o)
		if err != nil {
			return err
		}
		answer, err := o.Call(c.Request.Context(), user, call.arguments)
		if err != nil {
			return call.condition(err)
		}
		r.write(c, o, answer)
		return nil
	})
}
