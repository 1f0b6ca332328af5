package tools

import (
	"context"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"tickler/api/operation"
)

const (
	planMyDay = `Plan my day with me.
1. Call get_overview%s.
2. Say in one line how the day looks: what is overdue, what is due today.
3. Propose an order for today: what is overdue or urgent first, then what is due soonest. Propose new dates for what does not fit.
4. Ask before changing anything. Then do it in one call of update_tasks, and set_reminder where I want one.`

	weeklyReview = `Do a weekly review with me.
1. Call get_overview with {"days": 14}, and list_tasks with {"status": "completed", "sort_by": "updated_at"%s}.
2. Say what got done this week.
3. Go through what is overdue, then what is undated: for each, propose to do it, date it, delegate it or delete it.
4. Look at the two weeks ahead: name days that hold too much, and what should be prepared.
5. Ask before changing anything. Then do it in one call of update_tasks.`
)

// prompts lists conversation starters for the person at the client.
func (t *Tools) prompts() []server.ServerPrompt {
	arguments := []mcp.PromptOption{
		mcp.WithArgument("category", mcp.ArgumentDescription("Only tasks of this category.")),
		mcp.WithArgument("tag", mcp.ArgumentDescription("Only tasks with this tag.")),
	}
	prompt := func(name, title, description, text string, narrow func(fields []string) string) server.ServerPrompt {
		options := append([]mcp.PromptOption{mcp.WithPromptTitle(title), mcp.WithPromptDescription(description)}, arguments...)
		return server.ServerPrompt{
			Prompt: mcp.NewPrompt(name, options...),
			Handler: func(_ context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				var fields []string
				if category := request.Params.Arguments["category"]; category != "" {
					fields = append(fields, fmt.Sprintf(`"category": %q`, category))
				}
				if tag := request.Params.Arguments["tag"]; tag != "" {
					fields = append(fields, fmt.Sprintf(`"tags": [%q]`, tag))
				}
				text := fmt.Sprintf(text, narrow(fields))
				return mcp.NewGetPromptResult(description, []mcp.PromptMessage{mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(text))}), nil
			},
		}
	}
	return []server.ServerPrompt{
		prompt("plan_my_day", "Plan my day", "What to do today, in which order.", planMyDay, func(fields []string) string {
			if len(fields) == 0 {
				return ""
			}
			return ", and list_tasks with {\"status\": \"pending\", \"sort_by\": \"due_date\", " + strings.Join(fields, ", ") + "}; speak only of the tasks that both name"
		}),
		prompt("weekly_review", "Weekly review", "What got done, what is stuck, what comes.", weeklyReview, func(fields []string) string {
			if len(fields) == 0 {
				return ""
			}
			return ", " + strings.Join(fields, ", ")
		}),
	}
}

// CompletePromptArgument completes the names of the caller's own categories and tags.
func (t *Tools) CompletePromptArgument(ctx context.Context, _ string, argument mcp.CompleteArgument, _ mcp.CompleteContext) (*mcp.Completion, error) {
	user, err := operation.User(ctx)
	if err != nil {
		return &mcp.Completion{Values: []string{}}, nil
	}
	var names []string
	switch argument.Name {
	case "category":
		all, err := t.labels.Categories(ctx, user)
		if err != nil {
			return nil, t.operations.Visible(ctx, "completion", err)
		}
		for _, c := range all {
			names = append(names, c.Label.Name)
		}
	case "tag":
		all, err := t.labels.Tags(ctx, user)
		if err != nil {
			return nil, t.operations.Visible(ctx, "completion", err)
		}
		for _, g := range all {
			names = append(names, g.Label.Name)
		}
	}
	return completion(names, argument.Value), nil
}

// completion returns the names that start with what was typed, ignoring case.
func completion(names []string, typed string) *mcp.Completion {
	found := &mcp.Completion{Values: []string{}}
	for _, name := range names {
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(typed)) {
			found.Values = append(found.Values, name)
		}
	}
	found.Total = len(found.Values)
	return found
}
