package task

import (
	"context"
	"time"

	"tickler/internal/label"
	"tickler/internal/person"
)

// Store is where the service keeps tasks. Every method sees the named user's
// own data only. Objects that do not exist for the user are ErrNotFound.
type Store interface {
	// Tx runs fn in one transaction: what it changes and the events of the
	// changes commit together, or, when fn fails, not at all.
	Tx(ctx context.Context, userID int64, fn func(Tx) error) error

	Settings(ctx context.Context, userID int64) (person.Settings, error)
	// FindFeed finds the user whose calendar feed has a secret with this hash, and
	// tells one version of what FeedTasks would read from another.
	FindFeed(ctx context.Context, hash []byte, since time.Time, limit int) (userID int64, version string, err error)
	// FeedTasks reads the tasks with a due date, without their descriptions: the
	// open ones, and those completed since a moment, the earliest due first, limit
	// of each at most.
	FeedTasks(ctx context.Context, userID int64, since time.Time, limit int) ([]*Task, error)
	Descriptions(ctx context.Context, userID int64, ids []int64) (map[int64]string, error)
	// Oldest reads the tasks that are not deleted, those created first first, behind
	// a moment and id.
	Oldest(ctx context.Context, userID int64, created time.Time, id int64, limit int) ([]*Task, error)
	Task(ctx context.Context, userID, id int64) (*Task, error)
	List(ctx context.Context, userID int64, f Filter, p Paging) (Page, error)
	Search(ctx context.Context, userID int64, q Query, f Filter, p Paging) (Page, error)
	Categories(ctx context.Context, userID int64) ([]label.Category, error)
	Tags(ctx context.Context, userID int64) ([]label.Tag, error)
}

// Tx is a transaction on one user's data.
type Tx interface {
	// LockTask reads a task, deleted ones too, and holds its row until the end.
	LockTask(ctx context.Context, id int64) (*Task, error)
	// LockSuccessor does the same for the occurrence that follows task id.
	LockSuccessor(ctx context.Context, id int64) (*Task, error)
	// LockLastSuccessor does it for the last of those that follow task id, one
	// after the other.
	LockLastSuccessor(ctx context.Context, id int64) (*Task, error)
	// Directory finds and adds the categories and tags that tasks are given.
	label.Directory
	// Insert stores a new task with its event and sets its ID. When the user
	// has already used the key, or the previous task already has a successor,
	// nothing is inserted and inserted is false.
	Insert(ctx context.Context, t *Task, key Idempotency) (inserted bool, err error)
	// TaskByKey reads the task that was added with an idempotency key.
	TaskByKey(ctx context.Context, key string) (*Task, Idempotency, error)
	// Save stores a changed task, of which the change must say how it was, with its event.
	Save(ctx context.Context, c Change) error
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
	Recurring           bool // only those of a series
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

// Forgiving is how far a search forgave typos.
type Forgiving int

// A search forgives all words, unless there are too many, or it takes too long.
const (
	ForgivesAll  Forgiving = iota
	ForgivesSome           // the first words; the others had to match as they stand
	ForgivesNone           // it was given up: titles that are nearly so may exist
)

// Hit is a task of a page.
type Hit struct {
	*Task
	Relevance  *float64 // in a search; nil in a list
	Highlights []string // texts of the task in which what matches is between **, if asked for
}

// Page is part of a list. Total counts all that match; Next is nil at the end.
type Page struct {
	Hits            []Hit
	EstimateMinutes int // of all that match together; of lists only
	Total           int
	// Forgiving is how a search went that found nothing exactly: see Forgiving.
	Forgiving Forgiving
	Estimated bool // of a search that very many match: Total is about right, and the newest come first
	Next      *Position
}
