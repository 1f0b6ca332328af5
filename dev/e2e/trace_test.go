package e2e

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"tickler/dev/stack"
	"tickler/internal/event"
)

// span is one that an app exported.
type span struct {
	service, name, topic string
	trace, id, parent    string
	kind                 otlp.Span_SpanKind
}

// spans is a collector of traces: it takes them by OTLP over HTTP, as a real one.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
type spans struct {
	mu  sync.Mutex
	all []span
}

func (c *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request collector.ExportTraceServiceRequest
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		var service string
		for _, attribute := range resource.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				service = attribute.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				taken := span{
					service: service, name: s.GetName(), kind: s.GetKind(), trace: hex.EncodeToString(s.GetTraceId()),
					id: hex.EncodeToString(s.GetSpanId()), parent: hex.EncodeToString(s.GetParentSpanId()),
				}
				for _, attribute := range s.GetAttributes() {
					if attribute.GetKey() == "messaging.destination.name" {
						taken.topic = attribute.GetValue().GetStringValue()
					}
				}
				c.all = append(c.all, taken)
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// wait waits for the one span of a trace that meets a condition.
func (c *spans) wait(t *testing.T, trace, what string, condition func(span) bool) (found span) {
	t.Helper()
	until(t, soon, "the span: "+what, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, s := range c.all {
			if s.trace == trace && condition(s) {
				found = s
				return true
			}
		}
		return false
	})
	return found
}

func TestTraceOfAToolCallGoesOnThroughOutboxAndBrokerIntoWhatItCauses(t *testing.T) {
	t.Parallel()
	collected := &spans{}
	server := httptest.NewServer(collected)
	t.Cleanup(server.Close)
	exporting := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": server.URL, "OTEL_BSP_SCHEDULE_DELAY": "100"}
	s := start(t, func(c *stack.Config) {
		c.AppEnv = map[string]map[string]string{"api": exporting, "notifier": exporting, "recurrer": exporting}
	})
	p := s.person(t, "")
	task := p.add(t, fields{"title": "traced", "recurrence_rule": "daily"})
	const trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	completed, err := p.try(withHeader(t.Context(), "traceparent", "00-"+trace+"-"+caller+"-01"), "complete_task", fields{"task_id": task.ID})
	require.NoError(t, err)
	require.Nil(t, completed.Error)
	next := s.successor(t, p, task.ID)

	call := collected.wait(t, trace, "the tool call", func(s span) bool { return s.name == "tool complete_task" })
	require.Equal(t, "tickler-api", call.service)
	require.Equal(t, caller, call.parent, "the caller's own span")
	require.Equal(t, otlp.Span_SPAN_KIND_SERVER, call.kind)
	for _, topic := range event.TopicsOf(event.TaskCompleted) {
		published := collected.wait(t, trace, "the way to "+topic, func(s span) bool { return s.name == "publish task.completed" && s.topic == topic })
		require.Equal(t, call.id, published.parent)
		require.Equal(t, otlp.Span_SPAN_KIND_PRODUCER, published.kind)
	}
	handled := collected.wait(t, trace, "the consumer", func(s span) bool { return s.name == "handle task.completed" })
	require.Equal(t, "tickler-recurrer", handled.service)
	require.Equal(t, call.id, handled.parent)
	require.Equal(t, otlp.Span_SPAN_KIND_CONSUMER, handled.kind)
	caused := collected.wait(t, trace, "the successor's own event", func(s span) bool { return s.name == "publish task.created" })
	require.Equal(t, handled.id, caused.parent)

	created := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, next.ID)[0]
	require.Equal(t, trace, traceID(created.TraceParent))
	require.Len(t, s.lines("recurrer", "next occurrence created", trace), 1, "the log names the trace")
}
