package tools

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// An agent renovates the bathroom: a tree in one call, what waits for what, something
// on hold, and what to do next.
func TestAgentWorksThroughATree(t *testing.T) {
	ann, _ := callers(t)
	added := ann.call(t, "add_tasks", `{"tasks": [
		{"title": "Renovate the bathroom", "ref": "bath"},
		{"title": "Choose tiles", "ref": "tiles", "parent_ref": "bath", "estimate_minutes": 60},
		{"title": "Book the plumber", "ref": "plumber", "parent_ref": "bath", "waiting_for": "the plumber's offer"},
		{"title": "Lay tiles", "ref": "lay", "parent_ref": "bath", "blocked_by_refs": ["tiles", "plumber"]},
		{"title": "Buy milk"},
		{"title": "Lost", "parent_ref": "nobody"}
	]}`)
	require.EqualValues(t, 5, added["succeeded"], added)
	require.EqualValues(t, 1, added["failed"])
	id := map[string]int{}
	for _, one := range added["results"].([]any) {
		if found, ok := one.(fields)["task"].(fields); ok {
			id[found["title"].(string)] = int(found["id"].(float64))
		}
	}
	titles := func(answer fields, part string) (all []string) {
		list := answer
		if part != "" {
			list = answer[part].(fields)
		}
		for _, one := range list["tasks"].([]any) {
			all = append(all, one.(fields)["title"].(string))
		}
		return all
	}
	over := ann.call(t, "get_overview", `{}`)
	require.ElementsMatch(t, []string{"Choose tiles", "Buy milk"}, titles(over, "ready"))
	require.Equal(t, []string{"Book the plumber"}, titles(over, "waiting"))
	require.ElementsMatch(t, []string{"Renovate the bathroom", "Buy milk"}, titles(over, "undated"), "a tree counts once")

	lay := ann.call(t, "get_task", fmt.Sprintf(`{"task_id": %d}`, id["Lay tiles"]))["task"].(fields)
	require.Len(t, lay["blocked_by"], 2)
	ann.call(t, "complete_task", fmt.Sprintf(`{"task_id": %d}`, id["Choose tiles"]))
	ann.call(t, "update_task", fmt.Sprintf(`{"task_id": %d, "clear": ["waiting_for"]}`, id["Book the plumber"]))
	ann.call(t, "complete_task", fmt.Sprintf(`{"task_id": %d}`, id["Book the plumber"]))
	require.Contains(t, titles(ann.call(t, "list_tasks", `{"ready": true}`), ""), "Lay tiles")
	require.Equal(t, []string{"Lay tiles"}, titles(ann.call(t, "list_tasks", fmt.Sprintf(`{"parent_id": %d, "status": "pending"}`, id["Renovate the bathroom"])), ""))
	done := ann.call(t, "complete_task", fmt.Sprintf(`{"task_id": %d, "parts": "complete"}`, id["Renovate the bathroom"]))
	require.Contains(t, done["note"], "1 open part was completed with it")
	require.EqualValues(t, 0, done["task"].(fields)["parts"].(fields)["open"], "the answer counts what was done just now")
	over = ann.call(t, "get_overview", `{}`)
	require.NotContains(t, over, "ready", "nothing open has structure any more")
}

// An answer that told how the task stood before would be taken for a refusal.
func TestAnswerTellsHowTheTaskStandsAfterTheCall(t *testing.T) {
	ann, _ := callers(t)
	id := ann.add(t, `{"title": "First"}`)
	of := func(answer fields) fields { return answer["task"].(fields) }
	blocked := []any{float64(id)}
	added := of(ann.call(t, "add_task", fmt.Sprintf(`{"title": "Second", "blocked_by": [%d], "response_format": "detailed"}`, id)))
	require.Equal(t, blocked, added["blocked_by"])
	require.Equal(t, blocked, added["open_blockers"])
	require.NotContains(t, added, "ready")
	second := int(added["id"].(float64))
	require.NotContains(t, of(ann.call(t, "update_task", fmt.Sprintf(`{"task_id": %d, "clear": ["blocked_by"]}`, second))), "blocked_by")
	require.Equal(t, blocked, of(ann.call(t, "update_task", fmt.Sprintf(`{"task_id": %d, "blocked_by": [%d]}`, second, id)))["blocked_by"])

	tree := ann.call(t, "add_tasks", `{"tasks": [{"title": "Root", "ref": "r"}, {"title": "A", "ref": "a", "parent_ref": "r"}, {"title": "B", "parent_ref": "r", "blocked_by_refs": ["a"]}]}`)["results"].([]any)
	root, a, b := of(tree[0].(fields)), of(tree[1].(fields)), of(tree[2].(fields))
	require.Equal(t, fields{"open": float64(2)}, root["parts"])
	require.Equal(t, []any{a["id"]}, b["blocked_by"])
	ann.call(t, "update_task", fmt.Sprintf(`{"task_id": %v, "blocked_by": [%v]}`, root["id"], b["id"]))
	deleted := of(ann.call(t, "delete_task", fmt.Sprintf(`{"task_id": %v}`, root["id"])))
	require.Contains(t, deleted, "deleted_at")
	restored := of(ann.call(t, "reopen_task", fmt.Sprintf(`{"task_id": %v}`, root["id"])))
	require.Equal(t, fields{"open": float64(2)}, restored["parts"])
	require.Equal(t, []any{b["id"]}, restored["blocked_by"])
	done := of(ann.call(t, "complete_task", fmt.Sprintf(`{"task_id": %v, "parts": "complete"}`, root["id"])))
	require.Equal(t, fields{"open": float64(0), "done": float64(2)}, done["parts"])
	require.NotContains(t, done, "blocked_by", "it was blocked by its part, which is done too")
}

func TestATreeIsRefusedAsAWhole(t *testing.T) {
	ann, _ := callers(t)
	added := ann.call(t, "add_tasks", `{"tasks": [
		{"title": "Root", "ref": "r"}, {"title": "Part", "parent_ref": "r", "priority": "none"}, {"title": "By itself"},
		{"title": "A", "ref": "a", "blocked_by_refs": ["b"]}, {"title": "B", "ref": "b", "blocked_by_refs": ["a"]}
	]}`)
	require.EqualValues(t, 1, added["succeeded"], added)
	results := added["results"].([]any)
	require.Equal(t, "ref", results[0].(fields)["error"].(fields)["field"])
	require.Equal(t, "priority", results[1].(fields)["error"].(fields)["field"])
	require.NotNil(t, results[2].(fields)["task"])
	require.Contains(t, results[3].(fields)["error"].(fields)["message"], "circle")
	require.EqualValues(t, 1, ann.call(t, "list_tasks", `{}`)["total"])
}
