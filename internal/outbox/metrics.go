package outbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	published prometheus.Counter
	attempts  prometheus.Counter
	failures  prometheus.Counter
	duration  prometheus.Histogram
	parked    prometheus.Counter
	owned     prometheus.Gauge
	depth     prometheus.Gauge
	oldest    prometheus.Gauge
	held      prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) *metrics {
	f := promauto.With(registry)
	return &metrics{
		published: f.NewCounter(prometheus.CounterOpts{Name: "tickler_outbox_published_total", Help: "Events that the broker has acknowledged."}),
		attempts:  f.NewCounter(prometheus.CounterOpts{Name: "tickler_outbox_publish_attempts_total", Help: "Bulk publishes tried."}),
		failures:  f.NewCounter(prometheus.CounterOpts{Name: "tickler_outbox_publish_failures_total", Help: "Bulk publishes that failed and were tried again."}),
		duration:  f.NewHistogram(prometheus.HistogramOpts{Name: "tickler_outbox_publish_seconds", Help: "How long a bulk publish took.", Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 11)}),
		parked:    f.NewCounter(prometheus.CounterOpts{Name: "tickler_outbox_parked_total", Help: "Events parked because the broker refuses them."}),
		owned:     f.NewGauge(prometheus.GaugeOpts{Name: "tickler_outbox_shards_owned", Help: "Shards that this process publishes."}),
		depth:     f.NewGauge(prometheus.GaugeOpts{Name: "tickler_outbox_depth", Help: "Events that wait to be published, in the shards of this process."}),
		oldest:    f.NewGauge(prometheus.GaugeOpts{Name: "tickler_outbox_oldest_seconds", Help: "Age of the oldest of them."}),
		held:      f.NewGauge(prometheus.GaugeOpts{Name: "tickler_outbox_parked", Help: "Events that are parked at the moment, in the shards of this process."}),
	}
}

func (m *metrics) observe(d time.Duration, err error) {
	m.attempts.Inc()
	m.duration.Observe(d.Seconds())
	if err != nil {
		m.failures.Inc()
	}
}

// measure counts what waits in the given shards.
func (m *metrics) measure(ctx context.Context, session *pgx.Conn, shards []int16) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statementTimeout)
	defer cancel()
	var depth, held int
	var oldest float64
	err := session.QueryRow(ctx, `
		SELECT count(*), count(parked_at), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
		FROM outbox WHERE shard = ANY($1)`, shards).Scan(&depth, &held, &oldest)
	if err != nil {
		return err
	}
	m.depth.Set(float64(depth))
	m.held.Set(float64(held))
	m.oldest.Set(max(oldest, 0))
	return nil
}
