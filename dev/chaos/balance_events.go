package chaos

import (
	"encoding/json"
	"slices"
	"strconv"

	"tickler/internal/event"
)

// beside are the events that tell of something beside the task's own fields, and so
// come with the version that it has.
var beside = []string{event.TaskBlocked, event.TaskUnblocked, event.TaskCommented}

// versions compares the versions of a stored task with those that events told.
func (j *balance) versions(account *Account, s Stored) {
	told := map[int][]string{}
	for _, m := range j.events[s.ID] {
		if !slices.Contains(beside, m.Type) {
			told[m.Version] = append(told[m.Version], m.ID)
		}
	}
	for version := 1; version <= s.Version; version++ {
		if n := len(told[version]); n != 1 {
			j.find(PromiseEvents, account.Name, s.ID, "version %d of %d has %d events: %v", version, s.Version, n, told[version])
		}
		delete(told, version)
	}
	for version := range told {
		j.find(PromiseEvents, account.Name, s.ID, "an event tells version %d of a task that has %d", version, s.Version)
	}
	blocked := false
	for _, m := range j.events[s.ID] {
		switch {
		case m.Type == event.TaskBlocked && blocked, m.Type == event.TaskUnblocked && !blocked:
			j.find(PromiseEvents, account.Name, s.ID, "%s comes twice in a row", m.Type)
		case m.Type == event.TaskBlocked:
			blocked = true
		case m.Type == event.TaskUnblocked, m.Type == event.TaskCompleted, m.Type == event.TaskDeleted:
			blocked = false
		}
	}
}

// told looks for the event of each acknowledged change.
func (j *balance) told(account *Account, entry *Entry) {
	titles := map[string]int{}
	kinds := map[string]int{}
	for _, m := range j.events[entry.ID] {
		kinds[m.Type]++
		var data struct {
			Title         string
			UpdatedFields map[string]any `json:"updated_fields"`
		}
		if json.Unmarshal(m.Data, &data) != nil {
			continue
		}
		if title, ok := data.UpdatedFields["title"].(string); ok {
			titles[title]++
		} else if m.Type == event.TaskCreated {
			titles[data.Title]++
		}
	}
	wanted := map[string]int{}
	for _, change := range entry.Changes {
		if change.Mark != "" {
			wanted[change.Mark]++
		}
	}
	for title, n := range wanted {
		if titles[title] != n {
			j.find(PromiseEvents, account.Name, entry.ID, "%d changes gave it the title %q, and %d events tell that", n, title, titles[title])
		}
	}
	for kind, n := range map[string]int{
		event.TaskCreated: 1, event.TaskCompleted: entry.count(Completed), event.TaskDeleted: entry.count(Deleted),
		event.TaskUpdated: len(entry.Changes) - 1 - entry.count(Completed) - entry.count(Deleted),
	} {
		if kinds[kind] != n {
			j.find(PromiseEvents, account.Name, entry.ID, "%d %s of %d that were acknowledged", kinds[kind], kind, n)
		}
	}
	onTopic := j.byTopic[event.TopicTaskRecurrence][entry.ID]
	if n := entry.count(Completed); len(onTopic) != n {
		j.find(PromiseEvents, account.Name, entry.ID, "%d completions on %s of %d", len(onTopic), event.TopicTaskRecurrence, n)
	}
}

// copies compares what came more than once with what came first.
func (j *balance) copies() {
	first := map[string]Message{}
	for _, m := range j.Messages {
		before, again := first[m.ID]
		if !again {
			first[m.ID] = m
			continue
		}
		if string(before.Data) != string(m.Data) {
			j.find(PromiseEvents, "", m.TaskID, "event %s came in two forms: %s and %s", m.ID, before.Data, m.Data)
		}
	}
}

// order looks at the versions of each task as they first came.
func (j *balance) order() {
	for topic, tasks := range j.byTopic {
		if topic != event.TopicTaskEvents && topic != event.TopicTaskRecurrence {
			continue
		}
		for id, messages := range tasks {
			newest := 0
			for _, m := range messages {
				if m.Key != strconv.FormatInt(id, 10) {
					j.find(PromiseEvents, "", id, "event %s has the key %q", m.ID, m.Key)
				}
				if m.Version < newest {
					j.find(PromiseEvents, j.name(id), id, "version %d came to %s after version %d", m.Version, topic, newest)
				}
				newest = max(newest, m.Version)
			}
		}
	}
}

// streams compares what streams told with what is on the topics.
func (j *balance) streams() {
	if len(j.Streamed) == 0 {
		return // nobody listened
	}
	heard := map[string]map[string]bool{}
	for _, s := range j.Streamed {
		if account := j.owner[s.TaskID]; account != nil && account.Name != s.Account {
			j.find(PromiseOwn, s.Account, s.TaskID, "a stream told of a task of %s", account.Name)
		}
		if heard[s.Account] == nil {
			heard[s.Account] = map[string]bool{}
		}
		heard[s.Account][s.EventID] = true
	}
	missed := map[string]bool{}
	for _, m := range j.Messages {
		account := j.owner[m.TaskID]
		if account == nil || heard[account.Name] == nil || heard[account.Name][m.ID] || missed[m.ID] {
			continue
		}
		missed[m.ID] = true
		j.find(PromiseStreams, account.Name, m.TaskID, "no stream told of %s %s", m.Type, m.ID)
	}
}
