package telemetry_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"tickler/internal/telemetry"
)

func TestTraceOfARequestIsContinued(t *testing.T) {
	stop, err := telemetry.StartTracing(context.Background(), "test")
	require.NoError(t, err)
	defer stop()
	const header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	ctx, span := telemetry.Serve(telemetry.WithTraceParent(context.Background(), header), "call")
	defer span.End()
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", telemetry.TraceID(ctx))
	require.True(t, strings.HasPrefix(telemetry.TraceParent(ctx), "00-4bf92f3577b34da6a3ce929d0e0e4736-"))
	require.NotEqual(t, header, telemetry.TraceParent(ctx), "the span is its own")
}

func TestRequestWithoutAUsableTraceBeginsOne(t *testing.T) {
	stop, err := telemetry.StartTracing(context.Background(), "test")
	require.NoError(t, err)
	defer stop()
	for _, header := range []string{"", "x", "00-00000000000000000000000000000000-0000000000000000-00", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"} {
		ctx, span := telemetry.Serve(telemetry.WithTraceParent(context.Background(), header), "call")
		require.Len(t, telemetry.TraceID(ctx), 32, "%q", header)
		require.NotEqual(t, "4bf92f3577b34da6a3ce929d0e0e4736", telemetry.TraceID(ctx))
		span.End()
	}
}

// exported collects the spans of a test.
func exported(t *testing.T) *tracetest.InMemoryExporter {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)))
	return spans
}

func TestMessagesOfOneRequestHaveASpanEachAndTheFirstIsItsParent(t *testing.T) {
	spans := exported(t)
	const (
		first   = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
		second  = "00-a3ce929d0e0e47364bf92f3577b34da6-00f067aa0ba902b7-01"
		ignored = "00-0e0e47364bf92f3577b34da6a3ce929d-00f067aa0ba902b7-00"
	)
	committed := time.Now().Add(-time.Minute)
	request, end := telemetry.Publish(context.Background(), "task-events", []telemetry.Message{
		{Type: "task.updated", TraceParent: ignored, Committed: committed}, {Type: "task.created", TraceParent: first, Committed: committed},
		{Type: "reminder.sent", TraceParent: second, SetBy: first, Committed: committed}, {Type: "task.deleted", Committed: committed},
	})
	end(errors.New("the broker is away"))
	got := spans.GetSpans()
	require.Len(t, got, 2, "traces that nobody keeps cost nothing")
	require.Equal(t, "publish task.created", got[0].Name)
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", got[0].SpanContext.TraceID().String())
	require.Equal(t, "00f067aa0ba902b7", got[0].Parent.SpanID().String())
	require.Equal(t, got[0].SpanContext.SpanID(), trace.SpanContextFromContext(request).SpanID())
	require.True(t, committed.Equal(got[0].StartTime))
	require.Equal(t, codes.Error, got[0].Status.Code)
	require.Empty(t, got[0].Links)
	require.Equal(t, "a3ce929d0e0e47364bf92f3577b34da6", got[1].SpanContext.TraceID().String())
	require.Len(t, got[1].Links, 2)
	require.Equal(t, "00f067aa0ba902b7", got[1].Links[0].SpanContext.SpanID().String(), "what set the reminder")
	require.Equal(t, got[0].SpanContext.SpanID(), got[1].Links[1].SpanContext.SpanID(), "what it was sent with")
}

func TestEventIsHandledBelowTheSidecarsSpanOfItsOwnTraceOnly(t *testing.T) {
	const event, delivery, other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01", "00-a3ce929d0e0e47364bf92f3577b34da6-1111111111111111-01"
	for header, want := range map[string]string{delivery: delivery, other: event, "": event} {
		ctx := telemetry.WithEvent(telemetry.WithTraceParent(context.Background(), header), event)
		require.Equal(t, want, telemetry.TraceParent(ctx))
	}
}
