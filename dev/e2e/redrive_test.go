package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// tableRow is the line of a command's table that contains a text, split into fields;
// nil when there is none.
func tableRow(table, text string) []string {
	for line := range strings.Lines(table) {
		if strings.Contains(line, text) {
			return strings.Fields(line)
		}
	}
	return nil
}

func TestDeadLetterWhoseCauseWasMendedIsSentAgainAndHandled(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.person(t, "")
	s.exec(t, `ALTER TABLE tasks ADD CONSTRAINT no_successors CHECK (previous_task_id IS NULL)`)
	completed := p.add(t, fields{"title": "refused", "recurrence_rule": "daily"})
	p.call(t, "complete_task", fields{"task_id": completed.ID})
	var letter []string
	until(t, soon, "the dead letter to be listed", func() bool {
		letter = tableRow(s.api(t, "deadletters", "list"), "no_successors")
		return letter != nil
	})
	require.Contains(t, letter, event.TopicTaskRecurrence)
	require.Contains(t, letter, `"`+event.TaskCompleted+`"`)
	require.Empty(t, s.successors(t, completed.ID))

	s.exec(t, `ALTER TABLE tasks DROP CONSTRAINT no_successors`)
	require.Equal(t, "1 sent again", s.api(t, "deadletters", "redrive", letter[0]))
	next := s.successor(t, p, completed.ID)
	require.Nil(t, tableRow(s.api(t, "deadletters", "list"), "no_successors"))
	require.Equal(t, "0 sent again", s.api(t, "deadletters", "redrive", "all"))
	s.drained(t, p)
	require.Equal(t, []int64{next.ID}, s.successors(t, completed.ID))
	again := s.observer.wait(t, 2, event.TopicTaskRecurrence, event.TaskCompleted, completed.ID)
	require.Equal(t, again[0].Envelope.ID, again[1].Envelope.ID, "it is the same event")
}
