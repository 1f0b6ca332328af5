package chaos

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"tickler/dev/broker"
	"tickler/internal/event"
)

// bus reads all topics from their beginning, in no group, as a program that is no part
// of the system may.
type bus struct {
	client *kgo.Client
	cancel context.CancelFunc
	ended  chan struct{}

	mu       sync.Mutex
	messages []Message
	next     map[int64]int64 // the successor of each task
}

func openBus(access broker.Access) (*bus, error) {
	topics := []string{event.TopicTaskEvents, event.TopicTaskRecurrence, event.TopicTaskReminders}
	client, err := access.Client(kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &bus{client: client, cancel: cancel, ended: make(chan struct{}), next: map[int64]int64{}}
	go func() {
		defer close(b.ended)
		for ctx.Err() == nil {
			client.PollFetches(ctx).EachRecord(b.keep)
		}
	}()
	return b, nil
}

func (b *bus) close() {
	b.cancel()
	<-b.ended
	b.client.Close()
}

func (b *bus) keep(r *kgo.Record) {
	var envelope event.Envelope
	var data struct {
		event.Base
		PreviousTaskID int64 `json:"previous_task_id"`
	}
	// What is no event keeps empty fields, and is found by its key.
	_ = json.Unmarshal(r.Value, &envelope)
	_ = json.Unmarshal(envelope.Data, &data)
	m := Message{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: string(r.Key), ID: envelope.ID, Type: envelope.Type,
		UserID: data.UserID, TaskID: data.TaskID, Version: data.TaskVersion, Data: envelope.Data,
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append(b.messages, m)
	if data.PreviousTaskID != 0 {
		b.next[data.PreviousTaskID] = data.TaskID
	}
}

// successor of a task; 0 if none was heard of.
func (b *bus) successor(id int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next[id]
}

func (b *bus) all() []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}
