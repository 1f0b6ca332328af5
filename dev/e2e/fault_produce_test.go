package e2e

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tickler/internal/event"
)

// The broker has stored each of these events but does not confirm it, or reports a
// possible failure. They are published again, and the copies change nothing.
func TestEventsThatTheBrokerKeptUnansweredAreRepeatedAndHaveOneEffect(t *testing.T) {
	t.Parallel()
	s, broker := startFaulty(t, 1)
	const size = 40
	loses := func(fate fate, answers int) func(*testing.T) {
		return func(t *testing.T) {
			before, copies := broker.losses(), s.repeated(event.TopicTaskEvents)
			broker.answers(fate)
			until(t, soon, "answers to be lost", func() bool { return broker.losses() >= before+answers })
			broker.answers(arrives)
			until(t, soon, "copies of events", func() bool { return s.repeated(event.TopicTaskEvents) > copies })
		}
	}
	says := func(err *kerr.Error) func(*testing.T) {
		return func(t *testing.T) {
			for _, topic := range publishedTo {
				copies := s.repeated(topic)
				fault := broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: err, Count: 3})
				until(t, soon, "the broker to answer so on "+topic, func() bool { return fault.Hits() == 3 })
				until(t, soon, "copies of events on "+topic, func() bool { return s.repeated(topic) > copies })
			}
		}
	}
	faults := []struct {
		name   string
		happen func(*testing.T)
	}{
		{"the connection ends in place of the answer", loses(cuts, 5)},
		{"REQUEST_TIMED_OUT", says(kerr.RequestTimedOut)},
		{"NOT_ENOUGH_REPLICAS_AFTER_APPEND", says(kerr.NotEnoughReplicasAfterAppend)},
		{"the answer never comes", loses(vanishes, 2)},
	}
	streams := make([]*work, len(faults))
	for i, fault := range faults {
		streams[i] = begin(t, s, size)
		t.Run(fault.name, fault.happen)
	}
	broker.untilRead(t, s.observer)
	allEnd(t, streams)
}
