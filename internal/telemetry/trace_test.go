package telemetry_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
