package e2e

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// metric is what an app serves as the value of a series without labels.
func (s *system) metric(t testing.TB, app, name string) float64 {
	t.Helper()
	for line := range strings.Lines(body(t, s.Env()["TICKLER_"+upper(app)+"_URL"]+"/metrics")) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(t, err)
			return n
		}
	}
	require.Fail(t, "no such series", "%s of %s", name, app)
	return 0
}

func TestConsumersKilledAfterTheirCommitAndBeforeTheirAcknowledgementDoubleNothing(t *testing.T) {
	t.Parallel()
	s, cluster := startFaulty(t, 1)
	p := s.person(t, "")
	unheard := map[string]*kfake.FaultHandle{}
	for _, app := range []string{"recurrer", "notifier"} {
		unheard[app] = cluster.Fault(kfake.Fault{
			Keys: []kmsg.Key{kmsg.OffsetCommit}, Group: "tickler-" + app, Err: kerr.CoordinatorLoadInProgress, Count: -1,
		})
	}
	completed := p.add(t, fields{"title": "completed", "recurrence_rule": "daily"})
	due := p.add(t, fields{"title": "due", "due_date": in(minute)})
	p.call(t, "complete_task", fields{"task_id": completed.ID})
	next := s.successor(t, p, completed.ID)
	until(t, soon, "the reminder", func() bool { return len(s.reminders(due.ID)) > 0 })

	for app, fault := range unheard {
		until(t, soon, "an acknowledgement of "+app, func() bool { return fault.Hits() > 0 })
		before := s.PID(app + "-daprd")
		require.NoError(t, s.Kill(app+"-daprd"))
		until(t, soon, "its sidecar to be dead", func() bool { return s.PID(app+"-daprd") != before })
		fault.Remove()
		s.waitReady(t, app+"-daprd", before)
	}
	// Both apps live on, and count.
	until(t, later, "the completion to be delivered again", func() bool {
		return s.metric(t, "recurrer", "tickler_completions_without_successor_total") > 0
	})
	until(t, later, "the reminder to be delivered again", func() bool {
		return s.metric(t, "notifier", "tickler_duplicates_total") > 0
	})
	s.drained(t, p)
	s.scanned(t, p)
	require.Equal(t, []int64{next.ID}, s.successors(t, completed.ID))
	require.Len(t, s.reminders(due.ID), 1)
}
