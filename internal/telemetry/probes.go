package telemetry

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// readyTimeout bounds the whole readiness check, since a probe must answer at once.
const readyTimeout = 100 * time.Millisecond

// Check asks whether a part that the app cannot work without is available.
type Check struct {
	Name string
	Ask  func(ctx context.Context) error
}

// NewProbes serves Probes and nothing else.
func NewProbes(registry *prometheus.Registry, checks ...Check) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	Probes(router, registry, checks...)
	return router
}

// Probes adds /healthz (the process is alive), /readyz (the parts it needs
// answer, within 100 ms) and /metrics to a router.
func Probes(router gin.IRoutes, registry *prometheus.Registry, checks ...Check) {
	router.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) })
	router.GET("/readyz", func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), readyTimeout)
		defer cancel()
		type answer struct {
			name string
			err  error
		}
		answers := make(chan answer, len(checks)) // buffered: a late answer must not leak its goroutine
		for _, check := range checks {
			go func() { answers <- answer{check.Name, check.Ask(ctx)} }()
		}
		status, parts := http.StatusOK, gin.H{}
		for _, check := range checks {
			parts[check.Name] = "no answer"
		}
		for range checks {
			select {
			case a := <-answers:
				parts[a.name] = "ok"
				if a.err != nil {
					parts[a.name] = "not ready" // the reason is for the log, not for the caller
					status = http.StatusServiceUnavailable
				}
			case <-ctx.Done():
				status = http.StatusServiceUnavailable
			}
		}
		c.JSON(status, parts)
	})
	router.GET("/metrics", gin.WrapH(MetricsHandler(registry)))
}
