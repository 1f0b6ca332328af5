package task

import (
	"context"
	"time"
)

// Store is where the service keeps tasks. Every method sees the named user's
// own data only. Objects that do not exist for the user are ErrNotFound.
type Store interface {
	// Tx runs fn in one transaction: what it changes and the events of the
	// changes commit together, or, when fn fails, not at all.
	Tx(ctx context.Context, userID int64, fn func(Tx) error) error

	Settings(ctx context.Context, userID int64) (Settings, error)
	// Reach reads how the user is reached, with so many of the last deliveries.
	Reach(ctx context.Context, userID int64, deliveries int) (Reach, error)
	// CalendarTasks reads the tasks with a due date of whose calendar feed has a
	// secret with this hash: the open ones, and those completed since a moment,
	// the earliest due first, limit of each at most.
	CalendarTasks(ctx context.Context, hash []byte, since time.Time, limit int) ([]*Task, error)
	Task(ctx context.Context, userID, id int64) (*Task, error)
	List(ctx context.Context, userID int64, f Filter, p Paging) (Page, error)
	Search(ctx context.Context, userID int64, q Query, f Filter, p Paging) (Page, error)
	Categories(ctx context.Context, userID int64) ([]Category, error)
	Tags(ctx context.Context, userID int64) ([]Tag, error)
	// CountedCategories and CountedTags read them with how many tasks each has.
	CountedCategories(ctx context.Context, userID int64) ([]Counted[Category], error)
	CountedTags(ctx context.Context, userID int64) ([]Counted[Tag], error)
}

// Counted is a category or tag with the number of its tasks that are not
// deleted, completed ones included.
type Counted[T Category | Tag] struct {
	Label T
	Tasks int
}

// Tx is a transaction on one user's data.
type Tx interface {
	// LockTask reads a task, deleted ones too, and holds its row until the end.
	LockTask(ctx context.Context, id int64) (*Task, error)
	// LockSuccessor does the same for the occurrence that follows task id.
	LockSuccessor(ctx context.Context, id int64) (*Task, error)
	// Categories and Tags read the user's own; lock keeps others from adding or
	// renaming any meanwhile.
	Categories(ctx context.Context, lock bool) ([]Category, error)
	Tags(ctx context.Context, lock bool) ([]Tag, error)
	// AddCategory and AddTag store a new one. When the store takes the name for
	// that of an existing one, they return that one and added is false.
	AddCategory(ctx context.Context, c Category) (stored Category, added bool, err error)
	AddTag(ctx context.Context, t Tag) (stored Tag, added bool, err error)
	// SaveCategory and SaveTag store a new name and color; saved is false when
	// the store takes the name for that of another, or there is no such one.
	SaveCategory(ctx context.Context, c Category) (saved bool, err error)
	SaveTag(ctx context.Context, t Tag) (saved bool, err error)
	// RemoveCategory and RemoveTag delete one and take it off its tasks at now,
	// with an event for each of them that is not deleted; tasks is their number.
	RemoveCategory(ctx context.Context, id int64, now time.Time) (tasks int, err error)
	RemoveTag(ctx context.Context, id int64, now time.Time) (tasks int, err error)
	// Insert stores a new task with its event and sets its ID. When the user
	// has already used the key, or the previous task already has a successor,
	// nothing is inserted and inserted is false.
	Insert(ctx context.Context, t *Task, key Idempotency) (inserted bool, err error)
	// TaskByKey reads the task that was added with an idempotency key.
	TaskByKey(ctx context.Context, key string) (*Task, Idempotency, error)
	// Save stores a changed task with its event.
	Save(ctx context.Context, c Change) error
	// SaveSettings stores what is new in the user's settings. New offsets refit
	// the reminders of open tasks that use them, as Task.refit does.
	SaveSettings(ctx context.Context, c SettingsChange, now time.Time) error
	// LockChannels reads the user's channels and keeps others from changing them.
	LockChannels(ctx context.Context) ([]Channel, error)
	// PutChannel stores a channel, switched on. One with the same kind and target
	// is that one: it keeps its id, and its secret when no new one is given.
	PutChannel(ctx context.Context, c Channel) (id int64, err error)
	RemoveChannel(ctx context.Context, id int64) error
	// QueueTest sends a test message to a channel.
	QueueTest(ctx context.Context, channelID int64, now time.Time) error
	// SetCalendarFeed replaces the feed's secret by that with the hash; nil
	// revokes the feed.
	SetCalendarFeed(ctx context.Context, hash []byte) error
	// Remove deletes a task for good, with its event.
	Remove(ctx context.Context, t *Task) error
}

// Idempotency is a caller's key for an addition, and a digest of what was
// asked: the same key with other content is a mistake.
type Idempotency struct {
	Key    string
	Digest []byte
}

// Filter selects tasks; kinds are ANDed, values within one ORed. Zero values
// select all.
type Filter struct {
	Completed           *bool
	Priorities          []Priority
	CategoryIDs         []int64
	TagIDs              []int64
	AllTags             bool // all of TagIDs rather than any
	DueBefore, DueAfter *time.Time
	Undated             bool // only those without due date
}

// SortKey is what a list is ordered by; ties are broken by id in the same direction.
type SortKey string

// The orders of a list. ByRelevance is for searches only.
const (
	ByCreatedAt SortKey = "created_at"
	ByUpdatedAt SortKey = "updated_at"
	ByDueDate   SortKey = "due_date" // tasks without one come last, either way
	ByPriority  SortKey = "priority"
	ByTitle     SortKey = "title"
	ByRelevance SortKey = "relevance"
)

// Paging is a place in an ordered list.
type Paging struct {
	Sort  SortKey
	Desc  bool
	Limit int
	After *Position // nil: from the beginning
}

// Position is that of the last task of a page: its sort value as the store
// writes it, and its id.
type Position struct {
	Value string
	ID    int64
}

// Page is part of a list. Total counts all that match; Next is nil at the end.
type Page struct {
	Tasks     []*Task
	Relevance []float64 // of searches, parallel to Tasks
	// Highlights are texts of each task with what matches between **, if asked for.
	Highlights [][]string
	Total      int
	Estimated  bool // of a search that very many match: Total is about right, and the newest come first
	Next       *Position
}
