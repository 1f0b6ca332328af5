package tools

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"

	"tickler/api/operation"
)

func all() []mcpTool {
	t := &Tools{operations: operation.New(nil, nil, nil, nil, time.Now, slog.New(slog.DiscardHandler))}
	var list []mcpTool
	for _, one := range t.all() {
		list = append(list, mcpTool{one.Tool.Name, one.Tool.RawInputSchema, one.Tool.RawOutputSchema, one.Tool.Title, one.Tool.Description})
	}
	return list
}

type mcpTool struct {
	name               string
	in, out            json.RawMessage
	title, description string
}

func TestEveryToolHasTitleExampleAndValidSchemas(t *testing.T) {
	for _, tool := range all() {
		t.Run(tool.name, func(t *testing.T) {
			require.NotEmpty(t, tool.title)
			require.Contains(t, tool.description, "Example: {")
			for _, text := range []json.RawMessage{tool.in, tool.out} {
				var schema jsonschema.Schema
				require.NoError(t, json.Unmarshal(text, &schema))
				_, err := schema.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
				require.NoError(t, err)
				require.Equal(t, "object", schema.Type)
			}
			// The example of the description is itself a valid call.
			_, rest, _ := strings.Cut(tool.description, "Example: ")
			var example json.RawMessage
			require.NoError(t, json.NewDecoder(strings.NewReader(rest)).Decode(&example))
			var schema jsonschema.Schema
			require.NoError(t, json.Unmarshal(tool.in, &schema))
			resolved, err := schema.Resolve(nil)
			require.NoError(t, err)
			var value any
			require.NoError(t, json.Unmarshal(example, &value))
			require.NoError(t, resolved.Validate(value))
		})
	}
}
