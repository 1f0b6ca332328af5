package tools

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"
)

// valid maps each tool to arguments that succeed on task 1.
var valid = map[string]string{
	"add_task": `{"title":"x"}`, "list_tasks": `{}`, "get_task": `{"task_id":1}`, "update_task": `{"task_id":1,"title":"y"}`,
	"complete_task": `{"task_id":1}`, "delete_task": `{"task_id":1}`, "search_tasks": `{"query":"x"}`, "reopen_task": `{"task_id":1}`,
	"skip_occurrence": `{"task_id":1}`, "set_reminder": `{"task_id":1,"snooze_minutes":5}`, "get_overview": `{}`, "user_settings": `{}`,
	"add_tasks": `{"tasks":[{"title":"x"}]}`, "update_tasks": `{"tasks":[{"task_id":1,"title":"z"}]}`,
	"create_category": `{"name":"c"}`, "list_categories": `{}`, "update_category": `{"category":"first","color":"#000000"}`, "delete_category": `{"category":"first"}`,
	"create_tag": `{"name":"t"}`, "list_tags": `{}`, "update_tag": `{"tag":"first","color":"#000000"}`, "delete_tag": `{"tag":"first"}`,
	"add_tag_to_task": `{"task_id":1,"tag":"x"}`, "remove_tag_from_task": `{"task_id":1,"tag":"first"}`,
	"get_history": `{"task_id":1}`, "undo": `{"change_id":5}`,
}

// begin adds task 1, which recurs, and a category and tag.
func begin(t *testing.T, c *caller) {
	t.Helper()
	require.Equal(t, 1, c.add(t, `{"title":"x","tags":["first"],"due_date":"2026-03-10T09:00","recurrence_rule":"daily"}`))
	c.call(t, "create_category", `{"name":"first"}`)
}

func TestThereAreTwentySixTools(t *testing.T) {
	require.Len(t, valid, 26)
	require.Len(t, all(), 26)
	for _, tool := range all() {
		require.Contains(t, valid, tool.name)
	}
}

func TestEveryToolAnswersAValidCall(t *testing.T) {
	for name, arguments := range valid {
		t.Run(name, func(t *testing.T) {
			ann, _ := callers(t)
			begin(t, ann)
			requireDescribed(t, name, ann.call(t, name, arguments))
		})
	}
}

// requireDescribed requires that an answer meets its tool's output schema, and that
// the schema names all its fields.
func requireDescribed(t *testing.T, name string, answer fields) {
	t.Helper()
	for _, tool := range all() {
		if tool.name != name {
			continue
		}
		var schema jsonschema.Schema
		require.NoError(t, json.Unmarshal(tool.out, &schema))
		resolved, err := schema.Resolve(nil)
		require.NoError(t, err)
		require.NoError(t, resolved.Validate(answer))
		for field := range answer {
			require.Contains(t, schema.Properties, field)
		}
	}
}

func TestDetailedFormOfATaskIsWhollyDescribedByGetTask(t *testing.T) {
	ann, _ := callers(t)
	begin(t, ann)
	ann.call(t, "create_tag", `{"name":"unused"}`)
	ann.call(t, "update_task", `{"task_id":1,"category":"first","description":"whole story","reminder_offsets":[5]}`)
	found := ann.call(t, "search_tasks", `{"query":"sto","response_format":"detailed"}`)["tasks"].([]any)[0].(fields)
	require.Equal(t, []any{"whole **story**"}, found["highlights"])
	// What programs need more than agents do is described for REST only.
	for _, field := range []string{"category_id", "tag_ids", "recurrence_base", "series_id", "occurrence", "reminder_sent", "highlights", "relevance_score"} {
		delete(found, field)
	}
	for _, tool := range all() {
		if tool.name != "get_task" {
			continue
		}
		var schema jsonschema.Schema
		require.NoError(t, json.Unmarshal(tool.out, &schema))
		for field := range found {
			require.Contains(t, schema.Properties["task"].Properties, field)
		}
	}
	for _, left := range []string{"completed_at", "previous_task_id"} {
		require.NotContains(t, found, left, "what is empty is left out")
	}
}

// with returns a valid call with one argument changed.
func with(t *testing.T, arguments, field string, value any) string {
	t.Helper()
	var given fields
	require.NoError(t, json.Unmarshal([]byte(arguments), &given))
	given = maps.Clone(given)
	given[field] = value
	text, err := json.Marshal(given)
	require.NoError(t, err)
	return string(text)
}

func TestEveryToolRefusesEveryArgumentOfAWrongKind(t *testing.T) {
	ann, bob := callers(t)
	begin(t, ann)
	for _, tool := range all() {
		var schema struct{ Properties map[string]struct{ Type any } }
		require.NoError(t, json.Unmarshal(tool.in, &schema))
		_, failure := ann.try(t, tool.name, with(t, valid[tool.name], "user_id", 1))
		require.Equal(t, "user_id", failure["field"], tool.name)
		for _, arguments := range []string{`[]`, `"x"`, `7`, `{`} {
			_, failure = ann.try(t, tool.name, arguments)
			require.Equal(t, "arguments", failure["field"], "%s %s", tool.name, arguments)
		}
		for field, property := range schema.Properties {
			for _, wrong := range []any{fields{"a": 1}, true} {
				if field == "tasks" && wrong != true { // a batch of one
					continue
				}
				if wrong == true && property.Type == "boolean" {
					wrong = "perhaps"
				}
				_, failure := ann.try(t, tool.name, with(t, valid[tool.name], field, wrong))
				require.NotNil(t, failure, "%s %s %v", tool.name, field, wrong)
				require.Equal(t, "INVALID_INPUT", failure["code"], "%s: %s", tool.name, failure["message"])
				require.Equal(t, field, failure["field"], "%s: %s", tool.name, failure["message"])
			}
			if !strings.Contains(fmt.Sprint(property.Type), "string") {
				continue
			}
			for _, odd := range []string{strings.Repeat("é", 20_000), "a\x00b", "💥\u202e\u0301", "' OR 1=1 --", "\\"} {
				_, failure := ann.try(t, tool.name, with(t, valid[tool.name], field, odd))
				if failure != nil {
					require.NotEqual(t, "INTERNAL", failure["code"], "%s %s %.20q", tool.name, field, odd)
					require.Less(t, len(fmt.Sprint(failure["message"])), 1000, "%s %s", tool.name, field)
				}
			}
		}
		if _, takesTask := schema.Properties["task_id"]; takesTask {
			_, failure := bob.try(t, tool.name, valid[tool.name])
			require.Equal(t, "NOT_FOUND", failure["code"], "%s: another's task does not exist", tool.name)
		}
	}
}

// beyond returns values just outside a schema, by the limit they break.
func beyond(property fields) map[string]any {
	wrong := map[string]any{}
	number := func(name string) (int, bool) {
		n, ok := property[name].(float64)
		return int(n), ok
	}
	kinds := fmt.Sprint(property["type"])
	if n, ok := number("maximum"); ok {
		wrong["above maximum"] = n + 1
	}
	if n, ok := number("minimum"); ok {
		wrong["below minimum"] = n - 1
	}
	if n, ok := number("maxLength"); ok {
		wrong["longer than maxLength"] = strings.Repeat("ä", n+1)
	}
	if _, ok := number("minLength"); ok {
		wrong["empty"] = ""
	}
	if n, ok := number("maxItems"); ok {
		items := make([]any, n+1)
		for i := range items {
			items[i] = i + 1
			if item, _ := property["items"].(fields); fmt.Sprint(item["type"]) == "string" {
				items[i] = fmt.Sprint("item ", i)
			}
		}
		wrong["more than maxItems"] = items
	}
	if _, ok := property["enum"]; ok {
		wrong["not in enum"] = "no-such-value"
	}
	if item, ok := property["items"].(fields); ok && item["enum"] != nil {
		wrong["item not in enum"] = []any{"no-such-value"}
	}
	if strings.Contains(kinds, "integer") && !strings.Contains(kinds, "array") {
		wrong["a fraction"], wrong["beyond 64 bits"] = 1.5, json.Number("99999999999999999999")
	}
	return wrong
}

// A value beyond a field's limits is refused with the name of the field and what is
// allowed, also where the tool's schema does not say so.
func TestEveryToolRefusesWhatIsBeyondItsLimits(t *testing.T) {
	ann, _ := callers(t)
	begin(t, ann)
	limits := map[string]map[string]fields{}
	for _, o := range ann.tools.operations.All() {
		limits[o.Name] = map[string]fields{}
		for _, f := range o.Fields() {
			text, err := json.Marshal(f.Schema)
			require.NoError(t, err)
			var property fields
			require.NoError(t, json.Unmarshal(text, &property))
			limits[o.Name][f.Name] = property
		}
	}
	tried := 0
	for _, tool := range all() {
		var schema struct{ Required []string }
		require.NoError(t, json.Unmarshal(tool.in, &schema))
		for field, property := range limits[tool.name] {
			for what, value := range beyond(property) {
				if value == "" && !slices.Contains(schema.Required, field) {
					continue // not given
				}
				_, failure := ann.try(t, tool.name, with(t, valid[tool.name], field, value))
				require.NotNil(t, failure, "%s %s: %s", tool.name, field, what)
				require.Contains(t, []any{"INVALID_INPUT", "LIMIT_EXCEEDED"}, failure["code"], "%s %s: %s", tool.name, field, what)
				require.Equal(t, field, failure["field"], "%s: %s: %s", tool.name, what, failure["message"])
				text := fmt.Sprint(failure["message"], failure["hint"])
				require.Regexp(t, `allowed|for example|at most|must be|required`, text, "%s %s: %s", tool.name, field, what)
				tried++
			}
		}
		for _, field := range schema.Required {
			var given fields
			require.NoError(t, json.Unmarshal([]byte(valid[tool.name]), &given))
			delete(given, field)
			text, err := json.Marshal(given)
			require.NoError(t, err)
			_, failure := ann.try(t, tool.name, string(text))
			require.Equal(t, "INVALID_INPUT", failure["code"], "%s without %s", tool.name, field)
			require.Equal(t, field, failure["field"])
			require.Regexp(t, `required.*for example`, failure["message"], "%s without %s", tool.name, field)
			tried++
		}
	}
	require.Greater(t, tried, 120, "the schemas are read")
}

func TestValidCallsMeetTheInputSchemas(t *testing.T) {
	for _, tool := range all() {
		var schema jsonschema.Schema
		require.NoError(t, json.Unmarshal(tool.in, &schema))
		resolved, err := schema.Resolve(nil)
		require.NoError(t, err)
		var given any
		require.NoError(t, json.Unmarshal([]byte(valid[tool.name]), &given))
		require.NoError(t, resolved.Validate(given), tool.name)
		if i := strings.Index(tool.description, "Example: "); i < 0 {
			require.Empty(t, schema.Required, "%s has no example", tool.name)
		} else {
			var example any
			require.NoError(t, json.NewDecoder(strings.NewReader(tool.description[i+len("Example: "):])).Decode(&example), tool.name)
			require.NoError(t, resolved.Validate(example), "the example of %s", tool.name)
		}
	}
}
