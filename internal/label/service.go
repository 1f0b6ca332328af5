package label

import (
	"context"
	"time"
)

// Service implements what a caller can do with categories and tags. Every method
// acts on behalf of one user; errors that the caller can act on are *fault.Error.
type Service struct {
	store Store
	now   func() time.Time
}

// NewService makes a service on top of store; now is the clock.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now}
}

// clock returns the current instant in the form it is stored: UTC, microseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// Store stores categories and tags. Every method sees only the named user's data.
type Store interface {
	// ChangeLabels runs fn in one transaction: its changes and their events commit
	// together or, if fn fails, not at all. fn is called again if the transaction and
	// others waited for each other.
	ChangeLabels(ctx context.Context, userID int64, fn func(Tx) error) error
	Categories(ctx context.Context, userID int64) ([]Category, error)
	Tags(ctx context.Context, userID int64) ([]Tag, error)
	// CountedCategories and CountedTags read them with the number of tasks of each.
	CountedCategories(ctx context.Context, userID int64) ([]Counted[Category], error)
	CountedTags(ctx context.Context, userID int64) ([]Counted[Tag], error)
}

// Directory finds and adds one user's categories and tags in a transaction.
type Directory interface {
	// Categories and Tags read the user's own; lock prevents others from adding or
	// renaming any meanwhile.
	Categories(ctx context.Context, lock bool) ([]Category, error)
	Tags(ctx context.Context, lock bool) ([]Tag, error)
	// AddCategory and AddTag store a new one. If the store considers the name equal
	// to an existing one's, they return that one and added is false.
	AddCategory(ctx context.Context, c Category) (stored Category, added bool, err error)
	AddTag(ctx context.Context, t Tag) (stored Tag, added bool, err error)
}

// Tx is a transaction on one user's categories and tags.
type Tx interface {
	Directory
	// SaveCategory and SaveTag store a new name and color. saved is false if the
	// store considers the name equal to another one's, or if there is no such label.
	SaveCategory(ctx context.Context, c Category) (saved bool, err error)
	SaveTag(ctx context.Context, t Tag) (saved bool, err error)
	// RemoveCategory and RemoveTag delete one and remove it from its tasks at now,
	// with an event for each task that is not deleted; tasks is their number.
	RemoveCategory(ctx context.Context, id int64, now time.Time) (tasks int, err error)
	RemoveTag(ctx context.Context, id int64, now time.Time) (tasks int, err error)
	// MergeTag does the same and gives the tasks another tag.
	MergeTag(ctx context.Context, id, into int64, now time.Time) (tasks int, err error)
}
