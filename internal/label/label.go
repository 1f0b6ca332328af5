// Package label holds categories and tags: their rules, how they are found by
// name or id, and the use cases on them. A task is in one category at most and
// has several tags.
package label

// Limits on what a user can have, and on names in characters.
const (
	MaxTagName      = 30
	MaxCategoryName = 50
	MaxTagsPerTask  = 10
	MaxTagsPerUser  = 100
	MaxCategories   = 50
)

// Category files tasks; a task is in one at most.
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

// Counted is a category or tag with the number of its tasks that are not
// deleted, completed ones included.
type Counted[T Category | Tag] struct {
	Label T
	Tasks int
}
