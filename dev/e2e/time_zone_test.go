package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDatesAreReadAndShownInTheUsersZone(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "America/New_York")
	for _, c := range []struct {
		name, given, want string
		allDay            bool
		remind            string
	}{
		{"local in winter", "2031-01-15T09:00", "2031-01-15T09:00:00-05:00", false, "2031-01-15T08:00:00-05:00"},
		{"local in summer", "2031-07-15 09:00", "2031-07-15T09:00:00-04:00", false, "2031-07-15T08:00:00-04:00"},
		{"with offset", "2031-07-15T09:00:00+02:00", "2031-07-15T03:00:00-04:00", false, "2031-07-15T02:00:00-04:00"},
		{"UTC", "2031-01-15T09:00:00Z", "2031-01-15T04:00:00-05:00", false, "2031-01-15T03:00:00-05:00"},
		{"bare date", "2031-07-15", "2031-07-15", true, "2031-07-15T09:00:00-04:00"},
		{"bare date at the change", "2031-03-09", "2031-03-09", true, "2031-03-09T09:00:00-04:00"},
		{"in the gap: moved forward", "2031-03-09T02:30", "2031-03-09T03:30:00-04:00", false, "2031-03-09T01:30:00-05:00"},
		{"exists twice: the first", "2031-11-02T01:30", "2031-11-02T01:30:00-04:00", false, "2031-11-02T00:30:00-04:00"},
	} {
		added := p.call(t, "add_task", fields{"title": c.name, "due_date": c.given, "response_format": "detailed"})
		require.Equal(t, "America/New_York", added.TimeZone, c.name)
		require.Equal(t, c.want, added.Task.DueDate, c.name)
		require.Equal(t, c.allDay, added.Task.AllDay, c.name)
		require.Equal(t, c.remind, added.Task.RemindAt, c.name)
		require.Equal(t, added.Task, p.get(t, added.Task.ID), c.name)
	}
	// A day of the user's, not of UTC: 23:59 there is the next day in London.
	p.add(t, fields{"title": "late", "due_date": "2031-05-05T23:30"})
	found := p.call(t, "list_tasks", fields{"due_after": "2031-05-05", "due_before": "2031-05-06"})
	require.Equal(t, []string{"late"}, titles(found.Tasks))
	require.Equal(t, "America/New_York", found.TimeZone)
	require.Equal(t, "2031-05-05T23:30:00-04:00", found.Tasks[0].DueDate)
}

func TestNineStaysNineAcrossTheChangeOfClocks(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "America/New_York")
	added := p.call(t, "add_task", fields{"title": "stand-up", "due_date": "2031-03-08T09:00", "recurrence_rule": "daily"})
	require.Equal(t, []string{"2031-03-09T09:00:00-04:00", "2031-03-10T09:00:00-04:00", "2031-03-11T09:00:00-04:00"}, added.Recurrence.Next)
	gap := p.call(t, "add_task", fields{"title": "night shift", "due_date": "2031-03-08T02:30", "recurrence_rule": "daily"})
	require.Equal(t, []string{"2031-03-09T03:30:00-04:00", "2031-03-10T02:30:00-04:00", "2031-03-11T02:30:00-04:00"}, gap.Recurrence.Next)
	twice := p.call(t, "add_task", fields{"title": "night shift", "due_date": "2031-11-01T01:30", "recurrence_rule": "daily"})
	require.Equal(t, []string{"2031-11-02T01:30:00-04:00", "2031-11-03T01:30:00-05:00", "2031-11-04T01:30:00-05:00"}, twice.Recurrence.Next)

	p.call(t, "complete_task", fields{"task_id": added.Task.ID})
	next := s.successor(t, p, added.Task.ID)
	require.Equal(t, "2031-03-09T09:00:00-04:00", next.DueDate)
}

func TestZoneGivenWithANewTokenBecomesTheUsers(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "Asia/Tokyo")
	task := p.add(t, fields{"title": "lunch", "due_date": "2031-01-15T12:00"})
	require.Equal(t, "2031-01-15T12:00:00+09:00", task.DueDate)
	s.api(t, "token", "create", "--user", p.name, "--time-zone", "Europe/Berlin")
	moved := p.get(t, task.ID)
	require.Equal(t, "2031-01-15T04:00:00+01:00", moved.DueDate, "the same instant, shown in the new zone")
	require.Equal(t, "Asia/Tokyo", moved.TimeZone, "the task stays meant where it was")
}
