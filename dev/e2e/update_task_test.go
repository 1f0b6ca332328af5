package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUpdateChangesTheGivenFieldsAndNullClears(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	s.exec(t, `INSERT INTO categories (user_id, name, name_key) SELECT id, 'Home', 'home' FROM users WHERE subject = $1`, p.name)
	task := p.add(t, fields{"title": "before", "tags": []string{"old"}})

	for _, c := range []struct {
		change  fields
		changed []string
		see     func(view) any
		want    any
	}{
		{fields{"title": " after "}, []string{"title"}, func(v view) any { return v.Title }, "after"},
		{fields{"description": "text"}, []string{"description"}, func(v view) any { return v.Description }, "text"},
		{fields{"priority": "urgent"}, []string{"priority"}, func(v view) any { return v.Priority }, "urgent"},
		{fields{"category": "home"}, []string{"category_id"}, func(v view) any { return v.Category }, "Home"},
		{fields{"tags": []string{"new", "newer"}}, []string{"tag_ids"}, func(v view) any { return v.Tags }, []string{"new", "newer"}},
		{fields{"due_date": "2031-03-01"}, []string{"all_day", "due_date"}, func(v view) any { return v.DueDate }, "2031-03-01"},
		{fields{"due_date": "2031-03-01T10:00:00Z"}, []string{"all_day", "due_date"}, func(v view) any { return v.DueDate }, "2031-03-01T10:00:00Z"},
		{fields{"reminder_offsets": []int{5}}, []string{"reminder_offsets"}, func(v view) any { return v.RemindAt }, "2031-03-01T09:55:00Z"},
		{fields{"recurrence_rule": "weekly"}, []string{"recurrence_base", "recurrence_rule"}, func(v view) any { return v.RecurrenceRule }, "FREQ=WEEKLY"},
		{fields{"recurrence_base": "completion"}, []string{"recurrence_base"}, func(v view) any { return v.RecurrenceBase }, "completion"},
		{fields{"title": "after", "priority": "urgent", "tags": []string{"NEWER", "new"}}, nil, func(v view) any { return v.Title }, "after"},
		{fields{}, nil, func(v view) any { return v.Title }, "after"},

		{fields{"clear": []string{"recurrence_rule"}}, []string{"recurrence_base", "recurrence_rule"}, func(v view) any { return v.RecurrenceRule }, ""},
		{fields{"reminder_offsets": []int{}}, []string{"reminder_offsets"}, func(v view) any { return v.RemindAt }, ""},
		{fields{"clear": []string{"reminder_offsets"}}, []string{"reminder_offsets"}, func(v view) any { return v.RemindAt }, "2031-03-01T09:00:00Z"},
		{fields{"clear": []string{"due_date"}}, []string{"due_date"}, func(v view) any { return v.DueDate + v.RemindAt }, ""},
		{fields{"clear": []string{"tags"}}, []string{"tag_ids"}, func(v view) any { return v.Tags }, []string(nil)},
		{fields{"clear": []string{"category"}}, []string{"category_id"}, func(v view) any { return v.Category }, ""},
		{fields{"clear": []string{"priority"}}, []string{"priority"}, func(v view) any { return v.Priority }, "medium"},
		{fields{"clear": []string{"description"}}, []string{"description"}, func(v view) any { return v.Description }, ""},
	} {
		before := p.get(t, task.ID)
		c.change["task_id"], c.change["response_format"] = task.ID, "detailed"
		updated := p.call(t, "update_task", c.change)
		require.Equal(t, c.changed, updated.Changed, "%v", c.change)
		require.Equal(t, c.want, c.see(updated.Task), "%v", c.change)
		now := p.get(t, task.ID)
		require.Equal(t, updated.Task, now)
		if c.changed == nil {
			require.Equal(t, before, now)
			require.NotEmpty(t, updated.Note)
		} else {
			require.Equal(t, before.Version+1, now.Version)
		}
	}
}

func TestUpdateOfAStaleVersionIsAConflict(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	task := p.add(t, fields{"title": "one"})
	p.call(t, "update_task", fields{"task_id": task.ID, "title": "two", "if_version": 1})
	refused := p.refused(t, "update_task", fields{"task_id": task.ID, "title": "three", "if_version": 1})
	require.Equal(t, "CONFLICT", refused.Code)
	require.Equal(t, "if_version", refused.Field)
	require.Contains(t, refused.Message, "2")
	require.Equal(t, "two", p.get(t, task.ID).Title)
	p.call(t, "update_task", fields{"task_id": task.ID, "title": "three", "if_version": 2})
}

func TestCompleteDeleteAndReopenSayWhatHappened(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	id := fields{"task_id": p.add(t, fields{"title": "a task", "due_date": in(-day)}).ID}
	require.True(t, p.call(t, "get_task", id).Task.Overdue)

	done := p.call(t, "complete_task", id)
	require.True(t, done.Task.Completed)
	require.False(t, done.Task.Overdue)
	require.Empty(t, done.Note)
	require.Contains(t, p.call(t, "complete_task", id).Note, "already")
	require.NotEmpty(t, p.call(t, "get_task", fields{"task_id": id["task_id"], "response_format": "detailed"}).Task.CompletedAt)

	open := p.call(t, "reopen_task", id)
	require.False(t, open.Task.Completed)
	require.Contains(t, p.call(t, "reopen_task", id).Note, "nothing changed")

	deleted := p.call(t, "delete_task", id)
	require.Contains(t, deleted.Note, "reopen_task")
	require.NotContains(t, deleted.Note, "series")
	for _, tool := range []string{"get_task", "complete_task", "delete_task", "update_task", "skip_occurrence"} {
		require.Equal(t, "NOT_FOUND", p.refused(t, tool, id).Code, tool)
	}
	require.Empty(t, p.call(t, "list_tasks", fields{}).Tasks)
	require.Contains(t, p.call(t, "reopen_task", id).Note, "restored")
	require.Equal(t, "a task", p.call(t, "get_task", id).Task.Title)
}
