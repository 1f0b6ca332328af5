package chaos

import (
	"cmp"
	"fmt"
	"slices"

	"tickler/internal/event"
)

// Finding is a promise that was not kept.
type Finding struct {
	Promise string
	Account string
	TaskID  int64 // 0 if it is about no single task
	Text    string
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s, task %d: %s", f.Promise, f.Account, f.TaskID, f.Text)
}

// lasts tells whether waiting cannot end it.
func (f Finding) lasts() bool { return f.Promise == PromiseAnswered || f.Promise == PromiseOwn }

// The promises, as docs/guarantees.md names them.
const (
	PromiseKept      = "what was acknowledged is there, once"
	PromiseEvents    = "each change has its event, in order"
	PromiseSuccessor = "a completed occurrence has one successor"
	PromiseReminders = "a reminder comes, once"
	PromiseWebhooks  = "a webhook has one effect for each reminder"
	PromiseOwn       = "a person sees their own only"
	PromiseAnswered  = "no call is refused for good"
	PromiseHistory   = "the history tells each change, once"
	PromiseStreams   = "streams tell each event to its user"
	PromiseHandled   = "no event is left for a person to mend"
)

// balance is the work of one judgement: the books, sorted by task.
type balance struct {
	*Books
	owner    map[int64]*Account        // of each task that is known
	next     map[int64][]int64         // the successors of each task that are stored
	effects  map[int64]map[string]bool // of reminders of each task, by the id of the webhook
	users    map[int64]*Account        // by the id in events
	events   map[int64][]Message
	byTopic  map[string]map[int64][]Message // first arrivals, by topic and task
	findings []Finding
}

// Balance returns every promise that the books show broken. An empty answer means that
// they balance.
func Balance(b *Books) []Finding {
	j := &balance{
		Books: b, owner: map[int64]*Account{}, users: map[int64]*Account{}, byTopic: map[string]map[int64][]Message{},
		next: map[int64][]int64{}, effects: map[int64]map[string]bool{},
	}
	j.sort()
	for _, account := range b.Accounts {
		j.kept(account)
		j.history(account)
		for _, stored := range account.Stored {
			j.versions(account, stored)
		}
		for _, entry := range account.Entries {
			j.told(account, entry)
			j.succession(account, entry)
			j.reminders(account, entry)
		}
	}
	j.copies()
	j.order()
	j.own()
	j.streams()
	for _, r := range b.Refused {
		j.find(PromiseAnswered, r.Account, r.TaskID, "%s: %s", r.What, r.Why)
	}
	for _, letter := range b.Letters {
		j.find(PromiseHandled, "", 0, "%s", letter)
	}
	return j.findings
}

func (j *balance) find(promise, account string, taskID int64, format string, args ...any) {
	j.findings = append(j.findings, Finding{promise, account, taskID, fmt.Sprintf(format, args...)})
}

// sort puts the messages in the order of their partitions, and what is known by task.
func (j *balance) sort() {
	slices.SortStableFunc(j.Messages, func(a, b Message) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	seen := map[string]bool{}
	for _, m := range j.Messages {
		if j.byTopic[m.Topic] == nil {
			j.byTopic[m.Topic] = map[int64][]Message{}
		}
		if place := m.Topic + " " + m.ID; !seen[place] {
			seen[place] = true
			j.byTopic[m.Topic][m.TaskID] = append(j.byTopic[m.Topic][m.TaskID], m)
		}
	}
	j.events = j.byTopic[event.TopicTaskEvents]
	for _, account := range j.Accounts {
		for _, entry := range account.Entries {
			j.owner[entry.ID] = account
		}
		for _, stored := range account.Stored {
			j.owner[stored.ID] = account
			if before := stored.PreviousTaskID; before != 0 {
				j.next[before] = append(j.next[before], stored.ID)
			}
		}
	}
	for _, call := range j.Calls {
		for _, id := range call.Tasks {
			if j.effects[id] == nil {
				j.effects[id] = map[string]bool{}
			}
			j.effects[id][call.ID] = true
		}
	}
}

// kept compares what a user was told with what is stored.
func (j *balance) kept(account *Account) {
	stored := map[int64]Stored{}
	for _, s := range account.Stored {
		if _, twice := stored[s.ID]; twice {
			j.find(PromiseKept, account.Name, s.ID, "is listed twice")
		}
		stored[s.ID] = s
	}
	known := map[int64]bool{}
	for _, entry := range account.Entries {
		known[entry.ID] = true
		s, there := stored[entry.ID]
		completed, deleted := entry.state()
		switch {
		case !there:
			j.find(PromiseKept, account.Name, entry.ID, "was acknowledged and is not there: %s", entry.Title())
		case s.Title != entry.Title():
			j.find(PromiseKept, account.Name, entry.ID, "has the title %q, acknowledged is %q", s.Title, entry.Title())
		case s.Completed != completed:
			j.find(PromiseKept, account.Name, entry.ID, "completed is %v, acknowledged is %v", s.Completed, completed)
		case s.DeletedAt != "" != deleted:
			j.find(PromiseKept, account.Name, entry.ID, "deleted is %v, acknowledged is %v", s.DeletedAt != "", deleted)
		case s.Version != len(entry.Changes):
			j.find(PromiseKept, account.Name, entry.ID, "has version %d after %d acknowledged changes", s.Version, len(entry.Changes))
		}
	}
	for _, s := range account.Stored {
		if known[s.ID] || s.PreviousTaskID != 0 {
			continue
		}
		above := stored[s.ParentID] // a part comes again with its tree
		for above.PreviousTaskID == 0 && above.ParentID != 0 {
			above = stored[above.ParentID]
		}
		if above.PreviousTaskID != 0 {
			continue
		}
		j.find(PromiseKept, account.Name, s.ID, "nobody was told of it, and no completion brought it: %s", s.Title)
	}
}

// succession counts the successors of an occurrence.
func (j *balance) succession(account *Account, entry *Entry) {
	there := j.next[entry.ID]
	completed, _ := entry.state()
	wanted := 0
	if entry.Recurs && completed {
		wanted = 1
	}
	if len(there) != wanted {
		j.find(PromiseSuccessor, account.Name, entry.ID, "has the successors %v, %d is right", there, wanted)
	}
}

// reminders counts those that were sent, and what became of them.
func (j *balance) reminders(account *Account, entry *Entry) {
	sent := j.byTopic[event.TopicTaskReminders][entry.ID]
	if n := len(sent); n > entry.Reminders || n < entry.Reminders && !entry.AtMostSoMany {
		j.find(PromiseReminders, account.Name, entry.ID, "%d reminders of %d (%s)", n, entry.Reminders, entry.ReminderCause)
	}
	if n := len(j.effects[entry.ID]); n > len(sent) || n < len(sent) && !entry.AtMostSoMany {
		j.find(PromiseWebhooks, account.Name, entry.ID, "%d effects of %d reminders", n, len(sent))
	}
}

func (j *balance) name(taskID int64) string {
	if account := j.owner[taskID]; account != nil {
		return account.Name
	}
	return ""
}

// own looks for anything that went to somebody else.
func (j *balance) own() {
	for _, leak := range j.Leaks {
		j.find(PromiseOwn, leak.To, 0, "was shown something of %s: %s", leak.Of, leak.Where)
	}
	for _, m := range j.Messages {
		account := j.owner[m.TaskID]
		if account == nil {
			continue // a successor that was taken back
		}
		if known := j.users[m.UserID]; known == nil {
			j.users[m.UserID] = account
		} else if known != account {
			j.find(PromiseOwn, account.Name, m.TaskID, "event %s names the user of %s", m.ID, known.Name)
		}
	}
	for _, call := range j.Calls {
		for _, id := range call.Tasks {
			if account := j.owner[id]; account != nil && account.Name != call.Account {
				j.find(PromiseOwn, call.Account, id, "was reminded of a task of %s", account.Name)
			}
		}
	}
	listed := map[int64]*Account{}
	for _, account := range j.Accounts {
		for _, s := range account.Stored {
			if other := listed[s.ID]; other != nil && other != account {
				j.find(PromiseOwn, account.Name, s.ID, "is listed for %s too", other.Name)
			}
			listed[s.ID] = account
		}
	}
}

// history compares the user's history with the versions of the tasks.
func (j *balance) history(account *Account) {
	if account.History == nil {
		return // it was not read
	}
	noted, seen := map[int64]int{}, map[int64]bool{}
	for _, n := range account.History {
		if seen[n.ChangeID] {
			j.find(PromiseHistory, account.Name, n.ObjectID, "change %d is listed twice", n.ChangeID)
		}
		seen[n.ChangeID] = true
		if n.Object == "task" && !slices.Contains([]string{"reminded", "blocked", "unblocked"}, n.Action) {
			noted[n.ObjectID]++
		}
	}
	for _, s := range account.Stored {
		if noted[s.ID] != s.Version {
			j.find(PromiseHistory, account.Name, s.ID, "has version %d, and the history %d changes", s.Version, noted[s.ID])
		}
	}
}
