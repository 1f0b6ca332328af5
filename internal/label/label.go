// Package label holds categories and tags: their rules, lookup by name or id, and
// the use cases on them. A task has at most one category and up to MaxTagsPerTask
// tags.
package label

// Limits on what a user can have, and on names in characters.
const (
	MaxTagName      = 30
	MaxCategoryName = 50
	MaxTagsPerTask  = 10
	MaxTagsPerUser  = 100
	MaxCategories   = 50
)

// Category groups tasks; a task is in at most one.
type Category struct {
	ID    int64
	Name  string
	Color string
}

// Tag marks tasks; a task has up to MaxTagsPerTask.
type Tag struct {
	ID    int64
	Name  string
	Color string
}

// Counted is a category or tag with the number of its tasks, including completed
// ones but not deleted ones.
type Counted[T Category | Tag] struct {
	Label T
	Tasks int
}
