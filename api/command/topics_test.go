package command

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/topics"
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

func TestUserOfAnAppCanBeChosen(t *testing.T) {
	logins := topics.LoginsFromEnvironment()
	require.NoError(t, setUser(logins, "notifier=reminders"))
	require.Equal(t, []string{"reminders", "tickler-recurrer"}, []string{logins[0].User, logins[1].User})
	for text, reason := range map[string]string{"notifier": "want APP=NAME", "notifier=": "want APP=NAME", "api=x": "known are notifier, recurrer"} {
		require.ErrorContains(t, setUser(logins, text), reason)
	}
}
