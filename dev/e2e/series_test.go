package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNextDateIsWhatAPersonMeans(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	now := time.Now().UTC().Truncate(time.Second)
	const undated = time.Duration(-1)
	for _, c := range []struct {
		name       string
		due        time.Duration // from now
		rule, base string
		action     string
		want       time.Duration // from now
	}{
		{"early: not the same date again", 3 * day, "weekly", "due", "complete_task", 10 * day},
		{"on the day", -time.Hour, "daily", "due", "complete_task", 23 * time.Hour},
		{"late: missed ones do not pile up", -10 * day, "weekly", "due", "complete_task", 4 * day},
		{"very late", -400*day - time.Hour, "daily", "due", "complete_task", 23 * time.Hour},
		{"due is the default base", -10 * day, "weekly", "", "complete_task", 4 * day},
		{"an interval does not drift", -10 * day, "FREQ=DAILY;INTERVAL=4", "due", "complete_task", 2 * day},
		{"from completion, early", 3 * day, "daily", "completion", "complete_task", day},
		{"from completion, late", -10 * day, "weekly", "completion", "complete_task", 7 * day},
		{"without a date", undated, "daily", "due", "complete_task", day},
		{"without a date, from completion", undated, "weekly", "completion", "complete_task", 7 * day},
		{"skipped early", day, "weekly", "due", "skip_occurrence", 8 * day},
		{"skipped late", -10 * day, "weekly", "due", "skip_occurrence", 4 * day},
	} {
		t.Run(c.name, func(t *testing.T) {
			task := fields{"title": c.name, "recurrence_rule": c.rule, "reminder_offsets": []int{}}
			if c.due != undated {
				task["due_date"] = now.Add(c.due).Format(time.RFC3339)
			}
			if c.base != "" {
				task["recurrence_base"] = c.base
			}
			first := p.add(t, task)
			answered := p.call(t, c.action, fields{"task_id": first.ID, "response_format": "detailed"})
			next := answered.Task
			if c.action == "complete_task" {
				next = s.successor(t, p, first.ID)
				require.Equal(t, next.DueDate, answered.NextDue)
				require.Empty(t, answered.Note)
			} else {
				require.Equal(t, first.ID, next.ID)
			}
			if c.due == undated { // a whole day: nothing names an hour
				require.Equal(t, now.Add(c.want).Format(time.DateOnly), next.DueDate)
			} else {
				require.Equal(t, now.Add(c.want), instant(t, next.DueDate))
			}
			require.Greater(t, next.Occurrence, 1)
			require.False(t, next.Completed)
		})
	}
}

// finish completes the open task of a series and returns what follows it.
func (s *system) finish(t testing.TB, p *person, id int64) view {
	t.Helper()
	require.Empty(t, p.call(t, "complete_task", fields{"task_id": id}).Note)
	return s.successor(t, p, id)
}

// last completes a task that must be the last of its series.
func (s *system) last(t testing.TB, p *person, id int64) {
	t.Helper()
	done := p.call(t, "complete_task", fields{"task_id": id})
	require.Contains(t, done.Note, "series has ended")
	require.Empty(t, done.NextDue)
	s.drained(t, p)
	require.Empty(t, s.successors(t, id))
}

func TestCountEndsASeriesExactly(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	counted := func(t *testing.T, count, due string) view {
		task := p.add(t, fields{"title": t.Name(), "recurrence_rule": "FREQ=DAILY;COUNT=" + count, "due_date": due, "reminder_offsets": []int{}})
		require.Equal(t, 1, task.Occurrence)
		return task
	}
	t.Run("each completed early", func(t *testing.T) {
		task := counted(t, "3", in(day))
		second := s.finish(t, p, task.ID)
		third := s.finish(t, p, second.ID)
		require.Equal(t, 3, third.Occurrence)
		require.Equal(t, instant(t, task.DueDate).Add(2*day), instant(t, third.DueDate))
		s.last(t, p, third.ID)
	})
	t.Run("late: missed ones are passed over, and do not count", func(t *testing.T) {
		task := counted(t, "3", in(-5*day/2))
		done := p.call(t, "complete_task", fields{"task_id": task.ID})
		require.Equal(t, 2, done.PassedOver)
		second := s.successor(t, p, task.ID)
		require.Equal(t, 2, second.Occurrence)
		require.Equal(t, instant(t, task.DueDate).Add(3*day), instant(t, second.DueDate))
		third := s.finish(t, p, second.ID)
		require.Equal(t, 3, third.Occurrence)
		s.last(t, p, third.ID)
	})
	t.Run("skipped ones count", func(t *testing.T) {
		task := counted(t, "3", in(day))
		require.Equal(t, 2, p.call(t, "skip_occurrence", fields{"task_id": task.ID, "response_format": "detailed"}).Task.Occurrence)
		third := s.finish(t, p, task.ID)
		require.Equal(t, 3, third.Occurrence)
		refused := p.refused(t, "skip_occurrence", fields{"task_id": third.ID})
		require.Equal(t, "CONFLICT", refused.Code)
		require.Contains(t, refused.Message, "last")
		s.last(t, p, third.ID)
	})
	t.Run("an undone completion does not", func(t *testing.T) {
		task := counted(t, "3", in(day))
		s.finish(t, p, task.ID)
		p.call(t, "reopen_task", fields{"task_id": task.ID})
		second := s.finish(t, p, task.ID)
		require.Equal(t, 2, second.Occurrence)
		third := s.finish(t, p, second.ID)
		s.last(t, p, third.ID)
		require.Contains(t, p.call(t, "reopen_task", fields{"task_id": third.ID}).Note+"open", "open")
		s.last(t, p, third.ID)
	})
	t.Run("a moved date does not", func(t *testing.T) {
		task := counted(t, "3", in(day))
		second := s.finish(t, p, task.ID)
		p.call(t, "update_task", fields{"task_id": second.ID, "due_date": in(5 * day)})
		third := s.finish(t, p, second.ID)
		require.Equal(t, 3, third.Occurrence)
		s.last(t, p, third.ID)
	})
	t.Run("COUNT=1", func(t *testing.T) {
		s.last(t, p, counted(t, "1", in(day)).ID)
	})
	t.Run("counted from completion", func(t *testing.T) {
		task := p.add(t, fields{"title": t.Name(), "recurrence_rule": "FREQ=DAILY;COUNT=2", "recurrence_base": "completion", "due_date": in(-9 * day), "reminder_offsets": []int{}})
		second := s.finish(t, p, task.ID)
		require.Equal(t, 2, second.Occurrence)
		s.last(t, p, second.ID)
	})
}

func TestUntilEndsASeries(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "Pacific/Auckland") // a date means through that day there
	auckland, err := time.LoadLocation("Pacific/Auckland")
	require.NoError(t, err)
	first := time.Now().In(auckland).AddDate(0, 0, 2)
	for _, c := range []struct{ name, until string }{
		{"a date", first.AddDate(0, 0, 1).Format("20060102")},
		{"local time", first.AddDate(0, 0, 1).Format("20060102") + "T220000"},
		{"UTC", time.Date(first.Year(), first.Month(), first.Day()+1, 22, 0, 0, 0, auckland).UTC().Format("20060102T150405Z")},
	} {
		t.Run(c.name, func(t *testing.T) {
			task := p.add(t, fields{
				"title": c.name, "due_date": first.Format("2006-01-02") + "T22:00", "recurrence_rule": "FREQ=DAILY;UNTIL=" + c.until,
			})
			second := s.finish(t, p, task.ID)
			require.Equal(t, first.AddDate(0, 0, 1).Format("2006-01-02"), second.DueDate[:10])
			s.last(t, p, second.ID)
		})
	}
}

func TestNewDateOrRuleAnchorsTheSeriesAnew(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	t.Run("date", func(t *testing.T) {
		task := p.add(t, fields{"title": "x", "due_date": in(day), "recurrence_rule": "weekly"})
		moved := p.call(t, "update_task", fields{"task_id": task.ID, "due_date": in(3 * day)})
		require.Equal(t, instant(t, moved.Task.DueDate).Add(7*day), instant(t, moved.Recurrence.Next[0]))
		require.Equal(t, instant(t, moved.Task.DueDate).Add(7*day), instant(t, s.finish(t, p, task.ID).DueDate))
	})
	t.Run("rule", func(t *testing.T) {
		task := p.add(t, fields{"title": "x", "due_date": in(2 * day), "recurrence_rule": "daily"})
		second := s.finish(t, p, task.ID)
		p.call(t, "update_task", fields{"task_id": second.ID, "recurrence_rule": "weekly"})
		require.Equal(t, instant(t, second.DueDate).Add(7*day), instant(t, s.finish(t, p, second.ID).DueDate))
	})
	t.Run("no rule any more", func(t *testing.T) {
		task := p.add(t, fields{"title": "x", "due_date": in(2 * day), "recurrence_rule": "daily"})
		p.call(t, "update_task", fields{"task_id": task.ID, "clear": []string{"recurrence_rule"}})
		require.Empty(t, p.call(t, "complete_task", fields{"task_id": task.ID}).NextDue)
		s.drained(t, p)
		require.Empty(t, s.successors(t, task.ID))
	})
	t.Run("no date any more", func(t *testing.T) {
		task := p.add(t, fields{"title": "x", "due_date": in(20 * day), "recurrence_rule": "daily"})
		p.call(t, "update_task", fields{"task_id": task.ID, "clear": []string{"due_date"}})
		require.Equal(t, time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly), s.finish(t, p, task.ID).DueDate, "a whole day: nothing names an hour")
	})
}
