package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

const (
	onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
	silence  = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA="
)

var fixtureDescription = mcp.WithPromptDescription("For the conformance suite.")

// addFixtures adds the tools, prompts and resources that the suite's scenarios look
// for by name, and logging, which Tickler itself does not use.
func addFixtures(s *server.MCPServer) {
	server.WithLogging()(s)
	addSchemaFixtures(s)
	text := mcp.NewTextContent("text of the fixture")
	image := mcp.NewImageContent(onePixel, "image/png")
	embedded := mcp.NewEmbeddedResource(mcp.TextResourceContents{URI: "test://embedded", MIMEType: "text/plain", Text: "an embedded resource"})
	for name, content := range map[string][]mcp.Content{
		"test_simple_text":            {text},
		"test_image_content":          {image},
		"test_audio_content":          {mcp.NewAudioContent(silence, "audio/wav")},
		"test_embedded_resource":      {embedded},
		"test_multiple_content_types": {text, image, embedded},
	} {
		fixture(s, name, func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return &mcp.CallToolResult{Content: content}, nil
		})
	}
	fixture(s, "test_missing_capability", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("the client can sample"), nil
	})
	fixture(s, "test_error_handling", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultError("This tool intentionally returns an error for testing"), nil
	})
	fixture(s, "test_tool_with_progress", func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		for percent := 0; percent <= 100; percent += 50 {
			if meta := request.Params.Meta; meta != nil && meta.ProgressToken != nil {
				err := s.SendNotificationToClient(ctx, string(mcp.MethodNotificationProgress), map[string]any{"progressToken": meta.ProgressToken, "progress": percent, "total": 100})
				if err != nil {
					return nil, err
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
		return mcp.NewToolResultText("done"), nil
	})
	fixture(s, "test_tool_with_logging", func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		for _, step := range []string{"begun", "at work", "done"} {
			err := s.SendNotificationToClient(ctx, string(mcp.MethodNotificationMessage), map[string]any{"level": "info", "data": step})
			if err != nil {
				return nil, err
			}
			time.Sleep(50 * time.Millisecond)
		}
		return mcp.NewToolResultText("done"), nil
	})
	fixture(s, "test_streaming_elicitation", askFor("answer", question("answer", "What now?", "answer")))
	fixture(s, "test_logging_tool", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("nobody asked for a log"), nil
	})
	addResourceFixtures(s)
	addPromptFixtures(s)
	addInputFixtures(s)
}

func fixture(s *server.MCPServer, name string, handler server.ToolHandlerFunc) {
	s.AddTool(mcp.NewTool(name, mcp.WithDescription("For the conformance suite.")), handler)
}

func addResourceFixtures(s *server.MCPServer) {
	s.AddResource(mcp.NewResource("test://static-text", "static-text", mcp.WithMIMEType("text/plain")),
		func(_ context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.Params.URI, MIMEType: "text/plain", Text: "static text"}}, nil
		})
	s.AddResource(mcp.NewResource("test://static-binary", "static-binary", mcp.WithMIMEType("image/png")),
		func(_ context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return []mcp.ResourceContents{mcp.BlobResourceContents{URI: r.Params.URI, MIMEType: "image/png", Blob: onePixel}}, nil
		})
	s.AddResourceTemplate(mcp.NewResourceTemplate("test://template/{id}/data", "template", mcp.WithTemplateMIMEType("application/json")),
		func(_ context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			id := strings.TrimSuffix(strings.TrimPrefix(r.Params.URI, "test://template/"), "/data")
			return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.Params.URI, MIMEType: "application/json", Text: fmt.Sprintf(`{"id": %q}`, id)}}, nil
		})
}

func addPromptFixtures(s *server.MCPServer) {
	say := func(contents ...mcp.Content) *mcp.GetPromptResult {
		result := &mcp.GetPromptResult{}
		for _, c := range contents {
			result.Messages = append(result.Messages, mcp.NewPromptMessage(mcp.RoleUser, c))
		}
		return result
	}
	s.AddPrompt(mcp.NewPrompt("test_simple_prompt", fixtureDescription), func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return say(mcp.NewTextContent("a simple prompt")), nil
	})
	s.AddPrompt(mcp.NewPrompt("test_prompt_with_arguments", fixtureDescription, mcp.WithArgument("arg1", mcp.RequiredArgument()), mcp.WithArgument("arg2", mcp.RequiredArgument())),
		func(_ context.Context, r mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return say(mcp.NewTextContent(fmt.Sprintf("arg1='%s', arg2='%s'", r.Params.Arguments["arg1"], r.Params.Arguments["arg2"]))), nil
		})
	s.AddPrompt(mcp.NewPrompt("test_prompt_with_embedded_resource", fixtureDescription, mcp.WithArgument("resourceUri", mcp.RequiredArgument())),
		func(_ context.Context, r mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			return say(mcp.NewEmbeddedResource(mcp.TextResourceContents{URI: r.Params.Arguments["resourceUri"], MIMEType: "text/plain", Text: "embedded"}), mcp.NewTextContent("look at it")), nil
		})
	s.AddPrompt(mcp.NewPrompt("test_prompt_with_image", fixtureDescription), func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return say(mcp.NewImageContent(onePixel, "image/png"), mcp.NewTextContent("look at it")), nil
	})
	s.AddPrompt(mcp.NewPrompt("test_input_required_result_prompt", fixtureDescription), func(_ context.Context, r mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		if server.ElicitationResponse(r.Params.InputResponses, "user_context") == nil {
			return question("user_context", "What context should the prompt use?", "context")(server.NewInputRequestBuilder("")).PromptResult(), nil
		}
		return say(mcp.NewTextContent("with that context")), nil
	})
}
