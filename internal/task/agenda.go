package task

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Limits of an agenda.
const (
	maxAgenda       = 200 // entries
	agendaPerSeries = 100 // dates per series, of those between the two moments
	// agendaWork bounds the work of finding all the dates: some tenths of a second.
	agendaWork = 5_000_000
)

// AgendaEntry is a date of an open series.
type AgendaEntry struct {
	Task   *Task
	Due    time.Time
	ToCome bool // the occurrence does not exist yet; it is created once those before it are done
}

// agenda lists the dates of open series between two moments, earliest first, as they
// will be if each occurrence is done when it is due. cut tells that there are more.
func (s *Service) agenda(ctx context.Context, user person.Settings, f Filter, from, until, now time.Time) (entries []AgendaEntry, cut bool, err error) {
	open := false
	f.Completed, f.Recurring, f.DueAfter, f.DueBefore = &open, true, nil, &until
	series, err := s.store.List(ctx, user.UserID, f, Paging{Sort: ByDueDate, Limit: MaxLimit})
	if err != nil {
		return nil, false, err
	}
	work := recurrence.NewWork(agendaWork)
	for _, hit := range series.Hits {
		hit.Within(work)
		if !hit.DueDate.Before(from) && hit.DueDate.Before(until) {
			entries = append(entries, AgendaEntry{Task: hit.Task, Due: *hit.DueDate})
		}
		shown := 0
		for at, err := range hit.following(now) {
			if err != nil {
				return nil, false, err
			}
			if !at.Before(until) {
				break
			}
			if at.Before(from) {
				continue
			}
			if shown++; shown > agendaPerSeries {
				cut = true
				break
			}
			entries = append(entries, AgendaEntry{Task: hit.Task, Due: at, ToCome: true})
		}
	}
	slices.SortStableFunc(entries, func(a, b AgendaEntry) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Task.ID, b.Task.ID)) })
	if len(entries) > maxAgenda {
		entries, cut = entries[:maxAgenda], true
	}
	return entries, cut || series.Next != nil || work.Exhausted(), nil
}
