package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
)

// person is a user with a token and an MCP client of the official SDK.
type person struct {
	name, token string
	session     *mcp.ClientSession
}

var people atomic.Int64

// person makes a user in a time zone, UTC when empty, and connects a client.
func (s *system) person(t testing.TB, zone string) *person {
	t.Helper()
	name := fmt.Sprintf("person-%d", people.Add(1))
	args := []string{"token", "create", "--user", name}
	if zone != "" {
		args = append(args, "--time-zone", zone)
	}
	p := &person{name: name, token: s.api(t, args...)}
	p.session = connect(t, s.MCPURL(), p.token)
	return p
}

// bearer adds a token to every request, and headers that a context carries.
type bearer struct{ token string }

type headerKey struct{}

// withHeader makes calls with ctx carry one more HTTP header.
func withHeader(ctx context.Context, name, value string) context.Context {
	return context.WithValue(ctx, headerKey{}, [2]string{name, value})
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	if header, ok := r.Context().Value(headerKey{}).([2]string); ok {
		r.Header.Set(header[0], header[1])
	}
	return http.DefaultTransport.RoundTrip(r)
}

func connect(t testing.TB, url, token string) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "e2e", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: url, HTTPClient: &http.Client{Transport: bearer{token}, Timeout: time.Minute},
	}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// fields are the arguments of a tool.
type fields = map[string]any

// answer is what a tool returns, of whatever kind.
type answer struct {
	Task       view       `json:"task"`
	Recurrence recurrence `json:"recurrence"`
	Changed    []string   `json:"changed"`
	NextDue    string     `json:"next_due"`
	PassedOver int        `json:"passed_over"`
	Note       string     `json:"note"`
	TimeZone   string     `json:"time_zone"`
	Tasks      []view     `json:"tasks"`
	Total      int        `json:"total"`
	NextCursor string     `json:"next_cursor"`
	Error      *refusal   `json:"error"`

	text string // as the client got it
}

type recurrence struct {
	Words    string   `json:"words"`
	Next     []string `json:"next"`
	Warnings []string `json:"warnings"`
}

type view struct {
	ID             int64    `json:"id"`
	Title          string   `json:"title"`
	Description    string   `json:"description"`
	Priority       string   `json:"priority"`
	Completed      bool     `json:"completed"`
	CompletedAt    string   `json:"completed_at"`
	DueDate        string   `json:"due_date"`
	AllDay         bool     `json:"all_day"`
	Overdue        bool     `json:"overdue"`
	Category       string   `json:"category"`
	Tags           []string `json:"tags"`
	TagIDs         []int64  `json:"tag_ids"`
	RecurrenceRule string   `json:"recurrence_rule"`
	RecurrenceBase string   `json:"recurrence_base"`
	Occurrence     int      `json:"occurrence"`
	PreviousTaskID int64    `json:"previous_task_id"`
	RemindAt       string   `json:"remind_at"`
	RelevanceScore float64  `json:"relevance_score"`
	TimeZone       string   `json:"time_zone"`
	Version        int      `json:"version"`
}

type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field"`
	Hint    string `json:"hint"`
}

func (r refusal) String() string {
	return fmt.Sprintf("%s (%s): %s; hint: %s", r.Code, r.Field, r.Message, r.Hint)
}

// try calls a tool. An error is one of transport or protocol; that of a tool is
// in the answer.
func (p *person) try(ctx context.Context, tool string, arguments any) (answer, error) {
	var a answer
	result, err := p.session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		return a, err
	}
	if len(result.Content) != 1 {
		return a, fmt.Errorf("%s returned %d contents, not one", tool, len(result.Content))
	}
	text, ok := result.Content[0].(*mcp.TextContent)
	if !ok {
		return a, fmt.Errorf("%s returned a %T, not text", tool, result.Content[0])
	}
	a.text = text.Text
	structured, err := json.Marshal(result.StructuredContent)
	if err != nil {
		return a, err
	}
	if !sameJSON(a.text, string(structured)) {
		return a, fmt.Errorf("%s returned as text %s, as structured content %s", tool, a.text, structured)
	}
	if err := json.Unmarshal(structured, &a); err != nil {
		return a, err
	}
	if result.IsError != (a.Error != nil) {
		return a, fmt.Errorf("%s returned isError %v with %s", tool, result.IsError, a.text)
	}
	return a, nil
}

func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	left, _ := json.Marshal(x)
	right, _ := json.Marshal(y)
	return string(left) == string(right)
}

// call calls a tool that must succeed.
func (p *person) call(t testing.TB, tool string, arguments any) answer {
	t.Helper()
	a, err := p.try(t.Context(), tool, arguments)
	require.NoError(t, err, "%s %v", tool, arguments)
	require.Nil(t, a.Error, "%s %v", tool, arguments)
	return a
}

// refused calls a tool that must refuse.
func (p *person) refused(t testing.TB, tool string, arguments any) refusal {
	t.Helper()
	a, err := p.try(t.Context(), tool, arguments)
	require.NoError(t, err, "%s %v", tool, arguments)
	require.NotNil(t, a.Error, "%s %v is not refused, it answers %s", tool, arguments, a.text)
	require.NotEmpty(t, a.Error.Message)
	return *a.Error
}

// add adds a task and returns it in detail.
func (p *person) add(t testing.TB, task fields) view {
	t.Helper()
	given := fields{"response_format": "detailed"}
	for name, value := range task {
		given[name] = value
	}
	return p.call(t, "add_task", given).Task
}

// get reads a task in detail.
func (p *person) get(t testing.TB, id int64) view {
	t.Helper()
	return p.call(t, "get_task", fields{"task_id": id, "response_format": "detailed"}).Task
}

// titles of tasks, in their order.
func titles(tasks []view) []string {
	list := make([]string, len(tasks))
	for i, task := range tasks {
		list[i] = task.Title
	}
	return list
}

// in writes an instant some time from now as callers write dates.
func in(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }

// instant reads a date of an answer.
func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

// repeat is text of n characters.
func repeat(character string, n int) string { return strings.Repeat(character, n) }
