package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// addSchemaFixtures adds the tools whose schemas the suite inspects.
func addSchemaFixtures(s *server.MCPServer) {
	for name, schema := range map[string]string{
		"json_schema_2020_12_tool": `{
			"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
			"$defs": {"address": {"$anchor": "addressDef", "type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
			"properties": {
				"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
				"contactMethod": {"type": "string", "enum": ["phone", "email"]}, "phone": {"type": "string"}, "email": {"type": "string"}
			},
			"allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
			"if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
			"then": {"required": ["phone"]}, "else": {"required": ["email"]}, "additionalProperties": false}`,
		"test_argument_in_header": `{"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}, "required": ["region"]}`,
	} {
		s.AddTool(mcp.NewToolWithRawSchema(name, "For the conformance suite.", json.RawMessage(schema)), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultText("ok"), nil
		})
	}
}

// withMissingCapability refuses a call of the fixture that needs sampling from a
// client that cannot sample. A handler of mcp-go cannot answer with this error.
func withMissingCapability(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var request struct {
			ID     json.RawMessage `json:"id"`
			Params struct {
				Name string `json:"name"`
				Meta struct {
					Capabilities struct {
						Sampling json.RawMessage `json:"sampling"`
					} `json:"io.modelcontextprotocol/clientCapabilities"`
				} `json:"_meta"`
			} `json:"params"`
		}
		if err != nil || json.Unmarshal(body, &request) != nil || request.Params.Name != "test_missing_capability" || request.Params.Meta.Capabilities.Sampling != nil {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": request.ID, "error": map[string]any{
			"code": mcp.MISSING_REQUIRED_CLIENT_CAPABILITY, "message": "this needs the capability sampling",
			"data": map[string]any{"requiredCapabilities": map[string]any{"sampling": map[string]any{}}},
		}})
	})
}
