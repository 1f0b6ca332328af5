package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"tickler/api/operation"
	"tickler/internal/fault"
	"tickler/internal/person"
)

const (
	overviewURI  = "tickler://overview"
	tasksURI     = "tickler://tasks"
	remindersURI = "tickler://reminders"
	taskURI      = tasksURI + "/"
)

// resources registers what a client may attach without a tool call. Their contents
// are the answers of operations.
func (t *Tools) resources(s *server.MCPServer) {
	s.AddResource(
		mcp.NewResource(overviewURI, "overview", mcp.WithResourceDescription("Open tasks: overdue, today, upcoming, undated. As get_overview gives it."), mcp.WithMIMEType("application/json")),
		func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return t.resource(ctx, request, "get_overview", `{}`)
		})
	s.AddResource(
		mcp.NewResource(tasksURI, "tasks", mcp.WithResourceDescription("Open tasks, what is due first comes first, fifty at most. As list_tasks gives them. Who subscribes is told which task changed, or reminds."), mcp.WithMIMEType("application/json")),
		func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return t.resource(ctx, request, "list_tasks", `{"status": "pending", "sort_by": "due_date"}`)
		})
	s.AddResource(
		mcp.NewResource(remindersURI, "reminders", mcp.WithResourceDescription("The reminders of the last days, the newest first, twenty at most."), mcp.WithMIMEType("application/json")),
		func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			return t.answer(ctx, request, func(user person.Settings) (any, error) { return t.recentReminders(ctx, user) })
		})
	s.AddResourceTemplate(
		mcp.NewResourceTemplate(taskURI+"{task_id}", "task", mcp.WithTemplateDescription("One task, whole. As get_task gives it."), mcp.WithTemplateMIMEType("application/json")),
		func(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			id, ok := taskOf(request.Params.URI)
			if !ok {
				return nil, absent(ctx, "the URI must end in the id of a task, for example tickler://tasks/7")
			}
			return t.resource(ctx, request, "get_task", fmt.Sprintf(`{"task_id": %d, "response_format": "detailed"}`, id))
		})
}

// resource returns the answer of an operation as a resource.
func (t *Tools) resource(ctx context.Context, request mcp.ReadResourceRequest, name, arguments string) ([]mcp.ResourceContents, error) {
	return t.answer(ctx, request, func(user person.Settings) (any, error) {
		return t.operations.Named(name).Call(ctx, user, json.RawMessage(arguments))
	})
}

func (t *Tools) answer(ctx context.Context, request mcp.ReadResourceRequest, read func(person.Settings) (any, error)) ([]mcp.ResourceContents, error) {
	user, err := operation.User(ctx)
	if err != nil {
		return nil, err
	}
	content, err := read(user)
	if err != nil {
		visible := t.operations.Visible(ctx, request.Params.URI, err)
		if visible.Code == fault.NotFound {
			return nil, absent(ctx, visible.Message)
		}
		return nil, visible
	}
	text, err := json.Marshal(content)
	if err != nil {
		return nil, t.operations.Visible(ctx, request.Params.URI, err)
	}
	return []mcp.ResourceContents{mcp.TextResourceContents{URI: request.Params.URI, MIMEType: "application/json", Text: string(text), Meta: maps.Clone(userContent)}}, nil
}

// recentReminders returns the latest reminder events, as published.
func (t *Tools) recentReminders(ctx context.Context, user person.Settings) (any, error) {
	entries, err := t.reminders(ctx, user.UserID, 20)
	if err != nil {
		return nil, err
	}
	all := struct {
		Reminders []json.RawMessage `json:"reminders"`
	}{[]json.RawMessage{}}
	for _, e := range entries {
		all.Reminders = append(all.Reminders, e.Data)
	}
	return all, nil
}
