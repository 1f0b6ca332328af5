package label

import (
	"context"
	"time"
)

// Service is what a caller can do with categories and tags. Every method acts on
// behalf of one user; errors that the caller can act on are *fault.Error.
type Service struct {
	store Store
	now   func() time.Time
}

// NewService makes a service on store; now is the clock.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now}
}

// clock is the current instant as it is stored: UTC, microseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// Store is where the service keeps categories and tags. Every method sees the
// named user's own only.
type Store interface {
	// ChangeLabels runs fn in one transaction: what it changes and the events of
	// the changes commit together, or, when fn fails, not at all.
	ChangeLabels(ctx context.Context, userID int64, fn func(Tx) error) error
	// CountedCategories and CountedTags read them with how many tasks each has.
	CountedCategories(ctx context.Context, userID int64) ([]Counted[Category], error)
	CountedTags(ctx context.Context, userID int64) ([]Counted[Tag], error)
}

// Directory finds and adds one user's categories and tags in a transaction.
type Directory interface {
	// Categories and Tags read the user's own; lock keeps others from adding or
	// renaming any meanwhile.
	Categories(ctx context.Context, lock bool) ([]Category, error)
	Tags(ctx context.Context, lock bool) ([]Tag, error)
	// AddCategory and AddTag store a new one. When the store takes the name for
	// that of an existing one, they return that one and added is false.
	AddCategory(ctx context.Context, c Category) (stored Category, added bool, err error)
	AddTag(ctx context.Context, t Tag) (stored Tag, added bool, err error)
}

// Tx is a transaction on one user's categories and tags.
type Tx interface {
	Directory
	// SaveCategory and SaveTag store a new name and color; saved is false when
	// the store takes the name for that of another, or there is no such one.
	SaveCategory(ctx context.Context, c Category) (saved bool, err error)
	SaveTag(ctx context.Context, t Tag) (saved bool, err error)
	// RemoveCategory and RemoveTag delete one and take it off its tasks at now,
	// with an event for each of them that is not deleted; tasks is their number.
	RemoveCategory(ctx context.Context, id int64, now time.Time) (tasks int, err error)
	RemoveTag(ctx context.Context, id int64, now time.Time) (tasks int, err error)
}
