package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/codes"

	"tickler/internal/event"
	"tickler/internal/telemetry"
)

// Subscription serves the deliveries of a topic, and of its dead-letter topic,
// at the routes that their Subscription resources name: /events/TOPIC.
// https://docs.dapr.io/reference/api/pubsub_api/#expected-http-response
func (l *Listener) Subscription(topic string, handle EventHandler) {
	l.serve(topic, func(ctx context.Context, body []byte) string { return l.deliver(ctx, topic, body, handle) })
	letters := event.DeadLetterTopic(topic)
	l.serve(letters, func(ctx context.Context, body []byte) string { return l.deliverDeadLetter(ctx, topic, body, handle) })
}

// Outcomes of a delivery, as metrics show them.
const (
	succeeded    = "success"
	toRetry      = "retry"
	deadLettered = "dead_letter"
	dropped      = "dropped"
)

// prepare creates each metric series of a topic, so that it exists from the start.
func (l *Listener) prepare(topic string) {
	l.lag.WithLabelValues(topic)
	for _, outcome := range []string{succeeded, toRetry, deadLettered, dropped} {
		l.deliveries.WithLabelValues(topic, outcome)
	}
}

// count counts an outcome and returns what the sidecar is told.
func (l *Listener) count(topic, outcome string) (status string) {
	l.deliveries.WithLabelValues(topic, outcome).Inc()
	if outcome == toRetry {
		return "RETRY"
	}
	return "SUCCESS"
}

// arrived records how long an event took to arrive. It is never negative, since
// clocks of two machines may differ.
func (l *Listener) arrived(topic string, e event.Envelope) {
	l.lag.WithLabelValues(topic).Observe(max(0, time.Since(e.Time).Seconds()))
}

func (l *Listener) serve(topic string, deliver func(ctx context.Context, body []byte) string) {
	l.prepare(topic)
	l.router.POST("/events/"+topic, bounded, func(c *gin.Context) {
		body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxDelivery))
		if err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		c.JSON(http.StatusOK, gin.H{"status": l.count(topic, deliver(c.Request.Context(), body))})
	})
}

func bounded(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), handleTimeout)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

// BulkHandler handles several events at once, as Postgres has recorded them, and
// returns an error for each: nil only after its effect is committed.
type BulkHandler func(ctx context.Context, events []event.Envelope) []error

// BulkSubscription serves a topic whose events arrive in bulk; those of its
// dead-letter topic arrive one at a time.
// https://docs.dapr.io/developing-applications/building-blocks/pubsub/pubsub-bulk/
func (l *Listener) BulkSubscription(topic string, handle BulkHandler) {
	l.prepare(topic)
	l.router.POST("/events/"+topic, bounded, func(c *gin.Context) {
		var bulk struct {
			Entries []struct {
				ID    string          `json:"entryId"`
				Event json.RawMessage `json:"event"`
			} `json:"entries"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(c.Writer, c.Request.Body, maxBulk)).Decode(&bulk); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		documents := make([][]byte, len(bulk.Entries))
		for i, entry := range bulk.Entries {
			documents[i] = entry.Event
		}
		statuses := make([]gin.H, len(bulk.Entries))
		for i, outcome := range l.deliverBulk(c.Request.Context(), topic, documents, handle) {
			statuses[i] = gin.H{"entryId": bulk.Entries[i].ID, "status": l.count(topic, outcome)}
		}
		c.JSON(http.StatusOK, gin.H{"statuses": statuses})
	})
	letters := event.DeadLetterTopic(topic)
	l.serve(letters, func(ctx context.Context, body []byte) string {
		return l.deliverDeadLetter(ctx, topic, body, func(ctx context.Context, e event.Envelope) error {
			return handle(ctx, []event.Envelope{e})[0]
		})
	})
}

// deliverBulk hands the genuine ones among several events to their handler
// together.
func (l *Listener) deliverBulk(ctx context.Context, topic string, documents [][]byte, handle BulkHandler) []string {
	deliveries := l.read(ctx, topic, documents...)
	var events []event.Envelope
	var handled []*delivery
	for i := range deliveries {
		if deliveries[i].err == nil {
			events, handled = append(events, deliveries[i].envelope), append(handled, &deliveries[i])
		}
	}
	if len(events) > 0 {
		for i, err := range handle(ctx, events) {
			handled[i].err = err
		}
	}
	outcomes := make([]string, len(documents))
	for i, d := range deliveries {
		outcomes[i] = l.outcome(ctx, topic, d)
	}
	return outcomes
}

// handle reads an event and hands it to its handler if it is genuine.
func (l *Listener) handle(ctx context.Context, topic string, body []byte, handle EventHandler) delivery {
	d := l.read(ctx, topic, body)[0]
	if d.err != nil {
		return d
	}
	ctx, span := telemetry.Consume(telemetry.WithEvent(ctx, d.envelope.TraceParent), "handle "+d.envelope.Type)
	defer span.End()
	if d.err = handle(ctx, d.envelope); d.err != nil {
		span.SetStatus(codes.Error, d.err.Error())
	}
	return d
}

func (l *Listener) deliver(ctx context.Context, topic string, body []byte, handle EventHandler) string {
	return l.outcome(ctx, topic, l.handle(ctx, topic, body, handle))
}

// outcome decides what a handler's error means for the delivery.
func (l *Listener) outcome(ctx context.Context, topic string, d delivery) string {
	e, err := d.envelope, d.err
	log := l.log.With("topic", topic, "event", e.ID, "type", e.Type, "trace", telemetry.TraceID(telemetry.WithTraceParent(ctx, e.TraceParent)))
	switch {
	case err == nil:
		return succeeded
	case errors.Is(err, errForgotten):
		log.Warn("dropped an event", "reason", err)
		return dropped
	case errors.Is(err, ErrPermanent):
		if sent := l.client.publishDeadLetter(ctx, topic, d.document, err.Error()); sent != nil {
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
