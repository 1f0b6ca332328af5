package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"tickler/api/operation"
	"tickler/internal/task"
)

const (
	overviewURI = "tickler://overview"
	taskURI     = "tickler://tasks/"
)

// resources are what a client may attach without a tool call: the same answers
// as those of get_overview and get_task.
func (t *Tools) resources(s *server.MCPServer) {
	s.AddResource(
		mcp.NewResource(overviewURI, "overview", mcp.WithResourceDescription("Open tasks: overdue, today, upcoming, undated. As get_overview gives it."), mcp.WithMIMEType("application/json")),
		func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return t.resource(ctx, request, "get_overview", `{}`)
		})
	s.AddResourceTemplate(
		mcp.NewResourceTemplate(taskURI+"{task_id}", "task", mcp.WithTemplateDescription("One task, whole. As get_task gives it."), mcp.WithTemplateMIMEType("application/json")),
		func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			id, err := strconv.ParseInt(strings.TrimPrefix(request.Params.URI, taskURI), 10, 64)
			if err != nil || id < 1 {
				return nil, task.Invalid("uri", "must end in the id of a task, for example tickler://tasks/7")
			}
			return t.resource(ctx, request, "get_task", fmt.Sprintf(`{"task_id": %d, "response_format": "detailed"}`, id))
		})
}

// resource is what an operation answers.
func (t *Tools) resource(ctx context.Context, request mcp.ReadResourceRequest, name, arguments string) ([]mcp.ResourceContents, error) {
	user, err := operation.User(ctx)
	if err != nil {
		return nil, err
	}
	content, err := t.operations.Named(name).Call(ctx, user, json.RawMessage(arguments))
	if err != nil {
		return nil, t.operations.Visible(ctx, request.Params.URI, err)
	}
	text, err := json.Marshal(content)
	if err != nil {
		return nil, t.operations.Visible(ctx, request.Params.URI, err)
	}
	return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: "application/json", Text: string(text)}}, nil
}
