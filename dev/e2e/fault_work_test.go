package e2e

import (
	"fmt"
	"testing"

	"tickler/internal/event"
)

// repeated counts the messages of a topic that were on it already.
func (s *system) repeated(topic string) (n int) {
	seen := map[string]bool{}
	for _, m := range s.observer.find(func(m message) bool { return m.topic == topic && !m.planted }) {
		if seen[m.Envelope.ID] {
			n++
		}
		seen[m.Envelope.ID] = true
	}
	return n
}

var publishedTo = []string{event.TopicTaskEvents, event.TopicTaskRecurrence, event.TopicTaskReminders}

// allEnd waits for streams of work to end well, without duplicates. It waits for
// all at once, since each waits for a scan of its own.
func allEnd(t *testing.T, streams []*work) {
	t.Helper()
	t.Run("all work ends well", func(t *testing.T) {
		for i, w := range streams {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				w.ends(t, 0)
			})
		}
	})
}
