// Package telemetry is how the apps report on themselves: structured logs,
// Prometheus metrics, and the trace context that follows a request into its
// events.
package telemetry

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"strings"
)

type traceKey struct{}

// https://www.w3.org/TR/trace-context/#traceparent-header, version 00.
var traceParent = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// WithTraceParent returns a context that carries a W3C traceparent. One that is
// missing, malformed or all zero (as Dapr sends with sampling off) is replaced
// by a new one, so that every request can be followed.
func WithTraceParent(ctx context.Context, header string) context.Context {
	if !traceParent.MatchString(header) || strings.Contains(header, "-"+strings.Repeat("0", 32)+"-") || strings.Contains(header, "-"+strings.Repeat("0", 16)+"-") {
		header = newTraceParent()
	}
	return context.WithValue(ctx, traceKey{}, header)
}

// TraceParent is the traceparent that ctx carries, or "".
func TraceParent(ctx context.Context) string {
	header, _ := ctx.Value(traceKey{}).(string)
	return header
}

// TraceID is the trace id that ctx carries, or "".
func TraceID(ctx context.Context) string {
	if header := TraceParent(ctx); header != "" {
		return strings.Split(header, "-")[1]
	}
	return ""
}

func newTraceParent() string {
	var id [24]byte
	_, _ = rand.Read(id[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	return "00-" + hex.EncodeToString(id[:16]) + "-" + hex.EncodeToString(id[16:]) + "-00"
}
