package task

import (
	"slices"
	"time"
)

// differences lists the fields of b that are not as in a, by their public
// names, with the new values as they stand in events.
func differences(a, b *Task) map[string]any {
	fields := map[string]any{}
	set := func(differs bool, name string, value any) {
		if differs {
			fields[name] = value
		}
	}
	set(a.Title != b.Title, "title", b.Title)
	set(a.Description != b.Description, "description", b.Description)
	set(a.Priority != b.Priority, "priority", b.Priority)
	set(!sameInstant(a.DueDate, b.DueDate) || a.AllDay != b.AllDay, "due_date", b.DueDate)
	set(a.AllDay != b.AllDay, "all_day", b.AllDay)
	set(a.CategoryID() != b.CategoryID(), "category_id", nullIfZero(b.CategoryID()))
	set(!slices.Equal(a.TagIDs(), b.TagIDs()), "tag_ids", b.TagIDs())
	set(a.rule() != b.rule(), "recurrence_rule", nullIfZero(b.rule()))
	set(a.base() != b.base(), "recurrence_base", nullIfZero(b.base()))
	set(!sameOffsets(a.ReminderOffsets, b.ReminderOffsets), "reminder_offsets", b.ReminderOffsets)
	set(!sameInstant(a.AbsoluteReminder, b.AbsoluteReminder), "absolute_reminder", b.AbsoluteReminder)
	set(!sameInstant(a.SnoozedUntil, b.SnoozedUntil), "snoozed_until", b.SnoozedUntil)
	return fields
}

// CategoryID is 0 for a task without category.
func (t *Task) CategoryID() int64 {
	if t.Category == nil {
		return 0
	}
	return t.Category.ID
}

// TagIDs are the ids of the task's tags, ascending; never nil.
func (t *Task) TagIDs() []int64 {
	ids := make([]int64, len(t.Tags))
	for i, tag := range t.Tags {
		ids[i] = tag.ID
	}
	slices.Sort(ids)
	return ids
}

func (t *Task) rule() string {
	if t.Recurrence == nil {
		return ""
	}
	return t.Recurrence.Rule
}

func (t *Task) base() RecurrenceBase {
	if t.Recurrence == nil {
		return ""
	}
	return t.Recurrence.Base
}

func sameInstant(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// sameOffsets tells nil, the user's default, from none.
func sameOffsets(a, b []int) bool {
	return (a == nil) == (b == nil) && slices.Equal(a, b)
}

func nullIfZero[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}
