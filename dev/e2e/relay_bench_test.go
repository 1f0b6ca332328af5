package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
	"tickler/internal/event"
	"tickler/internal/outbox"
	"tickler/internal/sidecar"
)

// piledUp is how many events wait when the measurement begins.
const piledUp = 100_000

// BenchmarkRelay publishes a hundred thousand events that piled up, through the
// outbox and, in the same run, the same events by the Dapr client in bulk
// without an outbox. It reports events per second of both, and their ratio.
func BenchmarkRelay(b *testing.B) {
	home := filepath.Join(staged.root, "relay")
	s, err := stack.Start(b.Context(), stack.Config{Root: staged.root, Home: home, Daprd: staged.daprd})
	require.NoError(b, err)
	b.Cleanup(func() { s.Stop(); _ = stack.Clean(home) })
	for _, app := range []string{"api", "notifier", "recurrer"} {
		require.NoError(b, s.StopPart(app)) // their relays would take shares
	}
	client := clientOfNotifier(b, s)
	b.Cleanup(client.Close)
	pool, err := pgxpool.New(b.Context(), s.DatabaseURL())
	require.NoError(b, err)
	b.Cleanup(pool.Close)

	var direct, relayed time.Duration
	for b.Loop() {
		pileUp(b, pool)
		direct += bulk(b, client)
		relayed += drain(b, pool, client)
	}
	all := float64(piledUp * b.N)
	b.ReportMetric(all/direct.Seconds(), "direct-events/s")
	b.ReportMetric(all/relayed.Seconds(), "relay-events/s")
	b.ReportMetric(direct.Seconds()/relayed.Seconds(), "relay/direct")
}

func pileUp(b *testing.B, pool *pgxpool.Pool) { insert(b, pool, piledUp) }

// insert commits events of five thousand tasks.
func insert(b *testing.B, pool *pgxpool.Pool, events int) {
	_, err := pool.Exec(b.Context(), `
		WITH entry AS (
			INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, after, event_id, event_type, version, source, traceparent)
			SELECT 1, now(), gen_random_uuid(), 'agent', 'bench', 'mcp', 'task', 1 + n % 5000, 'updated',
			       '{"title":"A title of ordinary length","priority":"high"}'::json, gen_random_uuid(), 'task.updated', 1 + n / 5000, 'tickler/api',
			       '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
			FROM generate_series(0, $1 - 1) n ORDER BY n
			RETURNING id, object_id
		)
		INSERT INTO outbox (shard, topic, id, task_id) SELECT object_id % 16, 'task-events', id, object_id FROM entry`, events)
	require.NoError(b, err)
}

// bulk publishes events of the same size and number, as fast as the client can
// with one bulk request at a time.
func bulk(b *testing.B, client *sidecar.Client) time.Duration {
	const size = 1000
	var batches [][]event.Envelope
	for n := 0; n < piledUp; n += size {
		batch := make([]event.Envelope, size)
		for i := range batch {
			id := uuid.NewString()
			data, err := json.Marshal(map[string]any{
				"event_id": id, "event_type": "task.updated", "timestamp": "2026-03-01T00:00:00Z", "user_id": 1,
				"schema_version": "1.0", "task_id": 1 + (n+i)%5000, "task_version": 1 + (n+i)/5000,
				"updated_fields": map[string]any{"title": "A title of ordinary length", "priority": "high"},
			})
			require.NoError(b, err)
			key := fmt.Sprint(1 + (n+i)%5000)
			batch[i] = event.Envelope{
				SpecVersion: "1.0", ID: id, Source: "tickler/api", Type: "task.updated", Subject: key, Time: time.Now().UTC(),
				DataContentType: "application/json", DataSchema: event.SchemaURI("task.updated"), PartitionKey: key,
				TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", TraceID: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", Data: data,
			}
		}
		batches = append(batches, batch)
	}
	began := time.Now()
	for _, batch := range batches {
		require.NoError(b, client.Publish(b.Context(), event.TopicTaskEvents, batch))
	}
	return time.Since(began)
}

// drain runs a relay until the outbox is empty.
func drain(b *testing.B, pool *pgxpool.Pool, client *sidecar.Client) time.Duration {
	ctx, cancel := context.WithCancel(b.Context())
	relay := outbox.NewRelay(pool, client, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	done := make(chan struct{})
	began := time.Now()
	go func() { relay.Run(ctx); close(done) }()
	for empty := false; !empty; {
		time.Sleep(5 * time.Millisecond)
		require.NoError(b, pool.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM outbox)`).Scan(&empty))
	}
	took := time.Since(began)
	cancel()
	<-done
	return took
}
