package telemetry

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const tracerName = "tickler"

// StartTracing sets up OpenTelemetry for the app, and returns a function that shuts
// it down. Spans are exported by OTLP over HTTP when OTEL_EXPORTER_OTLP_ENDPOINT or
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT says where to; without one, trace ids are
// still made and passed on, so that a request can be followed through the logs.
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/
func StartTracing(ctx context.Context, app string) (stop func(), err error) {
	// OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
	described, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "tickler-"+app), attribute.String("service.namespace", "tickler")), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("describe the app to whoever reads its traces: %w", err)
	}
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(described)}
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "" {
		exporter, err := otlptracehttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("make an exporter of traces: %w", err)
		}
		options = append(options, sdktrace.WithBatcher(exporter))
	} else {
		options = append(options, sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
	}
	provider := sdktrace.NewTracerProvider(options...)
	otel.SetTracerProvider(provider)
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = provider.Shutdown(ctx) // spans that cannot be sent by then are lost, which is acceptable
	}, nil
}

// WithTraceParent returns a context whose spans continue the trace of a W3C
// traceparent. One that is missing, malformed or all zero (as Dapr sends with
// sampling off) is ignored: the next span then begins a trace.
// https://www.w3.org/TR/trace-context/#traceparent-header
func WithTraceParent(ctx context.Context, header string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": header})
}

// TraceParent is the traceparent of the span in ctx, or "".
func TraceParent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// TraceID is the id of the trace in ctx, or "".
func TraceID(ctx context.Context) string {
	if s := trace.SpanContextFromContext(ctx); s.IsValid() {
		return s.TraceID().String()
	}
	return ""
}

// Serve begins the span of a request.
func Serve(ctx context.Context, name string) (context.Context, trace.Span) {
	return otel.Tracer(tracerName).Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer))
}

// Consume begins the span of handling an event.
func Consume(ctx context.Context, name string) (context.Context, trace.Span) {
	return otel.Tracer(tracerName).Start(ctx, name, trace.WithSpanKind(trace.SpanKindConsumer))
}

// WithEvent returns a context whose spans continue the trace of an event. A span of
// the same trace that is in ctx already becomes the parent: it is the sidecar's, of
// this delivery.
func WithEvent(ctx context.Context, traceParent string) context.Context {
	delivered := WithTraceParent(ctx, traceParent)
	if TraceID(delivered) == TraceID(ctx) {
		return ctx
	}
	return delivered
}

// Message is an event that waits to be published.
type Message struct {
	Type        string
	TraceParent string // of the request that caused it
	// SetBy is the traceparent of the request that ordered it for later, "" if none:
	// the span of publishing has a link to it.
	SetBy     string
	Committed time.Time // when its outbox row was written
}

// Publish begins the spans of publishing messages to a topic in one request: one for
// each message whose trace is sampled, from its commit until end is called with the
// outcome. The context returned is for the request, which has one parent only: the
// first of these spans. The others have a link to it.
// https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
func Publish(ctx context.Context, topic string, messages []Message) (request context.Context, end func(error)) {
	request = ctx
	var spans []trace.Span
	for _, m := range messages {
		of := WithTraceParent(ctx, m.TraceParent)
		if !trace.SpanContextFromContext(of).IsSampled() {
			continue
		}
		var links []trace.Link
		if set := trace.SpanContextFromContext(WithTraceParent(context.Background(), m.SetBy)); set.IsSampled() {
			links = append(links, trace.Link{SpanContext: set})
		}
		if len(spans) > 0 {
			links = append(links, trace.LinkFromContext(request))
		}
		of, span := otel.Tracer(tracerName).Start(of, "publish "+m.Type, trace.WithSpanKind(trace.SpanKindProducer), trace.WithTimestamp(m.Committed),
			trace.WithLinks(links...), trace.WithAttributes(attribute.String("messaging.destination.name", topic), attribute.Int("messaging.batch.message_count", len(messages))))
		if len(spans) == 0 {
			request = of
		}
		spans = append(spans, span)
	}
	return request, func(err error) {
		for _, span := range spans {
			if err != nil {
				span.SetStatus(codes.Error, err.Error())
			}
			span.End()
		}
	}
}
