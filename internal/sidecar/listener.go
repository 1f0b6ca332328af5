package sidecar

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.opentelemetry.io/otel/codes"

	"tickler/internal/event"
	"tickler/internal/telemetry"
)

// ErrPermanent marks an event that can never be handled: it goes to the
// dead-letter topic with its reason. Every other error is tried again.
var ErrPermanent = errors.New("cannot be handled")

// Permanent marks err as ErrPermanent.
func Permanent(err error) error { return fmt.Errorf("%w: %w", ErrPermanent, err) }

// EventHandler handles an event that was delivered, as Postgres has recorded it. It
// returns nil only after its effect is committed. The same event can be delivered
// again, also at the same moment.
type EventHandler func(ctx context.Context, e event.Envelope) error

// handleTimeout bounds handling a delivery, which is then tried again. Otherwise a
// dead connection to the database would block a whole partition until TCP gives up.
const handleTimeout = 20 * time.Second

const (
	maxDelivery = 6 << 20  // bytes; daprd's own default limit is 4 MiB, which grows by a third where it is raw
	maxBulk     = 16 << 20 // bytes
)

// Listener serves the callbacks of the sidecar. Serve it on a loopback address of
// its own, where only the sidecar calls.
type Listener struct {
	router *gin.Engine
	client *Client
	store  Store
	log    *slog.Logger
	pulse  pulse

	deliveries *prometheus.CounterVec
	lag        *prometheus.HistogramVec
}

// NewListener makes a listener that accepts callbacks with the given APP_API_TOKEN
// only; client publishes dead letters; store keeps them, and knows which events are
// genuine.
func NewListener(token string, client *Client, store Store, log *slog.Logger, registry prometheus.Registerer) *Listener {
	gin.SetMode(gin.ReleaseMode)
	l := &Listener{
		router: gin.New(), client: client, store: store, log: log,
		deliveries: promauto.With(registry).NewCounterVec(prometheus.CounterOpts{
			Name: "tickler_deliveries_total", Help: "Events delivered by the sidecar, by topic and outcome: success, retry, dead_letter.",
		}, []string{"topic", "outcome"}),
		lag: promauto.With(registry).NewHistogramVec(prometheus.HistogramOpts{
			Name: "tickler_delivery_lag_seconds", Help: "From an event's time, which is just before its commit, until its handler begins, by topic; of a repeated delivery too.",
			Buckets: []float64{.001, .002, .003, .005, .0075, .01, .0125, .015, .02, .03, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 3600},
		}, []string{"topic"}),
	}
	l.router.RedirectTrailingSlash = false // it trusts X-Forwarded-Prefix from anybody
	// The sidecar's health probe sends no token, and the answer reveals nothing. It
	// must not depend on Postgres: a failing probe unsubscribes the app.
	l.router.GET("/healthz", func(c *gin.Context) {
		if !l.pulse.healthy(time.Now()) {
			c.Status(http.StatusServiceUnavailable)
			return
		}
		c.Status(http.StatusOK)
	})
	l.router.Use(gin.CustomRecoveryWithWriter(io.Discard, l.recovered), requireToken(token), traced)
	return l
}

// Handler returns the handler to serve.
func (l *Listener) Handler() http.Handler { return l.router }

func requireToken(token string) gin.HandlerFunc {
	want := []byte(token)
	return func(c *gin.Context) {
		if subtle.ConstantTimeCompare([]byte(c.GetHeader("dapr-api-token")), want) != 1 {
			c.AbortWithStatus(http.StatusUnauthorized)
		}
	}
}

func traced(c *gin.Context) {
	c.Request = c.Request.WithContext(telemetry.WithTraceParent(c.Request.Context(), c.GetHeader("traceparent")))
}

func (l *Listener) recovered(c *gin.Context, panicked any) {
	l.log.Error("a callback panicked", "path", c.Request.URL.Path, "panic", panicked)
	c.AbortWithStatus(http.StatusInternalServerError)
}

// Binding serves the ticks of an input binding. The sidecar does not repeat a
// tick that fails, and ticks can overlap. The component must say "direction: input":
// otherwise it first asks by OPTIONS whether there is a handler, and gin answers 404.
// https://docs.dapr.io/reference/api/bindings_api/
func (l *Listener) Binding(name string, handle func(ctx context.Context) error) {
	l.router.POST("/"+name, func(c *gin.Context) {
		ctx, span := telemetry.Serve(c.Request.Context(), "tick "+name)
		defer span.End()
		if err := handle(ctx); err != nil {
			span.SetStatus(codes.Error, err.Error())
			l.log.Error("a tick failed", "binding", name, "error", err)
			c.Status(http.StatusInternalServerError)
			return
		}
		c.Status(http.StatusOK)
	})
}
