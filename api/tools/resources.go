package tools

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

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
			return t.resource(ctx, request, func(user task.Settings) (any, error) { return t.overview(ctx, user, overviewInput{}) })
		})
	s.AddResourceTemplate(
		mcp.NewResourceTemplate(taskURI+"{task_id}", "task", mcp.WithTemplateDescription("One task, whole. As get_task gives it."), mcp.WithTemplateMIMEType("application/json")),
		func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return t.resource(ctx, request, func(user task.Settings) (any, error) {
				id, err := strconv.ParseInt(strings.TrimPrefix(request.Params.URI, taskURI), 10, 64)
				if err != nil || id < 1 {
					return nil, task.Invalid("uri", "must end in the id of a task, for example tickler://tasks/7")
				}
				return t.get(ctx, user, idInput{taskID{id}, format{string(task.Detailed)}})
			})
		})
}

func (t *Tools) resource(ctx context.Context, request mcp.ReadResourceRequest, read func(task.Settings) (any, error)) ([]mcp.ResourceContents, error) {
	user, ok := ctx.Value(userKey{}).(task.Settings)
	if !ok {
		return nil, &task.Error{Code: task.Unauthorized, Message: "no caller is known"}
	}
	content, err := read(user)
	if err != nil {
		return nil, t.visible(ctx, request.Params.URI, err)
	}
	text, err := json.Marshal(content)
	if err != nil {
		return nil, t.visible(ctx, request.Params.URI, err)
	}
	return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: "application/json", Text: string(text)}}, nil
}
