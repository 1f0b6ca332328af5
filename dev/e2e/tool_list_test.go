package e2e

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
)

var everyTool = []string{
	"add_task", "complete_task", "delete_task", "get_task", "list_tasks",
	"reopen_task", "search_tasks", "skip_occurrence", "update_task",
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
	for _, name := range everyTool {
		require.Contains(t, tools, name)
	}
	readOnly := []string{"get_task", "list_tasks", "search_tasks"}
	destructive := []string{"delete_task", "update_task"}
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
			require.NotEmpty(t, property.(map[string]any)["description"], "%s.%s", name, field)
		}
		if !slices.Contains(everyTool, name) {
			continue
		}
		require.Equal(t, slices.Contains(readOnly, name), tool.Annotations.ReadOnlyHint, name)
		require.Equal(t, slices.Contains(destructive, name), *tool.Annotations.DestructiveHint, name)
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
	require.GreaterOrEqual(t, len(message.Result.Tools), len(everyTool))
	for _, tool := range message.Result.Tools {
		for _, hint := range []string{"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} {
			require.Contains(t, tool.Annotations, hint, tool.Name)
		}
	}
	require.Less(t, len(r.body), 32<<10, "the tools/list of all tools must stay small")
}

func TestAnswersMeetTheOutputSchemas(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	tools := listTools(t, p)
	id := p.add(t, fields{"title": "seen by every tool", "due_date": in(day), "recurrence_rule": "daily", "tags": []string{"a"}}).ID
	for _, c := range []struct {
		tool      string
		arguments fields
	}{
		{"add_task", fields{"title": "x"}}, {"add_task", fields{}},
		{"get_task", fields{"task_id": id}}, {"get_task", fields{"task_id": 1 << 40}},
		{"list_tasks", fields{}}, {"search_tasks", fields{"query": "seen"}},
		{"update_task", fields{"task_id": id, "priority": "high"}}, {"skip_occurrence", fields{"task_id": id}},
		{"complete_task", fields{"task_id": id}}, {"delete_task", fields{"task_id": id}}, {"reopen_task", fields{"task_id": id}},
	} {
		for _, form := range []string{"concise", "detailed"} {
			c.arguments["response_format"] = form
			a, err := p.try(t.Context(), c.tool, c.arguments)
			require.NoError(t, err, c.tool)
			var value any
			require.NoError(t, json.Unmarshal([]byte(a.text), &value))
			require.NoError(t, resolve(t, tools[c.tool].OutputSchema).Validate(value), "%s: %s", c.tool, a.text)
			requireDescribed(t, c.tool, tools[c.tool].OutputSchema.(map[string]any), value)
		}
	}
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
			require.Contains(t, properties, name, where)
			requireDescribed(t, where+"."+name, properties[name].(map[string]any), inner)
		}
	case []any:
		for _, inner := range value {
			requireDescribed(t, where+"[]", schema["items"].(map[string]any), inner)
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
