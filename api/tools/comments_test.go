package tools

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAgentCommentsOnATask(t *testing.T) {
	ann, bob := callers(t)
	id := int(ann.call(t, "add_task", `{"title": "Renovate the bathroom"}`)["task"].(fields)["id"].(float64))
	for n := range 5 {
		done := ann.call(t, "update_task", fmt.Sprintf(`{"task_id": %d, "comment": {"text": "note %d", "url": "https://example.com/%d"}}`, id, n, n))
		require.Equal(t, []any{"comment"}, done["changed"])
	}
	got := ann.call(t, "get_task", fmt.Sprintf(`{"task_id": %d}`, id))
	require.EqualValues(t, 5, got["comment_count"])
	latest := got["comments"].([]any)
	require.Len(t, latest, 3)
	newest := latest[0].(fields)
	require.Equal(t, "note 4", newest["text"])
	require.Equal(t, "https://example.com/4", newest["url"])
	require.Equal(t, "document", newest["kind"])
	older := ann.call(t, "get_task", fmt.Sprintf(`{"task_id": %d, "comments_before": %d}`, id, int(latest[2].(fields)["id"].(float64))))
	require.Len(t, older["comments"], 2)
	require.Len(t, ann.call(t, "get_task", fmt.Sprintf(`{"task_id": %d, "comments_before": 9000000000000000}`, id))["comments"], 5)

	number := int(newest["id"].(float64))
	done := ann.call(t, "update_tasks", fmt.Sprintf(`{"tasks": [{"task_id": %d, "comment": {"id": %d, "delete": true}}, {"task_id": %d, "comment": {"text": "batched"}, "action": "complete"}]}`, id, number, id))
	require.EqualValues(t, 2, done["succeeded"], done)
	require.EqualValues(t, 5, ann.call(t, "get_task", fmt.Sprintf(`{"task_id": %d}`, id))["comment_count"])
	for _, wrong := range []string{`{"text": ""}`, `{}`, `["text"]`, `7`, `"{text"`, `{"words": "x"}`, `{"text": 7}`, `{"url": "javascript:x"}`} {
		_, refused := ann.try(t, "update_task", fmt.Sprintf(`{"task_id": %d, "comment": %s}`, id, wrong))
		require.Equal(t, "INVALID_INPUT", refused["code"], wrong)
		require.Equal(t, "comment", refused["field"], wrong)
	}
	_, refused := ann.try(t, "update_task", fmt.Sprintf(`{"task_id": %d, "comment": {"id": %d, "delete": true, "text": "or this"}}`, id, int(latest[1].(fields)["id"].(float64))))
	require.Equal(t, "INVALID_INPUT", refused["code"], "one of the two was not meant")
	ann.call(t, "update_task", fmt.Sprintf(`{"task_id": %d, "comment": "[draft] as it stands"}`, id))
	require.Equal(t, "[draft] as it stands", ann.call(t, "get_task", fmt.Sprintf(`{"task_id": %d}`, id))["comments"].([]any)[0].(fields)["text"])
	_, refused = bob.try(t, "update_task", fmt.Sprintf(`{"task_id": %d, "comment": {"text": "mine"}}`, id))
	require.Equal(t, "NOT_FOUND", refused["code"])
	require.NotContains(t, ann.call(t, "list_tasks", `{"status": "all"}`)["tasks"].([]any)[0], "comments", "a list has none")
}
