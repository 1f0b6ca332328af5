package chaos

import (
	"encoding/json"
	"time"
)

// Books hold what users were told, and what can be seen from outside afterwards.
// They are plain data: a run that failed can be kept and judged again.
type Books struct {
	Accounts []*Account
	Messages []Message  // of all topics, in the order of each partition
	Calls    []Call     // that the webhooks got
	Refused  []Refusal  // calls that were given up
	Leaks    []Leak     // what one user was shown of another
	Letters  []string   // dead letters that need a person
	Streamed []Streamed // what the users' streams of events told
}

// Account is a user.
type Account struct {
	Name    string
	Word    string   // in all texts of this user and in no others
	Entries []*Entry // of the tasks that the user was told of
	Stored  []Stored // the tasks that the user is shown in the end
	History []Noted  // the user's history in the end
}

// Entry is a task that a user was told of, with all that was acknowledged about it.
type Entry struct {
	ID      int64
	Story   string
	Follows int64 // the task whose completion brought it; 0 for one that was added
	Recurs  bool
	Changes []Change
	// Reminders that are to come: that many, or at most so many.
	Reminders     int
	AtMostSoMany  bool
	ReminderCause string
}

// Change is one that was acknowledged.
type Change struct {
	Kind     Kind
	Mark     string // the title that it gave
	Way      string // over which it went
	At       time.Time
	Attempts int
}

// Kind is what a change does to a task.
type Kind string

// The kinds of changes.
const (
	Added     Kind = "added"
	Renamed   Kind = "renamed"
	Altered   Kind = "altered" // in another field
	Completed Kind = "completed"
	Reopened  Kind = "reopened"
	Deleted   Kind = "deleted"
	Restored  Kind = "restored"
)

// Stored is a task as its user is shown it.
type Stored struct {
	ID             int64  `json:"id"`
	Title          string `json:"title"`
	Completed      bool   `json:"completed"`
	DeletedAt      string `json:"deleted_at"`
	PreviousTaskID int64  `json:"previous_task_id"`
	ParentID       int64  `json:"parent_id"`
	RecurrenceRule string `json:"recurrence_rule"`
	Version        int    `json:"version"`
}

// Noted is an entry of a user's history.
type Noted struct {
	ChangeID int64  `json:"change_id"`
	Object   string `json:"object"`
	ObjectID int64  `json:"object_id"`
	Action   string `json:"action"`
}

// Message is an event on a topic.
type Message struct {
	Topic     string
	Partition int32
	Offset    int64
	Key       string
	ID        string
	Type      string
	UserID    int64
	TaskID    int64
	Version   int
	Data      json.RawMessage
}

// Call is one of a webhook. Who has handled its ID does nothing more.
type Call struct {
	Account string
	ID      string
	Type    string
	Tasks   []int64
	Body    string
	At      time.Time
}

// Streamed is an event of a user's stream.
type Streamed struct {
	Account string
	EventID string
	UserID  int64
	TaskID  int64
}

// Refusal is a call that was given up, or refused for a reason that is not passing.
type Refusal struct {
	Account string
	TaskID  int64
	What    string
	Why     string
	At      time.Time
}

// Leak is something of one user that another was shown.
type Leak struct {
	To, Of, Where string
}

// Title is the last that was acknowledged.
func (e *Entry) Title() (title string) {
	for _, c := range e.Changes {
		if c.Mark != "" {
			title = c.Mark
		}
	}
	return title
}

// state is what the acknowledged changes come to.
func (e *Entry) state() (completed, deleted bool) {
	for _, c := range e.Changes {
		switch c.Kind {
		case Completed:
			completed = true
		case Reopened:
			completed = false
		case Deleted:
			deleted = true
		case Restored:
			deleted = false
		}
	}
	return completed, deleted
}

// count of acknowledged changes of a kind.
func (e *Entry) count(kind Kind) (n int) {
	for _, c := range e.Changes {
		if c.Kind == kind {
			n++
		}
	}
	return n
}
