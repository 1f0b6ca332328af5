package task

import (
	"context"
	"time"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Limits of an overview.
const (
	DefaultOverviewDays  = 7
	MaxOverviewDays      = 90
	DefaultOverviewLimit = 10
	MaxOverviewLimit     = 50
)

// OverviewInput says how far ahead an overview looks, and how much it shows.
type OverviewInput struct {
	Days  int `json:"days,omitempty" doc:"How many days after today are upcoming. Default 7." minimum:"1" maximum:"90"`
	Limit int `json:"limit,omitempty" doc:"Tasks in each part. Default 10." minimum:"1" maximum:"50"`
	Selection
}

// Overview is what there is to do. Each part counts all its tasks and holds the
// first of them: dated ones by due date, others most important first. What is on hold
// or has not started is in Waiting at most. A part of a task that is listed is not
// counted beside it.
type Overview struct {
	Overdue  Page // due before now
	Today    Page // due from now to the end of the day in the user's zone
	Upcoming Page // due on the days that follow
	Undated  Page
	Ready    *Page         // what can be begun now, most important first; nil: nothing here has structure
	Waiting  *Page         // what is on hold; likewise
	Agenda   []AgendaEntry // dates of open series from the beginning of today until Until
	Cut      bool          // the agenda has more
	Now      time.Time
	Until    time.Time // the end of the last day that Upcoming covers
}

// Overview tells what there is to do now.
func (s *Service) Overview(ctx context.Context, user person.Settings, in OverviewInput) (Overview, error) {
	if in.Days == 0 {
		in.Days = DefaultOverviewDays
	}
	if in.Days < 1 || in.Days > MaxOverviewDays {
		return Overview{}, fault.Invalid("days", "%d is out of range; allowed are 1 to %d, for example %d", in.Days, MaxOverviewDays, DefaultOverviewDays)
	}
	if in.Limit == 0 {
		in.Limit = DefaultOverviewLimit
	}
	if in.Limit < 1 || in.Limit > MaxOverviewLimit {
		return Overview{}, fault.Invalid("limit", "%d is out of range; allowed are 1 to %d, for example %d", in.Limit, MaxOverviewLimit, DefaultOverviewLimit)
	}
	only, err := s.filter(ctx, user, in.Selection, "")
	if err != nil {
		return Overview{}, err
	}
	now := s.clock()
	today := recurrence.Wall(now, user.Zone())
	tomorrow := startOfDay(today.AddDate(0, 0, 1), user.Zone())
	until := startOfDay(today.AddDate(0, 0, 1+in.Days), user.Zone())
	out := Overview{Now: now, Until: until}
	open := false
	byDue := Paging{Sort: ByDueDate, Limit: in.Limit}
	structured, err := s.store.Structured(ctx, user.UserID)
	if err != nil {
		return Overview{}, err
	}
	if structured {
		out.Ready, out.Waiting = &Page{}, &Page{}
	}
	yes := true
	byPriority := Paging{Sort: ByPriority, Desc: true, Limit: in.Limit}
	for _, part := range []struct {
		page   *Page
		filter Filter
		paging Paging
	}{
		{&out.Overdue, Filter{DueBefore: &now}, byDue},
		{&out.Today, Filter{DueAfter: &now, DueBefore: &tomorrow}, byDue},
		{&out.Upcoming, Filter{DueAfter: &tomorrow, DueBefore: &until}, byDue},
		{&out.Undated, Filter{Undated: true}, byPriority},
		{out.Ready, Filter{Ready: &yes}, byPriority},
		{out.Waiting, Filter{Waiting: &yes}, byPriority},
	} {
		if part.page == nil {
			continue
		}
		part.filter.Completed, part.filter.Now = &open, now
		if structured && part.filter.Ready == nil && part.filter.Waiting == nil {
			part.filter.AtHand, part.filter.TreeOnce = true, true
		}
		part.filter.Priorities, part.filter.CategoryIDs, part.filter.TagIDs = only.Priorities, only.CategoryIDs, only.TagIDs
		if *part.page, err = s.store.List(ctx, user.UserID, part.filter, part.paging); err != nil {
			return Overview{}, err
		}
	}
	out.Agenda, out.Cut, err = s.agenda(ctx, user, only, startOfDay(today, user.Zone()), until, now)
	return out, err
}
