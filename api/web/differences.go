package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tickler/api/operation"
	"tickler/internal/journal"
)

// changedFields are the fields of changes in the order they are shown, with what
// people call them. Fields that are not here follow, under their own names.
var changedFields = []struct{ name, label string }{
	{"title", "title"}, {"name", "name"}, {"due_date", "due"}, {"recurrence_rule", "repeats"}, {"recurrence_base", "counted from"}, {"missed", "missed dates"},
	{"priority", "priority"}, {"category", "category"}, {"tags", "tags"}, {"estimate_minutes", "takes"}, {"reminder_offsets", "reminders"},
	{"absolute_reminder", "reminds at"}, {"snoozed_until", "snoozed until"}, {"reminder_time", "reminded for"}, {"parent_id", "part of"}, {"blocked_by", "only after"}, {"start_date", "not before"}, {"waiting_for", "waiting for"}, {"nag", "reminds again"}, {"description", "description"}, {"color", "color"},
	{"time_zone", "time zone"}, {"completed_at", "done"}, {"all_day_time", "whole days remind at"}, {"quiet_hours", "quiet hours"}, {"target", "target"},
	{"text", "text"}, {"url", "link"}, {"link_title", "title of the link"}, {"link_kind", "kind of the link"},
}

// differences tells what a change changed, before and after.
func (c clock) differences(of operation.ChangeView) []difference {
	if of.Action == journal.Deleted || of.Action == journal.Completed || signing[of.Object][of.Action] != "" {
		return nil
	}
	var all []difference
	shown := map[string]bool{"previous_task_id": true, "task_id": true, "comment_id": true, "author": true, "author_kind": true}
	switch of.Action {
	case journal.Commented, journal.Blocked, journal.Unblocked:
		shown["title"] = true // told beside, and not changed
	}
	add := func(name, label string) {
		if shown[name] {
			return
		}
		shown[name] = true
		before, was := of.Before[name]
		after, is := of.After[name]
		if !was && !is {
			return
		}
		if of.Action == journal.Created && (!notable(after) || name == "title" || name == "name" || name == "time_zone" || fmt.Sprint(after) == "medium") {
			return
		}
		all = append(all, difference{label, c.changed(name, before, of.Before, of.Titles), c.changed(name, after, of.After, of.Titles)})
	}
	for _, field := range changedFields {
		add(field.name, field.label)
	}
	var rest []string
	for _, values := range []operation.Values{of.Before, of.After} {
		for name := range values {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for _, name := range slices.Compact(rest) {
		add(name, strings.ReplaceAll(name, "_", " "))
	}
	return all
}

// notable reports whether a value says anything.
func notable(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case bool:
		return v
	case []any:
		return len(v) > 0
	}
	return true
}

// changed writes the value of a field as people read it. beside are the other fields,
// titles those of tasks by id.
func (c clock) changed(name string, value any, beside operation.Values, titles map[int64]string) string {
	if !notable(value) {
		return ""
	}
	switch name {
	case "due_date", "completed_at", "absolute_reminder", "snoozed_until", "expires_at", "reminder_time", "start_date":
		return c.full(fmt.Sprint(value))
	case "recurrence_rule":
		due, _ := beside["due_date"].(string)
		return c.repeats(fmt.Sprint(value), due)
	case "parent_id":
		return called(value, titles)
	case "blocked_by":
		ids, _ := value.([]any)
		words := make([]string, len(ids))
		for i, id := range ids {
			words[i] = called(id, titles)
		}
		return strings.Join(words, ", ")
	case "estimate_minutes":
		if minutes, ok := value.(float64); ok {
			return duration(int(minutes))
		}
	case "reminder_offsets":
		var offsets []int
		if text, err := json.Marshal(value); err == nil && json.Unmarshal(text, &offsets) == nil {
			return OffsetWords(offsets)
		}
	}
	switch v := value.(type) {
	case []any:
		words := make([]string, len(v))
		for i, one := range v {
			words[i] = fmt.Sprint(one)
		}
		return strings.Join(words, ", ")
	case map[string]any:
		text, _ := json.Marshal(v) // it came from JSON
		return string(text)
	}
	return fmt.Sprint(value)
}

// called returns the title of a task, or its number when nobody knows the title any
// more.
func called(id any, titles map[int64]string) string {
	if number, ok := id.(float64); ok {
		if title := titles[int64(number)]; title != "" {
			return title
		}
	}
	return "number " + fmt.Sprint(id)
}
