package tools

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/require"

	"tickler/api/operation"
)

// plain fails for what clients' converters do not take in a schema of arguments.
func plain(t *testing.T, where string, schema fields) {
	t.Helper()
	for key, value := range schema {
		switch key {
		case "type":
			require.IsType(t, "", value, where)
		case "enum":
			for _, one := range value.([]any) {
				require.IsType(t, "", one, where)
			}
		case "properties":
			for name, property := range value.(fields) {
				plain(t, where+"."+name, property.(fields))
			}
		case "items":
			plain(t, where+"[]", value.(fields))
		case "required", "description", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems":
		default:
			t.Errorf("%s has %s, which some clients do not take", where, key)
		}
	}
}

func TestSchemasOfArgumentsArePlain(t *testing.T) {
	served := &Tools{operations: operation.New(nil, nil, nil, nil, time.Now, slog.New(slog.DiscardHandler))}
	for _, one := range profiles {
		for _, tool := range served.toolsOf(one.of(served.operations)) {
			var schema fields
			require.NoError(t, json.Unmarshal(tool.Tool.RawInputSchema, &schema))
			plain(t, tool.Tool.Name, schema)
			require.IsType(t, fields{}, schema["properties"], tool.Tool.Name)
		}
	}
}

func TestEachProfileIsSmallEnough(t *testing.T) {
	served := &Tools{operations: operation.New(nil, nil, nil, nil, time.Now, slog.New(slog.DiscardHandler))}
	for _, one := range profiles {
		var listed []mcp.Tool
		for _, tool := range served.toolsOf(one.of(served.operations)) {
			listed = append(listed, tool.Tool)
		}
		text, err := json.Marshal(listed)
		require.NoError(t, err)
		t.Logf("?tools=%-9s %2d tools: %5d bytes", one.name, len(listed), len(text))
		require.LessOrEqual(t, len(text), map[string]int{"": 36 << 10, "core": 16 << 10, "read": 16 << 10, "connector": 2 << 10}[one.name], one.name)
	}
}

var callID = regexp.MustCompile(`call_id:[0-9a-f-]+`)

// Clients fill what the model left out with null, or with "".
func TestFieldsNotGivenChangeNothing(t *testing.T) {
	for _, tool := range all() {
		t.Run(tool.name, func(t *testing.T) {
			t.Parallel()
			var schema struct {
				Properties fields
				Required   []string
			}
			require.NoError(t, json.Unmarshal(tool.in, &schema))
			var want string
			for _, nothing := range []any{"left out", nil, "", "  "} {
				ann, _ := residents(t)
				begin(t, ann)
				arguments := fields{}
				if nothing != "left out" {
					for field := range schema.Properties {
						arguments[field] = nothing
					}
				}
				var given fields
				require.NoError(t, json.Unmarshal([]byte(valid[tool.name]), &given))
				for field, value := range given {
					arguments[field] = value
				}
				text, err := json.Marshal(arguments)
				require.NoError(t, err)
				answer := ann.call(t, tool.name, string(text))
				delete(answer, "note")
				// Each call has an id of its own.
				if got := callID.ReplaceAllString(fmt.Sprint(answer), ""); want == "" {
					want = got
				} else {
					require.Equal(t, want, got, "%q", nothing)
				}
			}
		})
	}
}
