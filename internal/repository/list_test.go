package repository_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/task"
)

func titles(l task.Listing) []string {
	var all []string
	for _, t := range l.Hits {
		all = append(all, t.Title)
	}
	return all
}

func TestPagesOfEveryOrderHaveNeitherGapNorDouble(t *testing.T) {
	b := setup(t)
	for i := range 25 {
		in := task.Fields{Title: input.Some(fmt.Sprintf("Task %02d", i*7%25)), Priority: input.Some(task.Priorities()[i%4])}
		if i%3 > 0 {
			in.DueDate = input.Some(fmt.Sprintf("2026-04-%02dT10:00", 1+i*11%20))
		}
		b.now = b.now.Add(time.Duration(i%2) * time.Second) // some share their instant
		b.add(t, b.ann, in)
	}
	for _, by := range []task.SortKey{task.ByCreatedAt, task.ByUpdatedAt, task.ByDueDate, task.ByPriority, task.ByTitle} {
		for _, order := range []string{"asc", "desc"} {
			t.Run(string(by)+" "+order, func(t *testing.T) {
				whole, err := b.service.List(b.ctx, b.ann, task.ListInput{SortBy: by, SortOrder: order})
				require.NoError(t, err)
				require.Len(t, whole.Hits, 25)
				var paged []string
				in := task.ListInput{SortBy: by, SortOrder: order, Limit: 4}
				for {
					page, err := b.service.List(b.ctx, b.ann, in)
					require.NoError(t, err)
					require.Equal(t, 25, page.Total)
					paged = append(paged, titles(page)...)
					if in.Cursor = page.NextCursor; in.Cursor == "" {
						break
					}
				}
				require.Equal(t, titles(whole), paged)
				if by == task.ByDueDate {
					undated := slices.IndexFunc(whole.Hits, func(t task.Hit) bool { return t.DueDate == nil })
					require.Equal(t, 16, undated, "those without a due date come last")
				}
			})
		}
	}
	page, err := b.service.List(b.ctx, b.ann, task.ListInput{Limit: 4})
	require.NoError(t, err)
	_, err = b.service.List(b.ctx, b.ann, task.ListInput{SortBy: task.ByTitle, Cursor: page.NextCursor})
	requireCode(t, err, fault.InvalidInput, "cursor")
	for _, forged := range []string{"x", "e30", "eyJzIjoiY3JlYXRlZF9hdCIsImQiOnRydWUsInYiOiJub3BlIiwiaSI6MX0"} {
		_, err = b.service.List(b.ctx, b.ann, task.ListInput{Cursor: forged})
		requireCode(t, err, fault.InvalidInput, "cursor")
	}
}

func TestFiltersOfDifferentKindsAreAndedValuesOfOneOred(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("A"), Priority: input.Some(task.High), Tags: input.Some([]string{"x", "y"}), DueDate: input.Some("2026-03-05T10:00")})
	b.add(t, b.ann, task.Fields{Title: input.Some("B"), Priority: input.Some(task.Low), Tags: input.Some([]string{"x"}), DueDate: input.Some("2026-03-06")})
	done := b.add(t, b.ann, task.Fields{Title: input.Some("C"), Priority: input.Some(task.High), Tags: input.Some([]string{"y"})})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: done.ID})
	require.NoError(t, err)
	cases := []struct {
		name string
		in   task.ListInput
		want []string
	}{
		{"all", task.ListInput{}, []string{"A", "B", "C"}},
		{"pending", task.ListInput{Status: "pending"}, []string{"A", "B"}},
		{"completed", task.ListInput{Status: "completed"}, []string{"C"}},
		{"one priority", task.ListInput{Selection: task.Selection{Priority: []task.Priority{task.High}}}, []string{"A", "C"}},
		{"two priorities", task.ListInput{Selection: task.Selection{Priority: []task.Priority{task.High, task.Low}}}, []string{"A", "B", "C"}},
		{"any tag", task.ListInput{Selection: task.Selection{Tags: []string{"x", "Y"}}}, []string{"A", "B", "C"}},
		{"all tags", task.ListInput{Selection: task.Selection{Tags: []string{"x", "y"}}, TagsMatch: "all"}, []string{"A"}},
		{"kinds are anded", task.ListInput{Selection: task.Selection{Tags: []string{"y"}, Priority: []task.Priority{task.High}}, Status: "pending"}, []string{"A"}},
		{"due before a date is before its start", task.ListInput{DueBefore: "2026-03-06"}, []string{"A"}},
		{"due after a date is from its start", task.ListInput{DueAfter: "2026-03-06"}, []string{"B"}},
		{"a day", task.ListInput{DueAfter: "2026-03-05", DueBefore: "2026-03-06"}, []string{"A"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.in.SortBy = task.ByTitle
			found, err := b.service.List(b.ctx, b.ann, c.in)
			require.NoError(t, err)
			require.Equal(t, c.want, titles(found))
			require.Equal(t, len(c.want), found.Total)
		})
	}
	_, err = b.service.List(b.ctx, b.ann, task.ListInput{Selection: task.Selection{Tags: []string{"z"}}})
	requireCode(t, err, fault.NotFound, "tags")
}

func TestCompletedTasksAreListedByWhenTheyWereDone(t *testing.T) {
	b := setup(t) // Monday 2 March, 08:00
	complete := func(title, at string) {
		id := b.add(t, b.ann, task.Fields{Title: input.Some(title)}).ID
		_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: id, CompletedAt: at})
		require.NoError(t, err)
	}
	complete("wednesday", "2026-02-25T10:00")
	complete("saturday", "2026-02-28T23:00")
	complete("friday", "2026-02-27T10:00")
	b.add(t, b.ann, task.Fields{Title: input.Some("open")})
	cases := []struct {
		name string
		in   task.ListInput
		want []string
	}{
		{"last first", task.ListInput{SortBy: task.ByCompletedAt}, []string{"saturday", "friday", "wednesday"}},
		{"first first", task.ListInput{SortBy: task.ByCompletedAt, SortOrder: "asc", Status: "completed"}, []string{"wednesday", "friday", "saturday"}},
		{"since a day", task.ListInput{CompletedAfter: "2026-02-27", SortBy: task.ByCompletedAt}, []string{"saturday", "friday"}},
		{"before a day", task.ListInput{CompletedBefore: "2026-02-28", SortBy: task.ByCompletedAt}, []string{"friday", "wednesday"}},
		{"of a day", task.ListInput{CompletedAfter: "2026-02-28", CompletedBefore: "2026-03-01"}, []string{"saturday"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			found, err := b.service.List(b.ctx, b.ann, c.in)
			require.NoError(t, err)
			require.Equal(t, c.want, titles(found))
			require.Equal(t, len(c.want), found.Total)
			c.in.Limit = 1
			var paged []string
			for c.in.Cursor = ""; ; {
				page, err := b.service.List(b.ctx, b.ann, c.in)
				require.NoError(t, err)
				paged = append(paged, titles(page)...)
				if c.in.Cursor = page.NextCursor; c.in.Cursor == "" {
					break
				}
			}
			require.Equal(t, c.want, paged)
		})
	}
	for _, in := range []task.ListInput{
		{Status: "pending", CompletedAfter: "2026-02-27"}, {Status: "all", SortBy: task.ByCompletedAt}, {Status: "deleted", CompletedBefore: "2026-02-27"},
	} {
		_, err := b.service.List(b.ctx, b.ann, in)
		requireCode(t, err, fault.InvalidInput, "status")
	}
}

func TestDeletedTasksAreListedAloneTheLastDeletedFirst(t *testing.T) {
	b := setup(t)
	var ids []int64
	for _, title := range []string{"first", "second", "kept"} {
		ids = append(ids, b.add(t, b.ann, task.Fields{Title: input.Some(title), DueDate: input.Some("2026-03-05"), RecurrenceRule: input.Some("daily")}).ID)
	}
	gone := b.add(t, b.bob, task.Fields{Title: input.Some("another's")})
	_, err := b.service.Delete(b.ctx, b.bob, gone.ID)
	require.NoError(t, err)
	for _, id := range []int64{ids[1], ids[0]} {
		b.now = b.now.Add(time.Minute)
		_, err := b.service.Delete(b.ctx, b.ann, id)
		require.NoError(t, err)
	}
	found, err := b.service.List(b.ctx, b.ann, task.ListInput{Status: "deleted", DueAfter: "2026-03-01", DueBefore: "2026-04-01"})
	require.NoError(t, err)
	require.Equal(t, []string{"first", "second"}, titles(found))
	require.Empty(t, found.Agenda)
	require.NotNil(t, found.Hits[0].DeletedAt)
}

func TestEditReopensSkipsAndRemindsAsTheirOwnToolsDo(t *testing.T) {
	b := setup(t)
	id := b.add(t, b.ann, task.Fields{Title: input.Some("x"), DueDate: input.Some("2026-03-05T09:00"), RecurrenceRule: input.Some("daily")}).ID
	edit := func(in task.EditInput) task.Editing {
		in.TaskID = id
		edited, err := b.service.Edit(b.ctx, b.ann, in)
		require.NoError(t, err)
		return edited
	}
	require.Equal(t, "2026-03-06T09:00:00Z", edit(task.EditInput{Action: "skip"}).Skipping.Task.DueDate.Format(time.RFC3339))
	require.True(t, edit(task.EditInput{Action: "reopen"}).Reopening.Unskipped)
	require.Equal(t, b.now.Add(10*time.Minute), *edit(task.EditInput{SnoozeMinutes: 10}).Task.SnoozedUntil)
	require.Equal(t, "2026-03-04T08:00:00Z", edit(task.EditInput{RemindAt: "2026-03-04T08:00"}).Task.AbsoluteReminder.Format(time.RFC3339))
	require.NotNil(t, edit(task.EditInput{Action: "complete"}).Completion)
	require.NotNil(t, edit(task.EditInput{Action: "delete"}).Deletion)
	back := edit(task.EditInput{Action: "reopen", UpdateInput: task.UpdateInput{Fields: task.Fields{Title: input.Some("y")}}})
	require.True(t, back.Reopening.Restored)
	require.Equal(t, []string{"title"}, back.Changed)
	for field, in := range map[string]task.EditInput{
		"remind_at": {SnoozeMinutes: 10, RemindAt: "2026-03-04T08:00"}, "snooze_minutes": {SnoozeMinutes: -1}, "task_id": {SnoozeMinutes: 10},
	} {
		in.TaskID = id // completed
		_, err := b.service.Edit(b.ctx, b.ann, in)
		var e *fault.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, field, e.Field)
	}
}

func TestSearchRanksTitleAboveDescription(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("Misc"), Description: input.Some("invoice invoice invoices invoicing invoice invoice")})
	b.add(t, b.ann, task.Fields{Title: input.Some("Send the invoices")})
	b.add(t, b.ann, task.Fields{Title: input.Some("Paid invoice")})
	b.add(t, b.ann, task.Fields{Title: input.Some("Red car"), Description: input.Some("wash it")})
	b.add(t, b.ann, task.Fields{Title: input.Some("Car, red door")})
	b.add(t, b.bob, task.Fields{Title: input.Some("Bob's invoice")})
	cases := []struct {
		query string
		want  []string
	}{
		{"invoice", []string{"Paid invoice", "Send the invoices", "Misc"}},
		{"invoicing -paid", []string{"Send the invoices", "Misc"}},
		{"inv", []string{"Paid invoice", "Send the invoices", "Misc"}},
		{`"red car"`, []string{"Red car"}},
		{"wash or paid", []string{"Paid invoice", "Red car"}},
		{"car wa", []string{"Red car"}},
		{"nothing", nil},
		{"the", []string{"Send the invoices"}},
		{"pay the invoice", nil},
		{`' OR 1=1; -- :* & | ! ( <->`, nil},
	}
	for _, c := range cases {
		t.Run(c.query, func(t *testing.T) {
			found, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: c.query})
			require.NoError(t, err)
			require.Equal(t, c.want, titles(found))
			require.Equal(t, len(c.want), found.Total)
			require.True(t, slices.IsSortedFunc(found.Hits, func(x, y task.Hit) int { return int(1e9 * (*y.Relevance - *x.Relevance)) }))
		})
	}
	all, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: "  "})
	require.NoError(t, err)
	require.Equal(t, 5, all.Total)

	first, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: "invoice", Limit: 2})
	require.NoError(t, err)
	second, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: "invoice", Limit: 2, Cursor: first.NextCursor})
	require.NoError(t, err)
	require.Equal(t, []string{"Misc"}, titles(second))
	require.Empty(t, second.NextCursor)
}

func TestTotalIsThatOfTheTasksListedWhileOthersAreAdded(t *testing.T) {
	b := setup(t)
	var added atomic.Bool
	failed := make(chan error, 1)
	go func() {
		defer added.Store(true)
		for i := range 80 {
			if _, err := b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some(fmt.Sprint("task ", i))}}); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	for last := false; !last; {
		last = added.Load()
		listed, err := b.service.List(b.ctx, b.ann, task.ListInput{Limit: task.MaxLimit})
		require.NoError(t, err)
		require.Len(t, listed.Hits, listed.Total)
	}
	require.NoError(t, <-failed)
}

func TestSessionsGoOnAfterACursorThatIsNone(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("one")})
	b.add(t, b.ann, task.Fields{Title: input.Some("two")})
	first, err := b.service.List(b.ctx, b.ann, task.ListInput{Limit: 1})
	require.NoError(t, err)
	require.NotEmpty(t, first.NextCursor)
	for range 40 { // more than there are sessions
		_, err := b.store.List(b.ctx, b.ann.UserID, task.Filter{}, task.Paging{Limit: 1, Sort: task.ByDueDate, After: &task.Position{Value: "no date", ID: 1}})
		var e *fault.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "cursor", e.Field)
		_, err = b.service.List(b.ctx, b.ann, task.ListInput{})
		require.NoError(t, err)
	}
}
