package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
)

// revisions of the protocol that one endpoint serves, request by request.
var revisions = []string{"2025-06-18", "2025-11-25", "2026-07-28"}

func TestOfficialGoClientDoesAWholeSessionAtEveryRevision(t *testing.T) {
	t.Parallel()
	s := shared(t)
	for _, revision := range revisions {
		t.Run(revision, func(t *testing.T) {
			p := s.person(t, "Europe/Berlin")
			client := mcp.NewClient(&mcp.Implementation{Name: "session", Version: "1"}, nil)
			session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
				Endpoint: s.MCPURL(), HTTPClient: &http.Client{Transport: bearer{p.token}}, DisableStandaloneSSE: true, MaxRetries: -1,
			}, &mcp.ClientSessionOptions{ProtocolVersion: revision})
			require.NoError(t, err)
			defer func() { _ = session.Close() }()
			require.Equal(t, revision, session.InitializeResult().ProtocolVersion)
			p = &person{name: p.name, token: p.token, session: session}

			listed, err := session.ListTools(t.Context(), nil)
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(listed.Tools), 24)
			p.call(t, "create_category", fields{"name": "Household"})
			added := p.call(t, "add_task", fields{"title": "Water the plants", "due_date": "2031-03-01T09:00", "recurrence_rule": "weekly", "category": "household"})
			require.Equal(t, "2031-03-01T09:00:00+01:00", added.Task.DueDate)
			require.Len(t, added.Recurrence.Next, 3)
			require.Equal(t, []string{"Water the plants"}, titles(p.call(t, "list_tasks", fields{"category": "household"}).Tasks))
			require.Equal(t, []string{"Water the plants"}, titles(p.call(t, "search_tasks", fields{"query": "plant"}).Tasks))

			require.Equal(t, "2031-03-08T09:00:00+01:00", p.call(t, "complete_task", fields{"task_id": added.Task.ID}).NextDue)
			var next []view
			until(t, soon, "the next occurrence", func() bool {
				next = p.call(t, "list_tasks", fields{"status": "pending"}).Tasks
				return len(next) == 1
			})
			refused := p.refused(t, "update_task", fields{"task_id": next[0].ID, "titel": "Water the trees"})
			require.Contains(t, refused.Hint, `"title"`)
			require.Equal(t, []string{"title"}, p.call(t, "update_task", fields{"task_id": next[0].ID, "title": "Water the trees"}).Changed)
			p.call(t, "delete_task", fields{"task_id": next[0].ID})
			require.Equal(t, "NOT_FOUND", p.refused(t, "get_task", fields{"task_id": next[0].ID}).Code)
			p.call(t, "reopen_task", fields{"task_id": next[0].ID})
			require.Equal(t, "Water the trees", p.get(t, next[0].ID).Title)

			prompt, err := session.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: "weekly_review", Arguments: map[string]string{"category": "Household"}})
			require.NoError(t, err)
			require.Contains(t, prompt.Messages[0].Content.(*mcp.TextContent).Text, "Household")
			completed, err := session.Complete(t.Context(), &mcp.CompleteParams{
				Ref: &mcp.CompleteReference{Type: "ref/prompt", Name: "weekly_review"}, Argument: mcp.CompleteParamsArgument{Name: "category", Value: "hou"},
			})
			require.NoError(t, err)
			require.Equal(t, []string{"Household"}, completed.Completion.Values)
			resources, err := session.ListResources(t.Context(), nil)
			require.NoError(t, err)
			require.Len(t, resources.Resources, 3)
			read, err := session.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: fmt.Sprintf("tickler://tasks/%d", next[0].ID)})
			require.NoError(t, err)
			require.Contains(t, read.Contents[0].Text, "Water the trees")
		})
	}
}

func TestEveryRevisionIsServedByPlainRequests(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	add := func(revision string) string {
		return `{"name":"add_task","arguments":{"title":"at ` + revision + `"}`
	}
	for _, revision := range revisions[:2] {
		hello := s.post(t, p.token, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"`+revision+`","capabilities":{},"clientInfo":{"name":"plain","version":"1"}}}`)
		require.Equal(t, http.StatusOK, hello.status)
		require.Contains(t, hello.body, `"protocolVersion":"`+revision+`"`)
		require.NotContains(t, hello.body, `"subscribe":true`, "there is no session to subscribe in")
		require.Empty(t, hello.header.Get("Mcp-Session-Id"), "any replica answers the next request")
		added := s.post(t, p.token, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":`+add(revision)+`}}`, "Mcp-Protocol-Version", revision)
		require.Contains(t, added.body, `"structuredContent":{"task"`)
	}
	newest := revisions[2]
	discovered := s.post(t, p.token, `{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{`+listenMeta+`}}`, "Mcp-Protocol-Version", newest, "Mcp-Method", "server/discover")
	require.Equal(t, http.StatusOK, discovered.status, discovered.body)
	require.Contains(t, discovered.body, `"subscribe":true`)
	for _, revision := range revisions {
		require.Contains(t, discovered.body, revision)
	}
	added := s.post(t, p.token, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":`+add(newest)+`,`+listenMeta+`}}`,
		"Mcp-Protocol-Version", newest, "Mcp-Method", "tools/call", "Mcp-Name", "add_task")
	require.Equal(t, http.StatusOK, added.status, added.body)
	require.ElementsMatch(t, []string{"at 2025-06-18", "at 2025-11-25", "at 2026-07-28"}, titles(p.call(t, "list_tasks", fields{}).Tasks))
}
