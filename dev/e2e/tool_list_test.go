package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
)

// effects are what calling each tool may do, in the order of a session in which
// each is called once and succeeds. A tool that is not here fails the tests.
var effects = []struct {
	tool                  string
	readOnly, destructive bool
	arguments             func(id int64) fields
}{
	{"add_task", false, false, func(int64) fields { return fields{"title": "x"} }},
	{"add_tasks", false, false, func(int64) fields { return fields{"tasks": []fields{{"title": "y"}, {}}} }},
	{"get_task", true, false, ofTask(nil)},
	{"list_tasks", true, false, func(int64) fields { return fields{} }},
	{"search_tasks", true, false, func(int64) fields { return fields{"query": "seen"} }},
	{"get_overview", true, false, func(int64) fields { return fields{} }},
	{"update_task", false, true, ofTask(fields{"priority": "high"})},
	{"update_tasks", false, true, func(id int64) fields { return fields{"tasks": []fields{{"task_id": id, "priority": "low"}}} }},
	{"set_reminder", false, true, ofTask(fields{"remind_before_minutes": []int{30}})},
	{"add_tag_to_task", false, false, ofTask(fields{"tag": "b"})},
	{"remove_tag_from_task", false, true, ofTask(fields{"tag": "b"})},
	{"skip_occurrence", false, false, ofTask(nil)},
	{"complete_task", false, false, ofTask(nil)},
	{"delete_task", false, true, ofTask(nil)},
	{"reopen_task", false, false, ofTask(nil)},
	{"create_category", false, false, func(int64) fields { return fields{"name": "Work"} }},
	{"list_categories", true, false, func(int64) fields { return fields{} }},
	{"update_category", false, true, func(int64) fields { return fields{"category": "Work", "name": "Office"} }},
	{"delete_category", false, true, func(int64) fields { return fields{"category": "Office"} }},
	{"create_tag", false, false, func(int64) fields { return fields{"name": "errand"} }},
	{"list_tags", true, false, func(int64) fields { return fields{} }},
	{"update_tag", false, true, func(int64) fields { return fields{"tag": "errand", "color": "#1E90FF"} }},
	{"delete_tag", false, true, func(int64) fields { return fields{"tag": "errand"} }},
	{"user_settings", false, true, func(int64) fields { return fields{"reminder_offsets": []int{10}} }},
	{"get_history", true, false, func(int64) fields { return fields{"limit": 1} }},
	{"undo", false, true, func(int64) fields { return fields{"dry_run": true} }}, // of the last change
}

// ofTask are the arguments of a tool that works on one task.
func ofTask(more fields) func(id int64) fields {
	return func(id int64) fields {
		all := fields{"task_id": id}
		maps.Copy(all, more)
		return all
	}
}

// listTools reads the tools as a client gets them.
func listTools(t testing.TB, p *person) map[string]*mcp.Tool {
	t.Helper()
	listed, err := p.session.ListTools(t.Context(), nil)
	require.NoError(t, err)
	tools := map[string]*mcp.Tool{}
	for _, tool := range listed.Tools {
		tools[tool.Name] = tool
	}
	return tools
}

func TestToolsDescribeThemselves(t *testing.T) {
	t.Parallel()
	s := shared(t)
	tools := listTools(t, s.person(t, ""))
	require.Len(t, tools, len(effects))
	for _, e := range effects {
		require.Contains(t, tools, e.tool)
		require.Equal(t, e.readOnly, tools[e.tool].Annotations.ReadOnlyHint, e.tool)
		require.Equal(t, e.destructive, *tools[e.tool].Annotations.DestructiveHint, e.tool)
	}
	for name, tool := range tools {
		require.NotEmpty(t, tool.Title, name)
		require.NotEmpty(t, tool.Description, name)
		for _, schema := range []any{tool.InputSchema, tool.OutputSchema} {
			require.NotNil(t, schema, name)
			resolve(t, schema)
		}
		properties, ok := tool.InputSchema.(map[string]any)["properties"].(map[string]any)
		require.True(t, ok, name)
		for field, property := range properties {
			if _, asWhenAdded := tools["add_task"].InputSchema.(map[string]any)["properties"].(map[string]any)[field]; name == "update_task" && asWhenAdded {
				continue
			}
			require.NotEmpty(t, property.(map[string]any)["description"], "%s.%s", name, field)
		}
		require.False(t, *tool.Annotations.OpenWorldHint, name)
	}
}

// The SDK's client gives a hint that was left out the value false: all four are
// looked for in what the server sent.
func TestEveryToolHasItsFourHints(t *testing.T) {
	t.Parallel()
	s := shared(t)
	r := s.post(t, s.person(t, "").token, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
	var message struct {
		Result struct {
			Tools []struct {
				Name        string
				Annotations map[string]any
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &message), r.body)
	require.Len(t, message.Result.Tools, len(effects))
	for _, tool := range message.Result.Tools {
		for _, hint := range []string{"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} {
			require.Contains(t, tool.Annotations, hint, tool.Name)
		}
	}
	require.Less(t, len(r.body), 36<<10, "the tools/list of all tools must stay small")
}

func TestAnswersMeetTheOutputSchemas(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	tools := listTools(t, p)
	meets := func(tool string, arguments fields) (succeeded bool) {
		a, err := p.try(t.Context(), tool, arguments)
		require.NoError(t, err, tool)
		var value any
		require.NoError(t, json.Unmarshal([]byte(a.text), &value))
		schema := tools[tool].OutputSchema
		require.NoError(t, resolve(t, schema).Validate(value), "%s: %s", tool, a.text)
		requireDescribed(t, tool, schema.(map[string]any), value)
		return a.Error == nil
	}
	for _, form := range []string{"concise", "detailed"} {
		id := p.add(t, fields{"title": "seen by every tool", "due_date": in(day), "recurrence_rule": "daily", "tags": []string{"a"}}).ID
		for _, e := range effects {
			arguments := e.arguments(id)
			if _, takes := tools[e.tool].InputSchema.(map[string]any)["properties"].(map[string]any)["response_format"]; takes {
				arguments["response_format"] = form
			}
			if e.tool == "undo" {
				var history struct {
					Changes []struct {
						ID int64 `json:"change_id"`
					}
				}
				require.NoError(t, json.Unmarshal([]byte(p.call(t, "get_history", fields{"limit": 1}).text), &history))
				arguments["change_id"] = history.Changes[0].ID
			}
			require.True(t, meets(e.tool, arguments), "%s with %v", e.tool, arguments)
		}
	}
	for _, e := range effects {
		require.False(t, meets(e.tool, fields{"user_id": 1}), e.tool)
	}
}

// forPrograms are fields of a task that agents hardly need: the description of REST has
// them, and to keep the list of tools small get_task's schema has not.
var forPrograms = []string{
	"category_id", "tag_ids", "recurrence_base", "series_id", "occurrence", "previous_task_id", "reminder_sent", "highlights", "relevance_score", "ready", "open_blockers",
}

// requireDescribed sees that a value has no property that its schema is silent about.
func requireDescribed(t testing.TB, where string, schema map[string]any, value any) {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		properties, described := schema["properties"].(map[string]any)
		if !described {
			return // an open object: the schema of another tool tells its properties
		}
		for name, inner := range value {
			if where == "get_task.task" && slices.Contains(forPrograms, name) {
				continue
			}
			require.Contains(t, properties, name, where)
			requireDescribed(t, where+"."+name, properties[name].(map[string]any), inner)
		}
	case []any:
		items, described := schema["items"].(map[string]any)
		if !described {
			return
		}
		for _, inner := range value {
			requireDescribed(t, where+"[]", items, inner)
		}
	}
}

func resolve(t testing.TB, schema any) *jsonschema.Resolved {
	t.Helper()
	text, err := json.Marshal(schema)
	require.NoError(t, err)
	var parsed jsonschema.Schema
	require.NoError(t, json.Unmarshal(text, &parsed))
	resolved, err := parsed.Resolve(nil)
	require.NoError(t, err)
	return resolved
}

func TestFullPageOfConciseTasksIsSmall(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "America/Argentina/ComodRivadavia")
	s.exec(t, `INSERT INTO categories (user_id, name, name_key) SELECT id, 'Household', 'household' FROM users WHERE subject = $1`, p.name)
	for range 50 {
		p.call(t, "add_task", fields{
			"title": "Write the minutes of the monthly meeting", "priority": "medium", "category": "Household",
			"description": "Everybody waits for them: send them to the whole list, and to those who were away too. " + repeat("long ", 100),
			"due_date":    "2031-03-01T17:30", "recurrence_rule": "monthly", "tags": []string{"home", "writing"},
		})
	}
	page := p.call(t, "list_tasks", fields{})
	require.Len(t, page.Tasks, 50)
	require.NotContains(t, page.text, "null")
	t.Logf("fifty tasks with long descriptions, recurrence and tags: %d bytes", len(page.text))
	require.Less(t, len(page.text), 16<<10)
}
