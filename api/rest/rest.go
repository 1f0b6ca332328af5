// Package rest is the REST transport: each operation at a path of its own, described
// by an OpenAPI document. No rule lives here: what is taken and answered are
// the inputs and outputs of the operations, and so are their errors.
package rest

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
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
	Longest    time.Duration // that one stream of events lasts; 0: ten minutes
	Transfer   *transfer.Service
	Version    string // of the server
	Audit      Audit
	// Guard is what a request must pass before what needs a scope. It puts the
	// caller into the context: see operation.WithUser.
	Guard    func(needed access.Scope) gin.HandlersChain
	Log      *slog.Logger
	Registry prometheus.Registerer
}

// server serves the routes.
type server struct {
	Config
	reading, writing huma.API // one document, two guards
	importing        huma.API // as writing, but with a larger body
	administering    huma.API // what is about all users
	seconds          *prometheus.HistogramVec
}

// Mount adds the routes to a router: /v1, and its description at /openapi.json
// and /docs.
func Mount(router *gin.Engine, c Config) {
	document := newDocument(c.Version)
	config := huma.Config{OpenAPI: document, Formats: huma.DefaultFormats, DefaultFormat: "application/json"}
	group := func(needed access.Scope) huma.API {
		return humagin.NewWithGroup(router, router.Group("", c.Guard(needed)...), config)
	}
	s := &server{Config: c, reading: group(access.TasksRead), writing: group(access.TasksWrite), administering: group(access.Admin)}
	large := append(append(gin.HandlersChain{keepBody}, c.Guard(access.TasksWrite)...), largeBody)
	s.importing = humagin.NewWithGroup(router, router.Group("", large...), config)
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
	describe(router, document)
}

// guard is the API whose guard fits.
func (s *server) guard(readOnly bool) huma.API {
	if readOnly {
		return s.reading
	}
	return s.writing
}

// handle registers what is described, and how it is answered.
func (s *server) handle(api huma.API, described *huma.Operation, answer func(huma.Context)) {
	api.OpenAPI().AddOperation(described)
	api.Adapter().Handle(described, func(ctx huma.Context) {
		trace.SpanFromContext(ctx.Context()).SetName("rest " + described.OperationID)
		began := time.Now()
		answer(ctx)
		status := humagin.Unwrap(ctx).Writer.Status()
		s.seconds.WithLabelValues(described.OperationID, strconv.Itoa(status)).Observe(time.Since(began).Seconds())
	})
}

// operation serves an operation at a route.
func (s *server) operation(r route) {
	o := s.Operations.Named(r.operation)
	described := r.describe(o, s.reading.OpenAPI())
	s.handle(s.guard(o.ReadOnly || r.method == http.MethodGet), described, func(ctx huma.Context) {
		user, err := operation.User(ctx.Context())
		if err != nil {
			s.refuse(ctx, err)
			return
		}
		call, err := r.read(ctx, o)
		if err != nil {
			s.refuse(ctx, err)
			return
		}
		answer, err := o.Call(ctx.Context(), user, call.arguments)
		if err != nil {
			s.refuse(ctx, call.condition(err))
			return
		}
		r.write(ctx, answer)
	})
}
