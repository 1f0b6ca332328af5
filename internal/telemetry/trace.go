package telemetry

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
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
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "tickler-"+app), attribute.String("service.namespace", "tickler"))),
	}
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

// Published records the span of an event in the outbox, from its commit until the
// broker acknowledged it. It costs nothing for a trace that is not sampled.
func Published(eventType, topic, traceParent string, committed, acknowledged time.Time) {
	ctx := WithTraceParent(context.Background(), traceParent)
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return
	}
	_, span := otel.Tracer(tracerName).Start(ctx, "publish "+eventType, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithTimestamp(committed), trace.WithAttributes(attribute.String("messaging.destination.name", topic)))
	span.End(trace.WithTimestamp(acknowledged))
}
