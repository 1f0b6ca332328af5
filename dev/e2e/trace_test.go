package e2e

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
	"tickler/dev/traces"
	"tickler/internal/event"
)

// spanOf waits for the one span that meets a condition, in the trace or in those
// that are linked with it.
func (s *system) spanOf(t *testing.T, trace, what string, condition func(traces.Span) bool) (found traces.Span) {
	t.Helper()
	until(t, soon, "the span: "+what, func() bool {
		for _, one := range s.Traces().Find(trace) {
			if i := slices.IndexFunc(one.Spans, condition); i >= 0 {
				found = one.Spans[i]
				return true
			}
		}
		return false
	})
	return found
}

func TestTraceOfAToolCallGoesOnThroughOutboxAndBrokerIntoWhatItCauses(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *stack.Config) { c.Traces = true })
	p := s.person(t, "")
	// The next occurrence is due in some seconds, and reminds then.
	task := p.add(t, fields{"title": "Water the plants", "recurrence_rule": "daily", "due_date": time.Now().Add(-day + 4*time.Second).UTC().Format(time.RFC3339), "reminder_offsets": []int{0}})
	const trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	completed, err := p.try(withHeader(t.Context(), "traceparent", "00-"+trace+"-"+caller+"-01"), "complete_task", fields{"task_id": task.ID})
	require.NoError(t, err)
	require.Nil(t, completed.Error)
	next := s.successor(t, p, task.ID)

	call := s.spanOf(t, trace, "the tool call", func(s traces.Span) bool { return s.Name == "tool complete_task" })
	require.Equal(t, "api", call.Service)
	require.Equal(t, caller, call.Parent, "the caller's own span")
	require.Equal(t, "server", call.Kind)
	for _, topic := range event.TopicsOf(event.TaskCompleted) {
		published := s.spanOf(t, trace, "the way to "+topic, func(s traces.Span) bool {
			return s.Name == "publish task.completed" && s.Attribute("messaging.destination.name") == topic
		})
		require.Equal(t, call.ID, published.Parent)
		require.Equal(t, "producer", published.Kind)
		request := s.spanOf(t, trace, "the sidecar takes it", func(s traces.Span) bool { return s.Parent == published.ID })
		require.Equal(t, published.Service+"-daprd", request.Service)
		require.Contains(t, request.Name, "BulkPublish")
	}
	delivered := s.spanOf(t, trace, "the sidecar delivers it", func(s traces.Span) bool { return s.Name == "pubsub/task-recurrence" })
	require.Equal(t, "recurrer-daprd", delivered.Service)
	require.Equal(t, call.ID, delivered.Parent)
	handled := s.spanOf(t, trace, "the consumer", func(s traces.Span) bool { return s.Name == "handle task.completed" })
	require.Equal(t, "recurrer", handled.Service)
	require.Equal(t, delivered.ID, handled.Parent)
	require.Equal(t, "consumer", handled.Kind)
	caused := s.spanOf(t, trace, "the successor's own event", func(s traces.Span) bool { return s.Name == "publish task.created" })
	require.Equal(t, handled.ID, caused.Parent)
	for _, span := range []traces.Span{call, delivered, handled, caused} {
		require.Equal(t, trace, span.TraceID)
	}

	created := s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, next.ID)[0]
	require.Equal(t, trace, traceID(created.TraceParent))
	require.Len(t, s.lines("recurrer", "next occurrence created", trace), 1, "the log names the trace")

	// Its reminder begins with a tick, which finds those of other tasks too: a link
	// leads from it to what set it.
	reminded := s.spanOf(t, trace, "the reminder is published", func(s traces.Span) bool { return s.Name == "publish reminder.sent" })
	require.NotEqual(t, trace, reminded.TraceID)
	require.Contains(t, reminded.Links, traces.Link{TraceID: trace, SpanID: handled.ID})
	tick := s.spanOf(t, trace, "the tick", func(s traces.Span) bool { return s.ID == reminded.Parent })
	require.Equal(t, "tick reminder-scan", tick.Name)
	reminder := s.spanOf(t, trace, "the reminder is delivered", func(s traces.Span) bool { return s.Name == "deliver reminder" })
	require.Equal(t, "notifier", reminder.Service)
	require.Equal(t, tick.ID, reminder.Parent)

	list, page := body(t, s.TracesURL()), body(t, s.TracesURL()+"/trace/"+trace)
	require.Contains(t, list, "/trace/"+trace)
	for _, name := range []string{"tool complete_task", "publish task.completed", "pubsub/task-recurrence", "handle task.completed", "deliver reminder"} {
		require.Contains(t, page, name)
	}
	lookAt(t, s.TracesURL(), trace)
}

// lookAt shows a trace to a browser, where there is one.
func lookAt(t *testing.T, url, trace string) {
	t.Helper()
	dir := os.Getenv(pageVariable)
	if dir == "" {
		return
	}
	command := exec.CommandContext(t.Context(), "node", "traces.mjs")
	command.Dir = dir
	command.Env = append(os.Environ(), "TRACES="+strings.TrimSuffix(url, "/"), "TRACE="+trace, "PICTURES="+os.Getenv(picturesVariable))
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}
