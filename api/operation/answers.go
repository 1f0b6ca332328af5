package operation

import (
	"context"

	"tickler/internal/label"
)

// Answers of operations, for the transport that shows them as Go values: the page.
type (
	TaskAnswer     = taskAnswer
	FullTaskAnswer = fullTaskAnswer
	TaskPage       = taskPage
	OverviewAnswer = overviewAnswer
	OverviewPart   = overviewPart
	Outcomes       = outcomes
	CategoryAnswer = categoryAnswer
	CategoryList   = categoryList
	TagAnswer      = tagAnswer
	TagList        = tagList
	ReminderAnswer = reminderAnswer
	SettingsAnswer = settingsAnswer
)

// Categories lists the caller's categories by name, for a page that names them
// beside what it is about. The error is UNAUTHORIZED without a caller.
func (o *Operations) Categories(ctx context.Context) ([]label.Category, error) {
	user, err := User(ctx)
	if err != nil {
		return nil, err
	}
	return o.labels.PlainCategories(ctx, user)
}

// Tags lists the caller's tags in the same way.
func (o *Operations) Tags(ctx context.Context) ([]label.Tag, error) {
	user, err := User(ctx)
	if err != nil {
		return nil, err
	}
	return o.labels.PlainTags(ctx, user)
}
