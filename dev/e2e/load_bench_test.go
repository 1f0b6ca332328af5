package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/outbox"
	caller "tickler/internal/person"
	"tickler/internal/repository"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

// BenchmarkCommitUnderLoad makes 250 and then five hundred changes a second for
// twenty seconds, additions and completions by turns, with the api's own service in
// this process and recurrer as it is. By turns, the events are published as they are
// in earnest, by notifier and recurrer, which hear of each commit by the bell; and as if
// api relayed too, by a relay in this process in place of notifier's. It measures three
// ways:
//
//   - consumer: from the moment at which the service returns, which is just after
//     the commit, to the moment at which a Kafka client in this process has the
//     event of an addition;
//   - handler: of one completion in ten, which is of a recurring task, from the
//     moment at which the service returns to the time that recurrer's handler gives
//     the successor. Two rows were read by then;
//   - lag: of all completions, what recurrer itself notes as
//     tickler_delivery_lag_seconds, from the event's time, which is before the
//     commit, until its handler begins. The time that the commit takes is in it.
func BenchmarkCommitUnderLoad(b *testing.B) {
	s := start(b, nil)
	ctx := telemetry.WithTraceParent(b.Context(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
	var ring func()
	store := repository.New(s.wide(b), "api", func() { ring() })
	service := task.NewService(store, time.Now)
	ring = func() {}
	userID, err := store.EnsureUser(ctx, repository.LocalIssuer, "load", "UTC")
	require.NoError(b, err)
	user, err := store.Settings(ctx, userID)
	require.NoError(b, err)
	ways := []struct {
		name  string
		begin func(*testing.B, *system) (ring func(), end func())
	}{{"workers", publishedByWorkers}, {"here", publishedHere}}
	for _, perSecond := range []int{250, 500} {
		for turn := range 3 {
			for _, way := range ways {
				b.Run(fmt.Sprintf("perSecond=%d/publish=%s/turn=%d", perSecond, way.name, turn+1), func(b *testing.B) {
					var end func()
					ring, end = way.begin(b, s)
					defer end()
					s.sharedOut(b, 2)
					commitUnderLoad(b, s, service, user, perSecond)
				})
			}
		}
	}
}

// publishedByWorkers is how api has its events published: it rings a bell.
func publishedByWorkers(b *testing.B, s *system) (ring func(), end func()) {
	bell := outbox.NewBell(s.db, slog.New(slog.DiscardHandler))
	return bell.Ring, running(b, bell.Run)
}

// publishedHere has a relay in the process that commits, beside recurrer's.
func publishedHere(b *testing.B, s *system) (ring func(), end func()) {
	require.NoError(b, s.StopPart("notifier"))
	client := clientOfNotifier(b, s)
	relay := outbox.NewRelay(s.db, client, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	stop := running(b, relay.Run)
	return relay.Ring, func() {
		stop()
		client.Close()
		require.NoError(b, s.StartPart(b.Context(), "notifier"))
	}
}

// running runs work until end is called, which waits for it.
func running(b *testing.B, work func(context.Context)) (end func()) {
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { work(ctx); close(done) }()
	return func() { cancel(); <-done }
}

func commitUnderLoad(b *testing.B, s *system, service *task.Service, user caller.Settings, perSecond int) {
	const seconds, workers = 20, 8
	ctx := telemetry.WithTraceParent(b.Context(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
	for b.Loop() {
		before := s.histogram(b, "recurrer", "tickler_delivery_lag_seconds")
		due := make(chan time.Time, perSecond)
		var ids, recurring sync.Map // tasks by id, with the time of their commit
		var working sync.WaitGroup
		for range workers {
			working.Go(func() {
				for n := 1; ; n++ {
					if _, more := <-due; !more {
						return
					}
					in := task.AddInput{Fields: task.Fields{Title: input.Some("load")}}
					if n%10 == 0 {
						in.RecurrenceRule, in.ReminderOffsets = input.Some("daily"), input.Some([]int{})
					}
					added, err := service.Add(ctx, user, in)
					if err != nil {
						b.Error(err)
						return
					}
					ids.Store(added.Task.ID, time.Now())
					if _, more := <-due; !more {
						return
					}
					if _, err := service.Complete(ctx, user, task.CompleteInput{TaskID: added.Task.ID}); err != nil {
						b.Error(err)
						return
					}
					if n%10 == 0 {
						recurring.Store(added.Task.ID, time.Now())
					}
				}
			})
		}
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		began := time.Now()
		for range perSecond * seconds {
			due <- <-tick.C
		}
		b.ReportMetric(float64(perSecond)*seconds/time.Since(began).Seconds(), "changes/s")
		tick.Stop()
		close(due)
		working.Wait()
		seen := &samples{}
		ids.Range(func(id, committed any) bool {
			m := s.observer.wait(b, 1, event.TopicTaskEvents, event.TaskCreated, id.(int64))[0]
			seen.add(m.received.Sub(committed.(time.Time)))
			return true
		})
		seen.report(b, "consumer")
		quiet(b, s)
		var lag histogram
		until(b, soon, "recurrer to have them", func() bool {
			lag = s.histogram(b, "recurrer", "tickler_delivery_lag_seconds").since(before)
			return lag.count() >= uint64(perSecond*seconds/2-workers)
		})
		b.ReportMetric(lag.quantile(.5)*1000, "lag-p50-ms")
		b.ReportMetric(lag.quantile(.99)*1000, "lag-p99-ms")
		handled := &samples{}
		recurring.Range(func(id, committed any) bool {
			until(b, soon, "a successor", func() bool { return len(s.successors(b, id.(int64))) == 1 })
			next := query[time.Time](b, s, `SELECT created_at FROM tasks WHERE previous_task_id = $1`, id)
			handled.add(next.Sub(committed.(time.Time)))
			return true
		})
		handled.report(b, "handler")
	}
}

// histogram is how many samples lie at or under each bound, in ascending order.
type histogram struct {
	bounds []float64
	upTo   []uint64
}

// histogram reads a series of an app, its labels summed up.
func (s *system) histogram(b *testing.B, app, name string) (h histogram) {
	b.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body(b, s.Env()["TICKLER_"+upper(app)+"_URL"]+"/metrics")))
	require.NoError(b, err)
	require.Contains(b, families, name)
	for _, metric := range families[name].GetMetric() {
		for i, bucket := range metric.GetHistogram().GetBucket() {
			if i == len(h.bounds) {
				h.bounds, h.upTo = append(h.bounds, bucket.GetUpperBound()), append(h.upTo, 0)
			}
			h.upTo[i] += bucket.GetCumulativeCount()
		}
	}
	return h
}

func (h histogram) count() uint64 { return h.upTo[len(h.upTo)-1] }

// since is what came after an earlier reading.
func (h histogram) since(earlier histogram) histogram {
	upTo := slices.Clone(h.upTo)
	for i := range upTo {
		upTo[i] -= earlier.upTo[i]
	}
	return histogram{h.bounds, upTo}
}

// quantile interpolates within a bucket, as Prometheus does.
func (h histogram) quantile(q float64) float64 {
	rank, below, lower := q*float64(h.count()), 0.0, 0.0
	for i, n := range h.upTo {
		if float64(n) >= rank && float64(n) > below {
			return lower + (h.bounds[i]-lower)*(rank-below)/(float64(n)-below)
		}
		below, lower = float64(n), h.bounds[i]
	}
	return math.Inf(1)
}
