package e2e

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// Figures, not verdicts: go test -run '^$' -bench . ./e2e. Each sample is one
// iteration; -benchtime 200x takes two hundred.

// BenchmarkCompleteToSuccessor measures from just before complete_task is called
// over MCP until the successor's row is committed, seen by asking Postgres every
// half millisecond.
func BenchmarkCompleteToSuccessor(b *testing.B) {
	s := shared(b)
	p := s.person(b, "")
	call, visible := &samples{}, &samples{}
	warmUp(b, s, p)
	for b.Loop() {
		b.StopTimer()
		id := p.add(b, fields{"title": "bench", "recurrence_rule": "daily", "reminder_offsets": []int{}}).ID
		quiet(b, s)
		b.StartTimer()
		begun := time.Now()
		p.call(b, "complete_task", fields{"task_id": id})
		call.add(time.Since(begun))
		for len(s.successors(b, id)) == 0 {
			require.Less(b, time.Since(begun), soon)
			time.Sleep(500 * time.Microsecond)
		}
		visible.add(time.Since(begun))
	}
	call.report(b, "call")
	visible.report(b, "successor")
	s.reportMemory(b)
}

// BenchmarkCommitToHandler measures from a completion's timestamp, taken in the
// transaction just before it commits, to the timestamp of the successor, taken
// in recurrer's handler: outbox, relay, sidecar, broker, sidecar and the reading
// of two rows are in between. Both clocks are the machine's.
func BenchmarkCommitToHandler(b *testing.B) {
	s := shared(b)
	p := s.person(b, "")
	handler := &samples{}
	warmUp(b, s, p)
	for b.Loop() {
		b.StopTimer()
		id := p.add(b, fields{"title": "bench", "recurrence_rule": "daily", "reminder_offsets": []int{}}).ID
		quiet(b, s)
		b.StartTimer()
		p.call(b, "complete_task", fields{"task_id": id})
		until(b, soon, "the successor", func() bool { return len(s.successors(b, id)) > 0 })
		handler.add(time.Duration(query[int64](b, s, `
			SELECT (extract(epoch FROM next.created_at - done.completed_at) * 1e6)::bigint * 1000
			FROM tasks done JOIN tasks next ON next.previous_task_id = done.id WHERE done.id = $1`, id)))
	}
	handler.report(b, "handler")
}

// BenchmarkCommitToConsumer measures from an addition's timestamp, as above, to
// the moment at which a Kafka client in this process has the event.
func BenchmarkCommitToConsumer(b *testing.B) {
	s := shared(b)
	p := s.person(b, "")
	consumer := &samples{}
	warmUp(b, s, p)
	for b.Loop() {
		id := p.add(b, fields{"title": "bench"}).ID
		m := s.observer.wait(b, 1, event.TopicTaskEvents, event.TaskCreated, id)[0]
		consumer.add(m.received.Sub(m.Time))
	}
	consumer.report(b, "consumer")
}

// quiet waits until the system is idle, so that a sample measures one change and
// not the previous one.
func quiet(b *testing.B, s *system) {
	until(b, soon, "the outbox to be empty", func() bool { return query[int](b, s, `SELECT count(*) FROM outbox`) == 0 })
}

func warmUp(b *testing.B, s *system, p *person) {
	for range 10 {
		s.drained(b, p)
	}
	b.ResetTimer()
}

// samples are durations of which quantiles are reported.
type samples struct{ taken []time.Duration }

func (s *samples) add(d time.Duration) { s.taken = append(s.taken, d) }

func (s *samples) report(b *testing.B, name string) {
	slices.SortFunc(s.taken, cmp.Compare)
	for _, percent := range []int{50, 99} {
		at := s.taken[min(len(s.taken)*percent/100, len(s.taken)-1)]
		b.ReportMetric(float64(at.Microseconds())/1000, fmt.Sprintf("%s-p%d-ms", name, percent))
	}
}

// reportMemory reports what each app and sidecar holds in memory.
func (s *system) reportMemory(b *testing.B) {
	for _, part := range s.Parts() {
		if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID(part))); err == nil {
			for line := range strings.Lines(string(status)) {
				if size, found := strings.CutPrefix(line, "VmRSS:"); found {
					kib, _ := strconv.Atoi(strings.Fields(size)[0])
					b.ReportMetric(float64(kib)/1024, part+"-RSS-MiB")
				}
			}
		}
	}
}
