package operation

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/task"
)

// The two operations of this file have the names, inputs and answers that ChatGPT's
// connectors and deep research expect of a server they search.
// https://platform.openai.com/docs/mcp

type (
	connectorQuery struct {
		Query string `json:"query" doc:"Words to look for." maxLength:"500" example:"invoice"`
	}
	connectorHits struct {
		Results []connectorHit `json:"results"`
	}
	connectorHit struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		URL   string `json:"url"`
	}
	connectorID struct {
		ID string `json:"id" doc:"From search." example:"7"`
	}
	connectorDocument struct {
		connectorHit
		Text     string            `json:"text"`
		Metadata map[string]string `json:"metadata,omitempty"`
	}
)

// Connector lists the operations for ChatGPT's connectors. They are not part of All:
// they say nothing that those do not.
func (o *Operations) Connector() []Operation {
	return []Operation{
		define(Operation{
			Name: "search", Title: "Search",
			Summary:  "Finds tasks by words in titles, descriptions, tags and category, best match first.",
			Example:  `{"query": "invoice"}`,
			Details:  "fetch reads one whole.",
			ReadOnly: true, Idempotent: true,
		}, o.connectorSearch),
		define(Operation{
			Name: "fetch", Title: "Fetch",
			Summary:  "Reads one task whole.",
			Example:  `{"id": "7"}`,
			ReadOnly: true, Idempotent: true,
		}, o.connectorFetch),
	}
}

func (o *Operations) connectorSearch(ctx context.Context, user person.Settings, in connectorQuery) (connectorHits, error) {
	found, err := o.tasks.Search(ctx, user, task.SearchInput{Query: in.Query})
	if err != nil {
		return connectorHits{}, err
	}
	out := connectorHits{Results: []connectorHit{}}
	for _, hit := range found.Hits {
		out.Results = append(out.Results, o.connectorHit(hit.Task))
	}
	return out, nil
}

func (o *Operations) connectorHit(t *task.Task) connectorHit {
	id := strconv.FormatInt(t.ID, 10)
	return connectorHit{ID: id, Title: t.Title, URL: o.root + "/task/" + id}
}

func (o *Operations) connectorFetch(ctx context.Context, user person.Settings, in connectorID) (connectorDocument, error) {
	id, err := strconv.ParseInt(strings.TrimSpace(in.ID), 10, 64)
	if err != nil || id < 1 {
		return connectorDocument{}, fault.Invalid("id", "%q is not the id of a task; give one that search returned, for example %q", fault.Clip(in.ID), "7")
	}
	found, err := o.tasks.Get(ctx, user, id)
	if err != nil {
		return connectorDocument{}, renamed(err, "id")
	}
	view := viewTask(found, user, Detailed, o.now(), 0)
	document := connectorDocument{connectorHit: o.connectorHit(found), Metadata: map[string]string{}}
	tell := func(name, value string) {
		if value != "" {
			document.Metadata[name] = value
		}
	}
	state := "open"
	if view.Completed {
		state = "completed"
	}
	tell("status", state)
	tell("priority", string(view.Priority))
	tell("due_date", view.DueDate)
	tell("completed_at", view.CompletedAt)
	tell("category", view.Category)
	tell("tags", strings.Join(view.Tags, ", "))
	tell("recurrence_rule", view.RecurrenceRule)
	tell("updated_at", view.UpdatedAt)
	tell("time_zone", user.TimeZone)
	lines := []string{view.Title, fmt.Sprintf("%s, priority %s", state, view.Priority)}
	for _, name := range []string{"due_date", "completed_at", "category", "tags", "recurrence_rule"} {
		if value := document.Metadata[name]; value != "" {
			lines = append(lines, strings.ReplaceAll(name, "_", " ")+": "+value)
		}
	}
	if view.Description != "" {
		lines = append(lines, "", view.Description)
	}
	document.Text = strings.Join(lines, "\n")
	return document, nil
}

// renamed returns an error about a task under the name that a field has here.
func renamed(err error, field string) error {
	if e, ok := err.(*fault.Error); ok {
		other := *e
		other.Field, other.Hint = field, "search gives the ids"
		return &other
	}
	return err
}
