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
	// calendarTasks is how many open tasks, and how many done ones, a feed shows.
	calendarTasks = 2000
	// calendarPast is how long a feed shows what was done.
	calendarPast = 30 * 24 * time.Hour
)

// Calendar lists what the feed with a secret shows: tasks with a due date that
// are open or were completed lately, the earliest due first. NOT_FOUND when no
// feed has the secret, or has it any more.
func (s *Service) Calendar(ctx context.Context, secret string) ([]*Task, error) {
	tasks, err := s.store.CalendarTasks(ctx, person.HashFeedSecret(secret), s.clock().Add(-calendarPast), calendarTasks)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, &fault.Error{Code: fault.NotFound, Message: "there is no such calendar, or its address was replaced", Hint: `user_settings with {"calendar_feed": "new"} makes another`}
	}
	slices.SortFunc(tasks, func(a, b *Task) int { return cmp.Or(a.DueDate.Compare(*b.DueDate), cmp.Compare(a.ID, b.ID)) })
	return tasks, err
}
