package event

import "time"

// Topic is a channel of the task bus as it is created on the broker.
type Topic struct {
	Name       string
	Partitions int
	Retention  time.Duration
	// Reader is the app that consumes the topic; "" for a topic meant for other
	// programs.
	Reader string
}

// Names of the topics that apps publish to and subscribe to.
const (
	TopicTaskEvents     = "task-events"
	TopicTaskReminders  = "task-reminders"
	TopicTaskRecurrence = "task-recurrence"
)

// Shards is the number of parts the outbox is divided into. All events of a task are
// in the shard its id falls into.
const Shards = 16

// Topics lists every topic that must exist, with its default partitions and
// retention. On a broker that does not create topics by itself (Redpanda), they must
// be created before the apps start.
func Topics() []Topic {
	return []Topic{
		{Name: TopicTaskEvents, Partitions: 3, Retention: KeptEvents},
		{Name: TopicTaskReminders, Partitions: 1, Retention: KeptReminders, Reader: "notifier"},
		{Name: TopicTaskRecurrence, Partitions: 1, Retention: KeptEvents, Reader: "recurrer"},
		{Name: DeadLetterTopic(TopicTaskReminders), Partitions: 1, Retention: KeptEvents, Reader: "notifier"},
		{Name: DeadLetterTopic(TopicTaskRecurrence), Partitions: 1, Retention: KeptEvents, Reader: "recurrer"},
	}
}

// PublishedTopics lists the topics that events are published to.
func PublishedTopics() []string {
	return []string{TopicTaskEvents, TopicTaskReminders, TopicTaskRecurrence}
}

// DeadLetterTopic names the topic for events that a consumer of topic cannot handle.
func DeadLetterTopic(topic string) string { return topic + "-deadletter" }
