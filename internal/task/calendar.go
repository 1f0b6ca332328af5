package task

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"tickler/internal/fault"
	"tickler/internal/person"
)

const (
	// calendarTasks is how many open tasks a feed shows, and how many completed
	// ones.
	calendarTasks = 2000
	// calendarPast is how long a feed shows completed tasks.
	calendarPast = 30 * 24 * time.Hour
)

// Feed is a user's calendar feed, as found by its secret.
type Feed struct {
	UserID int64
	// Version changes whenever the content of the feed changes, which the passing of
	// time can do too.
	Version string
	filter  Filter
	since   time.Time
}

// Feed finds the calendar feed with a secret, or the part of it that a selection
// names, without reading its content. A task has all of the selection's tags. It
// returns NOT_FOUND if no feed has the secret, the feed was replaced or revoked, or
// its user has no such category or tag.
func (s *Service) Feed(ctx context.Context, secret string, in Selection) (Feed, error) {
	f := Feed{since: s.clock().Add(-calendarPast)}
	var err error
	f.UserID, err = s.store.FindFeed(ctx, person.HashSecret(secret))
	if errors.Is(err, fault.ErrNotFound) {
		return Feed{}, &fault.Error{Code: fault.NotFound, Message: "there is no such calendar, or its address was replaced", Hint: `user_settings with {"calendar_feed": "new"} makes another`}
	}
	if err != nil {
		return Feed{}, err
	}
	if f.filter, err = s.filter(ctx, person.Settings{UserID: f.UserID}, in, "all"); err != nil {
		return Feed{}, err
	}
	f.Version, err = s.store.FeedVersion(ctx, f.UserID, f.filter, f.since, calendarTasks)
	return f, err
}

// FeedTasks lists the tasks of a feed without their descriptions: tasks with a due
// date that are open or were completed lately, the earliest due first.
func (s *Service) FeedTasks(ctx context.Context, f Feed) ([]*Task, error) {
	tasks, err := s.store.FeedTasks(ctx, f.UserID, f.filter, f.since, calendarTasks)
	slices.SortFunc(tasks, func(a, b *Task) int { return cmp.Or(a.DueDate.Compare(*b.DueDate), cmp.Compare(a.ID, b.ID)) })
	return tasks, err
}

// Descriptions reads the descriptions of some of the user's tasks.
func (s *Service) Descriptions(ctx context.Context, userID int64, ids []int64) (map[int64]string, error) {
	return s.store.Descriptions(ctx, userID, ids)
}
