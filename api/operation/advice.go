package operation

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"tickler/internal/fault"
)

// Callers who guess a field name usually guess the name it has in other task tools.
// These tables map such guesses to our fields and tools.

// knownAs lists other names of our fields.
var knownAs = []struct{ field, names string }{
	{"task_id", "id task taskid"},
	{"category_id", "id"},
	{"tag_id", "id"},
	{"title", "name task text content summary subject todo"},
	{"comment", "note notes remark add_note add_comment append append_note append_notes append_description append_to_description"}, // keeps what is there
	{"description", "note notes details body comment"},
	{"parent_id", "parent parent_task parent_task_id"},
	{"blocked_by", "depends_on depends dependencies blockers blocked requires prerequisites"},
	{"estimate_minutes", "estimate estimated_minutes duration duration_minutes time_estimate effort"},
	{"start_date", "start starts start_on defer defer_until hide_until available_from not_before"},
	{"waiting_for", "waiting waiting_on delegated_to"},
	{"due_date", "due date deadline duedate due_at due_on due_time when"},
	{"recurrence_rule", "recurrence recurring recur repeat repeats rrule frequency rule schedule every"},
	{"reminder_offsets", "reminder reminders remind_before_minutes reminder_minutes alert alerts"},
	{"remind_before_minutes", "minutes minutes_before offset offsets before reminder_offsets"},
	{"remind_at", "at time date reminder_time when due_date"},
	{"snooze_minutes", "snooze"},
	{"category", "category_id project list folder category_name name"},
	{"tag", "tags label name tag_name"},
	{"tags", "tag tag_ids label labels tag_names"},
	{"name", "title tag category label new_name"},
	{"color", "colour"},
	{"merge_into", "merge merge_with into target"},
	{"if_version", "version etag expected_version"},
	{"limit", "count size page_size per_page max_results top"},
	{"cursor", "offset page skip page_token next_cursor after"},
	{"query", "q text search term keyword keywords"},
	{"status", "state completed done is_completed"},
	{"sort_by", "sort order_by"},
	{"sort_order", "order direction asc desc"},
	{"due_after", "after from since start start_date due_from"},
	{"due_before", "before to until end end_date due_to"},
	{"days", "range period horizon"},
	{"tasks", "items ids task_ids updates"},
	{"time_zone", "timezone tz zone"},
	{"add_channel", "channel email webhook ntfy"},
	{"response_format", "format detail detailed verbose"},
}

// valueKnownAs lists other words for our values.
var valueKnownAs = []struct{ value, names string }{
	{"pending", "open todo active incomplete"},
	{"completed", "done complete finished closed"},
	{"complete", "done completed finish close"},
	{"urgent", "critical highest asap"},
	{"medium", "normal default"},
	{"detailed", "full long verbose"},
	{"concise", "short brief"},
}

// hint is advice for a caller.
type hint struct {
	text string // "" when there is nothing to say
	sure bool   // it names what was meant
}

func meant(name string) hint { return hint{fmt.Sprintf("did you mean %q?", name), true} }

// meantValue suggests the allowed value that was probably meant.
func meantValue(given string, allowed []string) hint {
	for _, k := range valueKnownAs {
		if slices.Contains(allowed, k.value) && slices.Contains(strings.Fields(k.names), strings.ToLower(given)) {
			return meant(k.value)
		}
	}
	if near := fault.Nearest(given, allowed); near != "" {
		return meant(near)
	}
	return hint{}
}

// advice covers guesses that the operation has no field for. An entry applies to
// operations that have the field beside; the first that applies is used.
var advice = []struct{ names, beside, text string }{
	{"add_tags remove_tags action", "task_id", "update_tasks takes it, for one task or several"},
	{"task_ids ids", "task_id", "this is about one task; update_tasks takes several"},
	{"status state completed done is_completed", "action", `give "action": "complete"; reopen_task opens a task again`},
	{"status state completed done is_completed", "title", "complete_task completes a task, reopen_task opens it again"},
	{"query q search text keyword keywords title", "sort_by", "search_tasks finds words"},
	{"due_date due date", "sort_by", `due_after and due_before make a range: {"due_after": "2026-03-01", "due_before": "2026-03-02"} is one day`},
	{"due_date due date due_after due_before sort_by sort_order", "query", "list_tasks takes it"},
	{"title name query category tag", "task_id", "search_tasks finds the task_id"},
	{"remind_at reminder_time remind", "title", "set_reminder takes it, once the task is there"},
	{"subtasks sub_tasks steps checklist children parts", "title", "add_tasks makes a task with its parts: each names what it is part of by parent_ref"},
	{"project_id section section_id", "title", "a category or a tag can hold tasks together"},
	{"url urls link links location place address attachment attachments", "description", "the description can hold it"},
	{"user user_id owner assignee assignee_id", "", "leave it out: whose tasks these are, the token says"},
}

// advise suggests what an unknown field name may have meant.
func advise(name string, known []argument) hint {
	has := func(field string) bool {
		return field == "" || slices.ContainsFunc(known, func(a argument) bool { return a.name == field })
	}
	guess := strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(name))
	among := func(names string) bool { return slices.Contains(strings.Fields(names), guess) }
	for _, k := range knownAs {
		if among(k.names) && has(k.field) {
			return meant(k.field)
		}
	}
	for _, a := range advice {
		if among(a.names) && has(a.beside) {
			return hint{text: a.text}
		}
	}
	names := make([]string, len(known))
	for i, a := range known {
		names[i] = a.name
	}
	if near := fault.Nearest(name, names); near != "" {
		return meant(near)
	}
	for _, a := range known {
		batch, isBatch := reflect.Zero(a.value).Interface().(interface{ item() reflect.Type })
		if isBatch && resembles(name, arguments(batch.item())) {
			return hint{text: "fields of a task belong into each of " + a.name}
		}
	}
	return hint{}
}

// resembles reports whether a name is one of the known fields, or may have meant one.
func resembles(name string, known []argument) bool {
	return slices.ContainsFunc(known, func(a argument) bool { return a.name == name }) || advise(name, known).text != ""
}

// formatted lists fields whose text has a format of its own, so that putting a
// number in quotes would not help.
var formatted = []string{"due_date", "due_after", "due_before", "remind_at", "recurrence_rule", "time_zone", "quiet_hours", "add_channel"}

// recast suggests how to write a value of the wrong JSON type; "" if that is
// unclear.
func (a argument) recast(value json.RawMessage) string {
	var given any
	if json.Unmarshal(value, &given) != nil {
		return ""
	}
	text, isText := given.(string)
	_, isNumber := given.(float64)
	switch kind := a.value.Kind(); {
	case kind == reflect.String && isNumber && a.enum() == nil && !slices.Contains(formatted, a.name):
		return fmt.Sprintf("give it as text: %q", fault.Clip(string(value)))
	case kind == reflect.Int || kind == reflect.Int64:
		if _, err := strconv.ParseInt(text, 10, 64); isText && err == nil {
			return "give it without quotes: " + fault.Clip(text)
		}
		if a.name == "task_id" && isText {
			return advise("title", []argument{a}).text
		}
		if a.name == "task_id" {
			return advise("task_ids", []argument{a}).text
		}
	case kind == reflect.Slice && isText && a.value.Elem().Kind() == reflect.String && !strings.ContainsAny(text, `[]{}"`):
		var items []string
		for _, item := range strings.Split(fault.Clip(text), ",") {
			items = append(items, strconv.Quote(strings.TrimSpace(item)))
		}
		if one := strconv.Quote(fault.Clip(text)); len(items) > 1 {
			return "give it as [" + strings.Join(items, ", ") + "], or as [" + one + "] if that is one"
		}
		return "give it as [" + items[0] + "]"
	case kind == reflect.Slice && isNumber:
		return "give it as [" + fault.Clip(string(value)) + "]"
	}
	return ""
}
