package tools

import (
	"context"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.opentelemetry.io/otel/trace"
)

// observed counts and times the calls of each tool, and names their spans.
func observed(registry prometheus.Registerer) server.ToolHandlerMiddleware {
	calls := promauto.With(registry).NewHistogramVec(prometheus.HistogramOpts{
		Name: "tickler_tool_seconds", Help: "How long tool calls took, by tool and outcome: ok, refused.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 9),
	}, []string{"tool", "outcome"})
	return func(next server.ToolHandlerFunc) server.ToolHandlerFunc {
		return func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			trace.SpanFromContext(ctx).SetName("tool " + request.Params.Name)
			began := time.Now()
			result, err := next(ctx, request)
			outcome := "ok"
			if err != nil || result == nil || result.IsError {
				outcome = "refused"
			}
			calls.WithLabelValues(request.Params.Name, outcome).Observe(time.Since(began).Seconds())
			return result, err
		}
	}
}
