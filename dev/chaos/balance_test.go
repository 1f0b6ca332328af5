package chaos

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// recorded are the books of a run in which all went well: Ann renamed a task and did a
// recurring one, whose successor is there; another of hers was reminded. Bob has a task.
func recorded() *Books {
	b := &Books{}
	offset := map[string]int64{}
	publish := func(topic, kind string, user, task int64, version int, data map[string]any) string {
		id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, kind, task, version)).String()
		text, _ := json.Marshal(data)
		b.Messages = append(b.Messages, Message{
			Topic: topic, Offset: offset[topic], Key: fmt.Sprint(task), ID: id, Type: kind, UserID: user, TaskID: task, Version: version, Data: text,
		})
		offset[topic]++
		return id
	}
	tell := func(account string, user, task int64, version int, kind string, data map[string]any) {
		id := publish(event.TopicTaskEvents, kind, user, task, version, data)
		if kind == event.TaskCompleted {
			publish(event.TopicTaskRecurrence, kind, user, task, version, data)
		}
		b.Streamed = append(b.Streamed, Streamed{account, id, user, task})
	}
	titled := func(title string) map[string]any { return map[string]any{"title": title} }
	tell("ann", 1, 10, 1, event.TaskCreated, titled("ann a"))
	tell("ann", 1, 10, 2, event.TaskUpdated, map[string]any{"updated_fields": titled("ann b")})
	tell("ann", 1, 11, 1, event.TaskCreated, titled("ann c"))
	tell("ann", 1, 11, 2, event.TaskCompleted, nil)
	tell("ann", 1, 12, 1, event.TaskCreated, map[string]any{"title": "ann c", "previous_task_id": 11})
	tell("ann", 1, 13, 1, event.TaskCreated, titled("ann d"))
	reminder := publish(event.TopicTaskReminders, event.ReminderSent, 1, 13, 1, titled("ann d"))
	b.Streamed = append(b.Streamed, Streamed{"ann", reminder, 1, 13})
	tell("bob", 2, 20, 1, event.TaskCreated, titled("bob a"))
	b.Calls = []Call{{Account: "ann", ID: "message-1", Type: "reminder.sent", Tasks: []int64{13}}}
	added := func(title string) []Change { return []Change{{Kind: Added, Mark: title}} }
	b.Accounts = []*Account{
		{
			Name: "ann", Word: "ann",
			Entries: []*Entry{
				{ID: 10, Changes: append(added("ann a"), Change{Kind: Renamed, Mark: "ann b"})},
				{ID: 11, Recurs: true, Changes: append(added("ann c"), Change{Kind: Completed})},
				{ID: 13, Changes: added("ann d"), Reminders: 1},
			},
			Stored: []Stored{
				{ID: 10, Title: "ann b", Version: 2}, {ID: 11, Title: "ann c", Completed: true, Version: 2},
				{ID: 12, Title: "ann c", PreviousTaskID: 11, Version: 1}, {ID: 13, Title: "ann d", Version: 1},
			},
			History: []Noted{
				{1, "task", 10, "created"}, {2, "task", 10, "updated"}, {3, "task", 11, "created"}, {4, "task", 11, "completed"},
				{5, "task", 12, "created"}, {6, "task", 13, "created"}, {7, "task", 13, "reminded"},
			},
		},
		{
			Name: "bob", Word: "bob", Entries: []*Entry{{ID: 20, Changes: added("bob a")}},
			Stored: []Stored{{ID: 20, Title: "bob a", Version: 1}}, History: []Noted{{8, "task", 20, "created"}},
		},
	}
	return b
}

// without takes the messages out that meet a condition.
func (b *Books) without(condition func(Message) bool) {
	var left []Message
	for _, m := range b.Messages {
		if !condition(m) {
			left = append(left, m)
		}
	}
	b.Messages = left
}

// on is the place of the first message about a version of a task on a topic.
func (b *Books) on(topic string, task int64, version int) *Message {
	for i, m := range b.Messages {
		if m.Topic == topic && m.TaskID == task && m.Version == version {
			return &b.Messages[i]
		}
	}
	panic("there is no such message")
}

func TestBooksOfARunInWhichAllWentWellBalance(t *testing.T) {
	b := recorded()
	require.Empty(t, Balance(b))
	again := *b.on(event.TopicTaskEvents, 10, 1) // published once more, after newer ones: legal
	again.Offset = 1000
	b.Messages = append(b.Messages, again)
	call := b.Calls[0] // repeated under the same id: one effect
	b.Calls = append(b.Calls, call)
	require.Empty(t, Balance(b))
}

// Each promise, broken in one place, is found to be broken, with the task.
func TestWhatIsSpoiltIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(*Books)
		promise string
		task    int64
	}{
		"an outbox row is lost": {func(b *Books) {
			b.without(func(m Message) bool { return m.TaskID == 10 && m.Version == 2 })
		}, PromiseEvents, 10},
		"an event of a completion comes to one of its topics only": {func(b *Books) {
			b.without(func(m Message) bool { return m.Topic == event.TopicTaskRecurrence })
		}, PromiseEvents, 11},
		"two events come in the wrong order": {func(b *Books) {
			one, two := b.on(event.TopicTaskEvents, 10, 1), b.on(event.TopicTaskEvents, 10, 2)
			one.Offset, two.Offset = two.Offset, one.Offset
		}, PromiseEvents, 10},
		"one change has two events": {func(b *Books) {
			m := *b.on(event.TopicTaskEvents, 10, 2)
			m.ID, m.Offset = "another", 1000
			b.Messages = append(b.Messages, m)
		}, PromiseEvents, 10},
		"an event is of another task than its key": {func(b *Books) {
			b.on(event.TopicTaskEvents, 10, 2).Key = "11"
		}, PromiseEvents, 10},
		"a copy is no copy": {func(b *Books) {
			m := *b.on(event.TopicTaskEvents, 10, 2)
			m.Offset, m.Data = 1000, json.RawMessage(`{"updated_fields":{"title":"ann x"}}`)
			b.Messages = append(b.Messages, m)
		}, PromiseEvents, 10},
		"a change of which nobody was told": {func(b *Books) {
			b.Accounts[0].Stored[0].Version = 3
		}, PromiseKept, 10},
		"an acknowledged task is gone": {func(b *Books) {
			b.Accounts[1].Stored = nil
		}, PromiseKept, 20},
		"an acknowledged title is not there": {func(b *Books) {
			b.Accounts[0].Stored[0].Title = "ann a"
		}, PromiseKept, 10},
		"a completion is lost": {func(b *Books) {
			b.Accounts[0].Stored[1].Completed = false
		}, PromiseKept, 11},
		"an addition is carried out twice": {func(b *Books) {
			b.Accounts[1].Stored = append(b.Accounts[1].Stored, Stored{ID: 21, Title: "bob a", Version: 1})
		}, PromiseKept, 21},
		"there are two successors": {func(b *Books) {
			b.Accounts[0].Stored = append(b.Accounts[0].Stored, Stored{ID: 14, Title: "ann c", PreviousTaskID: 11, Version: 1})
		}, PromiseSuccessor, 11},
		"there is no successor": {func(b *Books) {
			b.Accounts[0].Stored = append(b.Accounts[0].Stored[:2], b.Accounts[0].Stored[3:]...)
		}, PromiseSuccessor, 11},
		"a reminder does not come": {func(b *Books) {
			b.without(func(m Message) bool { return m.Type == event.ReminderSent })
		}, PromiseReminders, 13},
		"a reminder comes twice": {func(b *Books) {
			m := *b.on(event.TopicTaskReminders, 13, 1)
			m.ID, m.Offset = "another", 1000
			b.Messages = append(b.Messages, m)
		}, PromiseReminders, 13},
		"a webhook is called for one reminder under two ids": {func(b *Books) {
			call := b.Calls[0]
			call.ID = "message-2"
			b.Calls = append(b.Calls, call)
		}, PromiseWebhooks, 13},
		"a webhook is not called": {func(b *Books) { b.Calls = nil }, PromiseWebhooks, 13},
		"a reminder goes to another user's webhook": {func(b *Books) {
			b.Calls[0].Account = "bob"
		}, PromiseOwn, 13},
		"another user's task is listed": {func(b *Books) {
			b.Accounts[1].Stored = append(b.Accounts[1].Stored, b.Accounts[0].Stored[0])
		}, PromiseOwn, 10},
		"an event names another user": {func(b *Books) {
			b.on(event.TopicTaskEvents, 20, 1).UserID = 1
		}, PromiseOwn, 20},
		"a stream tells of another user's task": {func(b *Books) {
			b.Streamed = append(b.Streamed, Streamed{"bob", b.on(event.TopicTaskEvents, 10, 1).ID, 1, 10})
		}, PromiseOwn, 10},
		"an answer shows another user's text": {func(b *Books) {
			b.Leaks = []Leak{{"bob", "ann", "GET /v1/tasks"}}
		}, PromiseOwn, 0},
		"a stream leaves an event out": {func(b *Books) {
			b.Streamed = b.Streamed[1:]
		}, PromiseStreams, 10},
		"the history leaves a change out": {func(b *Books) {
			b.Accounts[0].History = b.Accounts[0].History[1:]
		}, PromiseHistory, 10},
		"the history tells a change twice": {func(b *Books) {
			b.Accounts[0].History = append(b.Accounts[0].History, b.Accounts[0].History[0])
		}, PromiseHistory, 10},
		"a call is given up": {func(b *Books) {
			b.Refused = []Refusal{{Account: "ann", TaskID: 10, What: "REST update_task", Why: "INTERNAL"}}
		}, PromiseAnswered, 10},
		"an event is left as a dead letter": {func(b *Books) {
			b.Letters = []string{"7 task-recurrence"}
		}, PromiseHandled, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := recorded()
			c.spoil(b)
			findings := Balance(b)
			require.NotEmpty(t, findings)
			for _, f := range findings {
				if f.Promise == c.promise && f.TaskID == c.task {
					return
				}
			}
			require.Fail(t, "it is not found as what it is", "%v", findings)
		})
	}
}

// What is told twice in a row is one too many; that a task is done ends it too.
func TestBlockingIsToldByTurns(t *testing.T) {
	b := recorded()
	blocked := func(id, kind string, offset int64) {
		b.Messages = append(b.Messages, Message{Topic: event.TopicTaskEvents, Offset: offset, Key: "10", ID: id, Type: kind, UserID: 1, TaskID: 10, Version: 2})
		b.Streamed = append(b.Streamed, Streamed{"ann", id, 1, 10})
	}
	blocked("one", event.TaskBlocked, 100)
	blocked("two", event.TaskUnblocked, 101)
	require.Empty(t, Balance(b))
	blocked("three", event.TaskUnblocked, 102)
	require.Len(t, Balance(b), 1)
}
