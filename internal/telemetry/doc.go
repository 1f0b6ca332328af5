// Package telemetry is how the apps report on themselves: structured logs,
// Prometheus metrics, and traces that follow a request into its events.
package telemetry
