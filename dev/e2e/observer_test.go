package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"tickler/dev/broker"
	"tickler/internal/event"
)

// observer is a Kafka consumer of its own, no part of the system: it reads
// every topic from the beginning and keeps what it read.
type observer struct {
	client *kgo.Client
	cancel context.CancelFunc
	ended  chan struct{}

	mu       sync.Mutex
	messages []message
	planted  map[place]bool // published by a test, not by the system
}

// place is where a message stands on the broker.
type place struct {
	topic     string
	partition int32
	offset    int64
}

// message is a record with its envelope, as far as it has one.
type message struct {
	place
	event.Envelope
	event.Base
	key, value string
	received   time.Time
}

func observe(access broker.Access) (*observer, error) {
	topics := []string{}
	for _, topic := range event.Topics() {
		topics = append(topics, topic.Name)
	}
	client, err := access.Client(kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := &observer{client: client, cancel: cancel, ended: make(chan struct{}), planted: map[place]bool{}}
	go o.read(ctx)
	return o, nil
}

func (o *observer) close() {
	o.cancel()
	<-o.ended
	o.client.Close()
}

func (o *observer) read(ctx context.Context) {
	defer close(o.ended)
	for ctx.Err() == nil {
		fetches := o.client.PollFetches(ctx)
		now := time.Now()
		o.mu.Lock()
		fetches.EachRecord(func(r *kgo.Record) {
			m := message{place: place{r.Topic, r.Partition, r.Offset}, key: string(r.Key), value: string(r.Value), received: now}
			// What is no envelope, or holds no data of ours, stays without one.
			_ = json.Unmarshal(r.Value, &m.Envelope)
			_ = json.Unmarshal(m.Data, &m.Base)
			o.messages = append(o.messages, m)
		})
		o.mu.Unlock()
	}
}

// find returns the messages that meet a condition, in the order of their arrival.
func (o *observer) find(condition func(message) bool) []message {
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []message
	for _, m := range o.messages {
		if condition(m) {
			found = append(found, m)
		}
	}
	return found
}

// of finds the events of a type about a task on a topic. Tests that publish
// events themselves do not find those here.
func (o *observer) of(topic, eventType string, taskID int64) []message {
	return o.find(func(m message) bool {
		return m.topic == topic && m.Type == eventType && m.TaskID == taskID && !o.planted[m.place]
	})
}

// wait waits until n events of a type about a task are on a topic, and returns
// them. More than n are a failure.
func (o *observer) wait(t testing.TB, n int, topic, eventType string, taskID int64) []message {
	t.Helper()
	until(t, soon, fmt.Sprintf("%d %s of task %d on %s", n, eventType, taskID, topic), func() bool {
		return len(o.of(topic, eventType, taskID)) >= n
	})
	found := o.of(topic, eventType, taskID)
	require.Len(t, found, n)
	return found
}

// plant publishes a message as no app would, straight to the broker.
func (o *observer) plant(t testing.TB, topic, key, value string) {
	t.Helper()
	o.mu.Lock() // until its place is known, nobody reads it
	defer o.mu.Unlock()
	record := &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}
	require.NoError(t, o.client.ProduceSync(t.Context(), record).FirstErr())
	o.planted[place{topic, record.Partition, record.Offset}] = true
}

// republish delivers an event once more, as it was.
func (o *observer) republish(t testing.TB, m message) {
	t.Helper()
	o.plant(t, m.topic, m.key, m.value)
}

// check returns in what the published events break the contract: envelope,
// key, schema, and the order of one task's versions on a topic. A duplicate
// is legal; what comes back after its successor was published is one.
func (o *observer) check() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var errs []error
	newest := map[string]int{}
	seen := map[string]bool{}
	ordered := slices.Clone(o.messages)
	slices.SortStableFunc(ordered, func(a, b message) int { return cmp.Compare(a.offset, b.offset) })
	for _, m := range ordered {
		if o.planted[m.place] || isDeadLetter(m.topic) {
			continue
		}
		if err := m.check(); err != nil {
			errs = append(errs, fmt.Errorf("%v: %w\n%s", m.place, err, m.value))
		}
		series := m.topic + " " + m.key
		if m.Type != event.ReminderSent && !seen[m.topic+m.ID] && m.TaskVersion < newest[series] {
			errs = append(errs, fmt.Errorf("%v: version %d of task %s after version %d", m.place, m.TaskVersion, m.key, newest[series]))
		}
		seen[m.topic+m.ID] = true
		newest[series] = max(newest[series], m.TaskVersion)
	}
	return errors.Join(errs...)
}

func isDeadLetter(topic string) bool {
	return topic == event.DeadLetter(event.TopicTaskReminders) || topic == event.DeadLetter(event.TopicTaskRecurrence)
}

// check compares a message with the contract.
func (m message) check() error {
	apps := map[string]bool{event.Source("api"): true, event.Source("notifier"): true, event.Source("recurrer"): true}
	var errs []error
	for what, holds := range map[string]bool{
		"specversion":                   m.SpecVersion == "1.0",
		"id is data.event_id":           m.Envelope.ID != "" && m.Envelope.ID == m.EventID.String(),
		"source":                        apps[m.Source],
		"type is data.event_type":       m.Type == m.EventType,
		"subject is data.task_id":       m.TaskID > 0 && m.Subject == strconv.FormatInt(m.TaskID, 10),
		"key and partitionkey":          m.key == m.Subject && m.PartitionKey == m.Subject,
		"time":                          !m.Time.IsZero() && m.Time.Equal(m.Timestamp),
		"datacontenttype":               m.DataContentType == "application/json",
		"dataschema":                    m.DataSchema == event.SchemaURI(m.Type),
		"topic of the type":             slices.Contains(event.TopicsOf(m.Type), m.topic),
		"user_id":                       m.UserID > 0,
		"schema_version":                m.SchemaVersion == event.SchemaVersion,
		"traceparent, except of a scan": m.Type == event.ReminderSent || traceID(m.TraceParent) != "",
	} {
		if !holds {
			errs = append(errs, fmt.Errorf("the envelope is wrong in: %s", what))
		}
	}
	return errors.Join(append(errs, event.Validate(m.Type, m.Data))...)
}
