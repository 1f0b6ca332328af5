package sidecar

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

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

// EventHandler handles a delivery. It returns nil only after its effect is
// committed. The same event can be delivered again, also at the same moment.
type EventHandler func(ctx context.Context, e event.Envelope) error

const maxDelivery = 4 << 20 // bytes; daprd's own default limit

// DeadLetter is an event that its consumer cannot handle.
type DeadLetter struct {
	Topic    string // that it was consumed from
	Envelope event.Envelope
	Readable bool // whether Envelope holds it
	Reason   string
	Document string // as it came
}

// KeepDeadLetter stores a dead letter, once however often it is delivered.
type KeepDeadLetter func(ctx context.Context, letter DeadLetter) error

// Listener serves the callbacks of the sidecar. It belongs on a loopback
// address of its own: the sidecar is next door, nobody else has business there.
type Listener struct {
	router *gin.Engine
	client *Client
	keep   KeepDeadLetter
	log    *slog.Logger

	deliveries *prometheus.CounterVec
}

// NewListener makes a listener that accepts callbacks with the given
// APP_API_TOKEN only; client publishes dead letters and keep stores them.
func NewListener(token string, client *Client, keep KeepDeadLetter, log *slog.Logger, registry prometheus.Registerer) *Listener {
	gin.SetMode(gin.ReleaseMode)
	l := &Listener{
		router: gin.New(), client: client, keep: keep, log: log,
		deliveries: promauto.With(registry).NewCounterVec(prometheus.CounterOpts{
			Name: "tickler_deliveries_total", Help: "Events delivered by the sidecar, by topic and outcome: success, retry, dead_letter.",
		}, []string{"topic", "outcome"}),
	}
	// The sidecar's health probe carries no token, and learns nothing here.
	// It must not depend on Postgres: a failing probe unsubscribes the app.
	l.router.GET("/healthz", func(c *gin.Context) { c.Status(http.StatusOK) })
	l.router.Use(gin.CustomRecoveryWithWriter(io.Discard, l.recovered), requireToken(token), traced)
	return l
}

// Handler is what to serve.
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
// tick that fails, and ticks can overlap.
// https://docs.dapr.io/reference/api/bindings_api/
func (l *Listener) Binding(name string, handle func(ctx context.Context) error) {
	// daprd asks first whether there is a handler; gin alone would answer 404.
	l.router.OPTIONS("/"+name, func(c *gin.Context) { c.Status(http.StatusOK) })
	l.router.POST("/"+name, func(c *gin.Context) {
		if err := handle(c.Request.Context()); err != nil {
			l.log.Error("a tick failed", "binding", name, "error", err)
			c.Status(http.StatusInternalServerError)
			return
		}
		c.Status(http.StatusOK)
	})
}

// Subscription serves the deliveries of a topic, and of its dead-letter topic,
// at the routes that their Subscription resources name: /events/TOPIC.
// https://docs.dapr.io/reference/api/pubsub_api/#expected-http-response
func (l *Listener) Subscription(topic string, handle EventHandler) {
	l.serve(topic, func(ctx context.Context, body []byte) string { return l.deliver(ctx, topic, body, handle) })
	letters := event.DeadLetter(topic)
	l.serve(letters, func(ctx context.Context, body []byte) string { return l.deliverDeadLetter(ctx, topic, body, handle) })
}

// Outcomes of a delivery, as metrics show them.
const (
	succeeded    = "success"
	toRetry      = "retry"
	deadLettered = "dead_letter"
)

func (l *Listener) serve(topic string, deliver func(ctx context.Context, body []byte) string) {
	for _, outcome := range []string{succeeded, toRetry, deadLettered} {
		l.deliveries.WithLabelValues(topic, outcome) // so that each series is there from the start
	}
	l.router.POST("/events/"+topic, func(c *gin.Context) {
		body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxDelivery))
		if err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		outcome := deliver(c.Request.Context(), body)
		l.deliveries.WithLabelValues(topic, outcome).Inc()
		status := "SUCCESS"
		if outcome == toRetry {
			status = "RETRY"
		}
		c.JSON(http.StatusOK, gin.H{"status": status})
	})
}

// handle reads an event and hands it to its handler.
func (l *Listener) handle(ctx context.Context, body []byte, handle EventHandler) (event.Envelope, error) {
	var e event.Envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return e, Permanent(fmt.Errorf("not a CloudEvent: %w", err))
	}
	ctx, span := telemetry.Consume(telemetry.WithTraceParent(ctx, e.TraceParent), "handle "+e.Type)
	defer span.End()
	err := handle(ctx, e)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	return e, err
}

func (l *Listener) deliver(ctx context.Context, topic string, body []byte, handle EventHandler) (outcome string) {
	e, err := l.handle(ctx, body, handle)
	log := l.log.With("topic", topic, "event", e.ID, "type", e.Type, "traceparent", e.TraceParent)
	switch {
	case err == nil:
		return succeeded
	case errors.Is(err, ErrPermanent):
		if sent := l.client.publishDeadLetter(ctx, topic, body, err.Error()); sent != nil {
			log.Error("a dead letter could not be sent, the event will be delivered again", "reason", err, "error", sent)
			return toRetry
		}
		log.Error("sent to the dead-letter topic", "reason", err)
		return deadLettered
	default:
		log.Warn("handling failed, the event will be delivered again", "error", err)
		return toRetry
	}
}
