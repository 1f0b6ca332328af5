package task

import (
	"context"
	"time"

	"tickler/internal/label"
	"tickler/internal/person"
)

// Store stores the service's tasks. Every method sees only the named user's data.
// For objects the user does not have it returns ErrNotFound.
type Store interface {
	// Tx runs fn in one transaction: its changes and their events commit together
	// or, if fn fails, not at all. fn is called again if the transaction and others
	// waited for each other; then it must begin anew.
	Tx(ctx context.Context, userID int64, fn func(Tx) error) error

	Settings(ctx context.Context, userID int64) (person.Settings, error)
	// FindFeed finds the user whose calendar feed has a secret with this hash, or
	// returns fault.ErrNotFound.
	FindFeed(ctx context.Context, hash []byte) (userID int64, err error)
	// FeedVersion changes when the result of FeedTasks does, or one of the
	// descriptions.
	FeedVersion(ctx context.Context, userID int64, f Filter, since time.Time, limit int) (string, error)
	// FeedTasks reads tasks with a due date, without their descriptions: open ones,
	// and those completed since a moment, the earliest due first, up to limit of
	// each.
	FeedTasks(ctx context.Context, userID int64, f Filter, since time.Time, limit int) ([]*Task, error)
	Descriptions(ctx context.Context, userID int64, ids []int64) (map[int64]string, error)
	// Oldest reads the tasks after a moment and id that are not deleted, in order of
	// creation.
	Oldest(ctx context.Context, userID int64, created time.Time, id int64, limit int) ([]*Task, error)
	Task(ctx context.Context, userID, id int64) (*Task, error)
	// Structured tells whether an open task of the user has a parent, blockers or a
	// start, or is on hold.
	Structured(ctx context.Context, userID int64) (bool, error)
	// Comments reads comments on a task, newest first, up to limit: those older than the
	// one with id before, unless that is 0. total counts all.
	Comments(ctx context.Context, userID, taskID, before int64, limit int) (comments []Comment, total int, err error)
	// CommentsAfter reads comments on tasks that are not deleted, up to limit, in the order
	// of their tasks and ids: those after the one with id on a task.
	CommentsAfter(ctx context.Context, userID, taskID, id int64, limit int) ([]Comment, error)
	List(ctx context.Context, userID int64, f Filter, p Paging) (Page, error)
	Search(ctx context.Context, userID int64, q Query, f Filter, p Paging) (Page, error)
	Categories(ctx context.Context, userID int64) ([]label.Category, error)
	Tags(ctx context.Context, userID int64) ([]label.Tag, error)
}

// Tx is a transaction on one user's data.
type Tx interface {
	// LockTask reads a task, deleted or not, and locks its row until the transaction
	// ends.
	LockTask(ctx context.Context, id int64) (*Task, error)
	// LockSuccessor does the same for the occurrence that follows task id.
	LockSuccessor(ctx context.Context, id int64) (*Task, error)
	// LockLastSuccessor does the same for the last in the chain of successors of
	// task id.
	LockLastSuccessor(ctx context.Context, id int64) (*Task, error)
	// Touched tells whether any of these tasks was changed after it was stored. One that
	// undo stored again counts from then.
	Touched(ctx context.Context, ids []int64) (bool, error)
	// Directory finds and adds the categories and tags that tasks are given.
	label.Directory
	// Insert stores a new task with its event and sets its ID. If the user has
	// already used the key, or the previous task already has a successor, it inserts
	// nothing and inserted is false.
	Insert(ctx context.Context, t *Task, key Idempotency) (inserted bool, err error)
	// TaskByKey reads the task that was added with an idempotency key.
	TaskByKey(ctx context.Context, key string) (*Task, Idempotency, error)
	// Save stores a changed task with its event. The change must hold the task as it
	// was before.
	Save(ctx context.Context, c Change) error
	// Remove deletes a task permanently, with its event. RemoveWith does the same
	// because another task is removed, which undoing that undoes too.
	Remove(ctx context.Context, t *Task) error
	RemoveWith(ctx context.Context, t *Task, other int64) error
	Trees
	Comments
}

// Idempotency is a caller's key for an addition, with a digest of its content: using
// a key again with other content is a mistake.
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
	AllTags             bool // tasks must have all of TagIDs, not any
	DueBefore, DueAfter *time.Time
	// CompletedBefore and CompletedAfter need Completed to be true.
	CompletedBefore, CompletedAfter *time.Time
	Deleted                         bool // only deleted tasks; otherwise none of them
	Undated                         bool // only tasks without a due date
	Recurring                       bool // only tasks of a series

	// See Task.Ready. Now is the instant at which these are judged.
	Ready, Blocked, Waiting, TopLevel *bool
	ParentID                          int64
	Now                               time.Time
	AtHand                            bool // leave out tasks on hold, and those that have not started
	TreeOnce                          bool // leave out, and do not count, parts of tasks that are selected too
}

// SortKey is what a list is sorted by; ties are broken by id in the same direction.
type SortKey string

// The sort orders of a list. ByRelevance is for searches only.
const (
	ByCreatedAt SortKey = "created_at"
	ByUpdatedAt SortKey = "updated_at"
	ByDueDate   SortKey = "due_date" // tasks without one come last, either way
	// ByCompletedAt needs a filter that selects completed tasks.
	ByCompletedAt SortKey = "completed_at"
	ByPriority    SortKey = "priority"
	ByTitle       SortKey = "title"
	ByRelevance   SortKey = "relevance"
)

// Paging is a place in an ordered list.
type Paging struct {
	Sort  SortKey
	Desc  bool
	Limit int
	After *Position // nil: from the beginning
}

// Position is the place of the last task of a page: its sort value as the store
// writes it, and its id.
type Position struct {
	Value string
	ID    int64
}

// Forgiving is how far a search forgave typos.
type Forgiving int

// A search forgives typos in all words, unless there are too many or it takes too
// long.
const (
	ForgivesAll  Forgiving = iota
	ForgivesSome           // in the first words only; the others had to match exactly
	ForgivesNone           // in none, because it took too long: similar titles may exist
)

// Hit is a task of a page.
type Hit struct {
	*Task
	Relevance  *float64 // in a search; nil in a list
	Highlights []string // on request: texts of the task with the matches between **
}

// Page is part of a list. Total counts all matches; Next is nil at the end.
type Page struct {
	Hits            []Hit
	EstimateMinutes int // of all matches together; for lists only
	Total           int
	// Forgiving tells how a search went that found no exact match.
	Forgiving Forgiving
	Forgiven  []string // the words of the query that were taken for misspelt, as they were given
	// Alone are the words of a search that found nothing of which each would find
	// something.
	Alone     []string
	Estimated bool // a search had very many matches: Total is approximate, and the newest come first
	Next      *Position
}
