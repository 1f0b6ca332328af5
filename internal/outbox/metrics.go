package outbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tickler/internal/event"
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

// measure counts the rows that wait in this relay's shards, at intervals, until ctx
// ends. It never delays publishing.
func (r *Relay) measure(ctx context.Context) {
	for ctx.Err() == nil {
		if shards := r.owned.Load(); shards == nil {
			r.metrics.waiting(0, 0, 0) // the rows are counted by whoever owns the shards now
		} else if err := r.metrics.count(ctx, r.pool, *shards); err != nil && ctx.Err() == nil {
			r.log.Warn("could not count what waits in the outbox", "error", err)
		}
		sleep(ctx, measureInterval)
	}
}

// disown records that the session is lost, and all shards with it.
func (r *Relay) disown() {
	r.owned.Store(nil)
	r.metrics.owned.Set(0)
}

// count counts the waiting rows. Age is that of the oldest event, the one with the
// smallest id, that is not behind a parked one, since parked events have a gauge of
// their own.
func (m *metrics) count(ctx context.Context, pool *pgxpool.Pool, shards []int16) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	var depth, held int
	var oldest float64
	err := pool.QueryRow(ctx, `
		WITH held AS (SELECT DISTINCT task_id FROM outbox WHERE parked_at IS NOT NULL)
		SELECT waiting.depth, waiting.parked, coalesce(extract(epoch FROM now() - oldest.at), 0)::float8
		FROM (
			SELECT count(*) AS depth, count(o.parked_at) AS parked, min(o.id) FILTER (WHERE h.task_id IS NULL) AS oldest
			FROM outbox o LEFT JOIN held h ON h.task_id = o.task_id
			WHERE o.shard = ANY ($1)
		) waiting LEFT JOIN LATERAL (
			SELECT e.at FROM outbox w CROSS JOIN LATERAL waiting_events(ARRAY[w.shard], ARRAY[w.topic], ARRAY[w.id]) e
			WHERE w.shard = ANY ($1) AND w.topic = ANY ($2) AND w.id = waiting.oldest LIMIT 1
		) oldest ON true`, shards, event.PublishedTopics()).Scan(&depth, &held, &oldest)
	if err != nil {
		return err
	}
	m.waiting(depth, held, oldest)
	return nil
}

func (m *metrics) waiting(depth, held int, oldest float64) {
	m.depth.Set(float64(depth))
	m.held.Set(float64(held))
	m.oldest.Set(max(oldest, 0))
}
