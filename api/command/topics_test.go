package command

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

func TestPartitionsOfATopicCanBeChosen(t *testing.T) {
	all := event.Topics()
	require.NoError(t, setPartitions(all, "task-recurrence=6"))
	for i, topic := range event.Topics() {
		if topic.Name == event.TopicTaskRecurrence {
			topic.Partitions = 6
		}
		require.Equal(t, topic, all[i])
	}
	for text, reason := range map[string]string{
		"task-recurrence":      "want TOPIC=N",
		"task-recurrence=0":    "N from 1",
		"task-recurrence=many": "for example task-recurrence=6",
		"tasks=3":              `no topic "tasks": known are task-events`,
	} {
		require.ErrorContains(t, setPartitions(all, text), reason)
	}
}
