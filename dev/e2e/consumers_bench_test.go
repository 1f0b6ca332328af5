package e2e

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/dev/port"
	"tickler/dev/stack"
	"tickler/internal/event"
	"tickler/internal/sidecar"
)

// What each broker gives up: docs/brokers.md has the figures of these.
//
//	TICKLER_TEST_BROKER=redis go test -run '^$' -bench Consumers -benchtime 1x ./e2e

const (
	seriesTasks    = 20 // few, so that events of one task are under way together
	seriesVersions = 100
)

// BenchmarkConsumers publishes the events of many tasks through one sidecar and
// consumes them through others: one replica, two replicas, one that fails now
// and then, and two of which one sidecar is killed meanwhile. It reports how many
// events were handled after a newer one of their task, again, or never.
func BenchmarkConsumers(b *testing.B) {
	for _, c := range []struct {
		name     string
		replicas int
		failing  bool
		killed   bool
	}{
		{"one", 1, false, false},
		{"two", 2, false, false},
		{"failing", 1, true, false},
		{"killed", 2, false, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				consume(b, c.replicas, c.failing, c.killed)
			}
		})
	}
}

func consume(b *testing.B, replicas int, failing, killed bool) {
	s, client := withRelaysStopped(b, "consumers", func(c *stack.Config) { c.Replicas = map[string]int{"recurrer": replicas} })
	log := &deliveries{failing: failing, handled: map[int64][]int{}}
	for _, replica := range []string{"RECURRER", "RECURRER_2"}[:replicas] {
		server := &http.Server{Addr: port.Address(atoi(b, s.Env()["TICKLER_"+replica+"_APP_PORT"])), Handler: log}
		go func() { _ = server.ListenAndServe() }()
		b.Cleanup(func() { _ = server.Close() })
	}
	b.ResetTimer()
	began := time.Now()
	for version := range seriesVersions {
		require.NoError(b, client.Publish(b.Context(), event.TopicTaskRecurrence, wave(b, version+1)))
		if killed && version == seriesVersions/2 {
			require.NoError(b, s.Kill("recurrer-daprd"))
		}
	}
	published := time.Since(began)
	// What is not there after so long without any news will not come.
	const quiet = time.Minute
	for log.count() < seriesTasks*seriesVersions && time.Since(log.newest()) < quiet {
		time.Sleep(often)
	}
	consumed := log.newest().Sub(began)
	time.Sleep(time.Second) // for repeated ones
	lost, again, late := log.verdict()
	b.ReportMetric(seriesTasks*seriesVersions/published.Seconds(), "published/s")
	b.ReportMetric(seriesTasks*seriesVersions/consumed.Seconds(), "handled/s")
	b.ReportMetric(float64(lost), "lost")
	b.ReportMetric(float64(again), "again")
	b.ReportMetric(float64(late), "late")
	b.ReportMetric(0, "ns/op")
}

// clientOfNotifier publishes through notifier's sidecar. The caller closes it.
func clientOfNotifier(b *testing.B, s interface{ Env() map[string]string }) *sidecar.Client {
	b.Helper()
	client, err := sidecar.NewClient(sidecar.Config{
		GRPCPort: s.Env()["TICKLER_NOTIFIER_DAPR_GRPC_PORT"], HTTPPort: s.Env()["TICKLER_NOTIFIER_DAPR_HTTP_PORT"],
		APIToken: s.Env()["TICKLER_NOTIFIER_DAPR_API_TOKEN"], PubSub: "taskbus",
	})
	require.NoError(b, err)
	return client
}

// withRelaysStopped starts a system whose apps are gone, and returns a client of
// notifier's sidecar in place of them.
func withRelaysStopped(b *testing.B, name string, change func(*stack.Config)) (*stack.Stack, *sidecar.Client) {
	kind, err := testBroker()
	require.NoError(b, err)
	config := stack.Config{Root: staged.root, Home: filepath.Join(staged.root, name+uuid.NewString()[:8]), Daprd: staged.daprd, Broker: kind}
	change(&config)
	s, err := stack.Start(b.Context(), config)
	require.NoError(b, err)
	b.Cleanup(func() { s.Stop(); _ = stack.Clean(config.Home) })
	for _, app := range []string{"api", "notifier", "recurrer", "recurrer-2"} {
		if s.PID(app) != 0 {
			require.NoError(b, s.StopPart(app))
		}
	}
	client := clientOfNotifier(b, s)
	b.Cleanup(client.Close)
	return s, client
}

// wave is one event of every task, all of one version: as the relay, a bulk
// request holds no two events of a task.
func wave(b *testing.B, version int) (envelopes []event.Envelope) {
	for task := range int64(seriesTasks) {
		id := uuid.New()
		data, err := json.Marshal(event.Base{
			EventID: id, EventType: event.TaskCompleted, Timestamp: time.Now().UTC(), UserID: 1,
			SchemaVersion: event.SchemaVersion, TaskID: task + 1, TaskVersion: version,
		})
		require.NoError(b, err)
		key := event.Key(task + 1)
		envelopes = append(envelopes, event.Envelope{
			SpecVersion: "1.0", ID: id.String(), Source: "tickler/test", Type: event.TaskCompleted, Subject: key, PartitionKey: key,
			Time: time.Now().UTC(), DataContentType: "application/json", DataSchema: event.SchemaURI(event.TaskCompleted), Data: data,
		})
	}
	return envelopes
}

// deliveries is an app that notes what it is given, and in which order.
type deliveries struct {
	failing bool

	mu      sync.Mutex
	total   int
	last    time.Time
	handled map[int64][]int // versions by task
	refused map[string]bool
}

func (d *deliveries) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		return
	}
	body, _ := io.ReadAll(r.Body)
	var e event.Envelope
	var data event.Base
	_ = json.Unmarshal(body, &e)
	_ = json.Unmarshal(e.Data, &data)
	time.Sleep(rand.N(3 * time.Millisecond)) // a short transaction
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failing && data.TaskID%5 == 0 && data.TaskVersion%10 == 0 && !d.refused[e.ID] {
		if d.refused == nil {
			d.refused = map[string]bool{}
		}
		d.refused[e.ID] = true
		_, _ = w.Write([]byte(`{"status":"RETRY"}`))
		return
	}
	d.last = time.Now()
	d.total++
	d.handled[data.TaskID] = append(d.handled[data.TaskID], data.TaskVersion)
	_, _ = w.Write([]byte(`{"status":"SUCCESS"}`))
}

// count of the events that were handled at least once.
func (d *deliveries) count() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, versions := range d.handled {
		seen := map[int]bool{}
		for _, version := range versions {
			seen[version] = true
		}
		n += len(seen)
	}
	return n
}

func (d *deliveries) newest() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last.IsZero() {
		d.last = time.Now()
	}
	return d.last
}

// verdict counts the events that were never handled, handled again, and handled
// for the first time after a newer one of their task.
func (d *deliveries) verdict() (lost, again, late int) {
	lost = seriesTasks*seriesVersions - d.count()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, versions := range d.handled {
		seen, newest := map[int]bool{}, 0
		for _, version := range versions {
			switch {
			case seen[version]:
				again++
			case version < newest:
				late++
			}
			seen[version], newest = true, max(newest, version)
		}
	}
	return lost, again, late
}
