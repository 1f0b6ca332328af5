package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/require"

	"tickler/api/operation"
	"tickler/internal/history"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// caller calls the tools as a user does, on a real database.
type caller struct {
	tools *Tools
	user  person.Settings
	store *repository.Repository
}

// callers are two users of one system at 08:00 UTC of 2026-03-02.
func callers(t *testing.T) (ann, bob *caller) {
	t.Helper()
	t.Parallel()
	return residents(t)
}

// residents are callers, for a test that needs them more than once.
func residents(t *testing.T) (ann, bob *caller) {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }
	store := repository.New(pgtest.Open(t), "api", func() {})
	labels := label.NewService(store, now)
	tools := &Tools{operations: operation.New(task.NewService(store, now), labels, person.NewService(store, now, person.ChannelRules{}), history.NewService(store, now), now, slog.New(slog.DiscardHandler)), labels: labels}
	ensure := func(name, zone string) *caller {
		id, err := store.EnsureUser(context.Background(), repository.LocalIssuer, name, zone)
		require.NoError(t, err)
		user, err := store.Settings(context.Background(), id)
		require.NoError(t, err)
		return &caller{tools, user, store}
	}
	return ensure("ann", "Europe/Berlin"), ensure("bob", "UTC")
}

// fields are arguments or an answer.
type fields = map[string]any

// try calls a tool and returns its answer and, of a failure, the error in it.
func (c *caller) try(t *testing.T, tool, arguments string) (answer, failure fields) {
	t.Helper()
	for _, one := range c.tools.all() {
		if one.Tool.Name != tool {
			continue
		}
		request := mcp.CallToolRequest{Params: mcp.CallToolParams{Name: tool, RawArguments: json.RawMessage(arguments)}}
		result, err := one.Handler(operation.WithUser(context.Background(), c.user), request)
		require.NoError(t, err)
		text := result.Content[0].(mcp.TextContent).Text
		require.JSONEq(t, text, string(result.StructuredContent.(json.RawMessage)))
		require.NoError(t, json.Unmarshal([]byte(text), &answer))
		if result.IsError {
			return nil, answer["error"].(fields)
		}
		return answer, nil
	}
	t.Fatalf("there is no tool %s", tool)
	return nil, nil
}

func (c *caller) call(t *testing.T, tool, arguments string) fields {
	t.Helper()
	answer, failure := c.try(t, tool, arguments)
	require.Nil(t, failure)
	return answer
}

// add adds a task and returns its id.
func (c *caller) add(t *testing.T, arguments string) int {
	t.Helper()
	return int(c.call(t, "add_task", arguments)["task"].(fields)["id"].(float64))
}

func TestOneBadItemSpoilsNoOther(t *testing.T) {
	ann, bob := callers(t)
	theirs := bob.add(t, `{"title":"Bob's"}`)
	added := ann.call(t, "add_tasks", `{"tasks":[
		{"title":"Milk 🥛","tags":["errand"],"idempotency_key":"a"},
		{"titel":"x"}, {"title":"x","due_date":"soon"}, 7, null, {"title":"x","category":"none"},
		{"title":"Rent","due_date":"2026-03-04T09:00","recurrence_rule":"daily"}]}`)
	require.EqualValues(t, 2, added["succeeded"])
	require.EqualValues(t, 5, added["failed"])
	results := added["results"].([]any)
	require.Len(t, results, 7)
	for i, field := range []any{nil, "titel", "due_date", "arguments", "title", "category", nil} {
		one := results[i].(fields)
		require.EqualValues(t, i, one["index"])
		if field == nil {
			require.NotNil(t, one["task"])
			continue
		}
		require.Equal(t, field, one["error"].(fields)["field"])
	}
	id := func(i int) int { return int(results[i].(fields)["task"].(fields)["id"].(float64)) }
	again := ann.call(t, "add_tasks", `{"tasks":[{"title":"Milk 🥛","tags":["errand"],"idempotency_key":"a"},{"title":"Other","idempotency_key":"a"}]}`)["results"].([]any)
	require.EqualValues(t, id(0), again[0].(fields)["task"].(fields)["id"])
	require.Contains(t, again[0].(fields)["note"], "idempotency_key")
	require.Equal(t, "CONFLICT", again[1].(fields)["error"].(fields)["code"])

	edited := ann.call(t, "update_tasks", fmt.Sprintf(`{"tasks":[
		{"task_id":%d,"priority":"high","add_tags":["shop","Errand"],"remove_tags":["errand"]},
		{"task_id":%d,"title":"mine"},
		{"task_id":%[3]d,"title":"Pay rent","action":"complete"},
		{"task_id":%[3]d,"priority":"none","action":"delete"},
		{"task_id":%[1]d,"action":"delete","if_version":1},
		{"task_id":%[1]d,"action":"delete"},
		{"task_id":%[1]d,"action":"explode"}]}`, id(0), theirs, id(6)))
	results = edited["results"].([]any)
	require.EqualValues(t, 3, edited["succeeded"])
	require.Equal(t, []any{"priority", "tag_ids"}, results[0].(fields)["changed"])
	require.Equal(t, []any{"Errand", "shop"}, fold(results[0].(fields)["task"].(fields)["tags"]))
	require.Equal(t, "NOT_FOUND", results[1].(fields)["error"].(fields)["code"])
	require.Equal(t, "2026-03-05T09:00:00+01:00", results[2].(fields)["next_due"])
	require.Equal(t, true, results[2].(fields)["task"].(fields)["completed"])
	require.Equal(t, "priority", results[3].(fields)["error"].(fields)["field"])
	require.Equal(t, "if_version", results[4].(fields)["error"].(fields)["field"])
	require.Contains(t, results[5].(fields)["note"], "reopen_task")
	require.Equal(t, "action", results[6].(fields)["error"].(fields)["field"])
	left := ann.call(t, "list_tasks", `{}`)
	require.EqualValues(t, 1, left["total"], "what was refused was not done by half")
}

// fold gives the tag errand its first name, whichever case came first.
func fold(tags any) []any {
	all := tags.([]any)
	for i, tag := range all {
		if strings.EqualFold(tag.(string), "errand") {
			all[i] = "Errand"
		}
	}
	return all
}

func TestCategoriesTagsRemindersAndSettingsAreAnsweredWithWhatOneNeedsNext(t *testing.T) {
	ann, _ := callers(t)
	created := ann.call(t, "create_category", `{"name":"Work","color":"#1E90FF"}`)
	require.Equal(t, "#1E90FF", created["category"].(fields)["color"])
	id := ann.add(t, `{"title":"x","category":"work","tags":["a"],"due_date":"2026-03-05"}`)
	listed := ann.call(t, "list_categories", `{}`)["categories"].([]any)
	require.EqualValues(t, 1, listed[0].(fields)["task_count"])
	require.Equal(t, []any{"name"}, ann.call(t, "update_category", `{"category":"work","name":"Office"}`)["changed"])
	require.EqualValues(t, 1, ann.call(t, "delete_category", `{"category":"office"}`)["tasks_unfiled"])
	require.Empty(t, ann.call(t, "list_categories", `{}`)["categories"])

	tagged := ann.call(t, "add_tag_to_task", fmt.Sprintf(`{"task_id":%d,"tag":"b"}`, id))
	require.Equal(t, []any{"a", "b"}, tagged["task"].(fields)["tags"])
	require.Contains(t, ann.call(t, "add_tag_to_task", fmt.Sprintf(`{"task_id":%d,"tag":"B"}`, id))["note"], "nothing changed")
	require.Contains(t, ann.call(t, "remove_tag_from_task", fmt.Sprintf(`{"task_id":%d,"tag":"b"}`, id))["changed"], "tag_ids")
	require.Len(t, ann.call(t, "list_tags", `{}`)["tags"], 2)
	require.EqualValues(t, 1, ann.call(t, "delete_tag", `{"tag":"a"}`)["tasks_untagged"])

	set := ann.call(t, "set_reminder", fmt.Sprintf(`{"task_id":%d,"remind_before_minutes":60,"response_format":"detailed"}`, id))
	require.Equal(t, "2026-03-05T08:00:00+01:00", set["remind_at"], "an hour before the time of day at which days remind")
	require.Len(t, set["reminders"], 1)
	set = ann.call(t, "set_reminder", fmt.Sprintf(`{"task_id":%d,"remind_at":"2026-03-03","response_format":"detailed"}`, id))
	require.Equal(t, "2026-03-03T09:00:00+01:00", set["remind_at"])
	require.Len(t, set["task"].(fields)["reminders"], 2)
	require.Equal(t, "2026-03-02T09:10:00+01:00", ann.call(t, "set_reminder", fmt.Sprintf(`{"task_id":%d,"snooze_minutes":10}`, id))["remind_at"])

	overview := ann.call(t, "get_overview", `{}`)
	require.EqualValues(t, 1, overview["upcoming"].(fields)["count"])
	require.Equal(t, "2026-03-02T09:00:00+01:00", overview["now"])
	require.Equal(t, "2026-03-10T00:00:00+01:00", overview["until"])
	read := ann.call(t, "user_settings", `{}`)
	require.Equal(t, fields{"time_zone": "Europe/Berlin", "reminder_offsets": []any{60.0}, "all_day_time": "09:00", "now": "2026-03-02T09:00:00+01:00"}, read)
	require.Equal(t, []any{"reminder_offsets", "time_zone"}, ann.call(t, "user_settings", `{"time_zone":"Asia/Tokyo","reminder_offsets":[]}`)["changed"])
}
