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

	"tickler/dev/broker"
	"tickler/internal/event"
)

// observer is a consumer that is not part of the system. It reads every topic from
// the beginning and keeps what it read.
type observer struct {
	bus    bus
	cancel context.CancelFunc
	ended  chan struct{}

	mu       sync.Mutex
	messages []message
}

// place is where a message stands on the broker.
type place struct {
	topic     string
	partition int32
	offset    int64
}

// message is what a broker keeps, with its envelope, as far as it has one.
type message struct {
	place
	event.Envelope
	event.Base
	key, value string
	planted    bool // published by a test, not by the system
	received   time.Time
}

func observe(access broker.Access) (*observer, error) {
	bus, err := openBus(access)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := &observer{bus: bus, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(o.ended)
		bus.read(ctx, o.keep)
	}()
	return o, nil
}

func (o *observer) close() {
	o.cancel()
	<-o.ended
	o.bus.close()
}

// keep stores a message that was read.
func (o *observer) keep(r record) {
	m := message{place: r.place, key: r.key, value: r.value, planted: r.planted, received: time.Now()}
	// A message that is not an event keeps an empty envelope.
	_ = json.Unmarshal([]byte(r.value), &m.Envelope)
	_ = json.Unmarshal(m.Data, &m.Base)
	if r.keyless {
		m.key = m.PartitionKey
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.messages = append(o.messages, m)
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
		return m.topic == topic && m.Type == eventType && m.TaskID == taskID && !m.planted
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

// plant publishes a message straight to the broker, as no app would.
func (o *observer) plant(t testing.TB, topic, key, value string) {
	t.Helper()
	require.NoError(t, o.bus.publish(t.Context(), topic, key, value))
}

// republish delivers an event once more, as it was.
func (o *observer) republish(t testing.TB, m message) {
	t.Helper()
	o.plant(t, m.topic, m.key, m.value)
}

// check returns how the published events violate the contract: envelope, key,
// schema, and the order of a task's versions on a topic. Duplicates are legal, also
// after newer events.
func (o *observer) check() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var errs []error
	newest := map[string]int{}
	seen := map[string]bool{}
	ordered := slices.Clone(o.messages)
	slices.SortStableFunc(ordered, func(a, b message) int { return cmp.Compare(a.offset, b.offset) })
	for _, m := range ordered {
		if m.planted || isDeadLetter(m.topic) {
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
	return topic == event.DeadLetterTopic(event.TopicTaskReminders) || topic == event.DeadLetterTopic(event.TopicTaskRecurrence)
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
