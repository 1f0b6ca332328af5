package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"tickler/api/operation"
)

// What a prompt asks for is filled in: SELECTION with filters as members of an
// object, LAST_WEEK with the date seven days ago.
const (
	planMyDay = `Plan my day with me.
1. Call get_overview with {"days": 2, "limit": 50SELECTION}. Where a part's count is larger than 50, read the rest with list_tasks.
2. Say in one line how the day looks: what is overdue, what is due today, and how long it takes where estimate_minutes says so.
3. Propose an order for today: what is overdue or urgent first, then what is due soonest. Propose new dates for what does not fit.
4. Ask before changing anything. Then do it in one call of update_tasks, which also takes reminders.`

	weeklyReview = `Do a weekly review with me.
1. Call list_tasks with {"completed_after": "LAST_WEEK", "sort_by": "completed_at", "limit": 100SELECTION}, and get_overview with {"days": 14, "limit": 50SELECTION}. Read on with cursor, or with list_tasks, until you have seen all.
2. Say what got done since LAST_WEEK.
3. Go through what is overdue, then what is undated: for each, propose to do it, date it or delete it.
4. Look at the two weeks ahead: name days that hold too much, and what should be prepared.
5. Ask before changing anything. Then do it in one call of update_tasks.`
)

// prompts lists conversation starters for the person at the client.
func (t *Tools) prompts() []server.ServerPrompt {
	arguments := []mcp.PromptOption{
		mcp.WithArgument("category", mcp.ArgumentDescription("Only tasks of this category.")),
		mcp.WithArgument("tag", mcp.ArgumentDescription("Only tasks with this tag.")),
	}
	prompt := func(name, title, description, text string) server.ServerPrompt {
		options := append([]mcp.PromptOption{mcp.WithPromptTitle(title), mcp.WithPromptDescription(description)}, arguments...)
		return server.ServerPrompt{
			Prompt: mcp.NewPrompt(name, options...),
			Handler: func(ctx context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
				user, err := operation.User(ctx)
				if err != nil {
					return nil, err
				}
				filled := strings.NewReplacer("SELECTION", selection(request.Params.Arguments), "LAST_WEEK", t.operations.Date(user, -7)).Replace(text)
				return mcp.NewGetPromptResult(description, []mcp.PromptMessage{mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(filled))}), nil
			},
		}
	}
	return []server.ServerPrompt{
		prompt("plan_my_day", "Plan my day", "What to do today, in which order.", planMyDay),
		prompt("weekly_review", "Weekly review", "What got done, what is stuck, what comes.", weeklyReview),
	}
}

// selection returns the arguments of a prompt as members of the arguments of a tool.
func selection(arguments map[string]string) string {
	var members strings.Builder
	for _, name := range []string{"category", "tag"} {
		if value := arguments[name]; value != "" {
			field := map[string]string{"category": "category", "tag": "tags"}[name]
			list, _ := json.Marshal([]string{value}) // texts always marshal
			fmt.Fprintf(&members, `, %q: %s`, field, list)
		}
	}
	return members.String()
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
