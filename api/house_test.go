package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tickler/api/operation"
	"tickler/internal/access"
	"tickler/internal/app"
	"tickler/internal/config"
	"tickler/internal/delivery"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// fields is a JSON object.
type fields = map[string]any

// house is the api as wired for use, on a real database under its own role.
type house struct {
	*httptest.Server
	owner      *pgxpool.Pool // of the schema, exempt from all policies
	store      *repository.Repository
	operations *operation.Operations
	routes     gin.RoutesInfo
	log        *lines
	userTasks  int  // that a user may have; 0: any number
	asItRuns   bool // strangers come through a client that they connected
}

// build starts a house; change may change the settings of its guard.
func build(t testing.TB, change func(*config.Guard)) *house {
	t.Helper()
	return (&house{owner: pgtest.Open(t)}).serve(t, repository.RoleAPI, change)
}

// replica starts a second api on the same database.
func (h *house) replica(t testing.TB) *house {
	t.Helper()
	return (&house{owner: h.owner, userTasks: h.userTasks}).serve(t, repository.RoleAPI, nil)
}

// serve starts the house under a role; "" is the owner of the schema. There is no
// worker, so events are not relayed.
func (h *house) serve(t testing.TB, role repository.Role, change func(*config.Guard)) *house {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	settings := config.Config{
		DatabaseURL: h.owner.Config().ConnString(), LogLevel: slog.LevelDebug,
		AllowedTargets: delivery.Networks{netip.MustParsePrefix("127.0.0.0/8")},
		Guard:          config.Guard{PublicURL: "http://127.0.0.1", PublicURLSet: true, Registration: true, Algorithms: []string{"RS256"}},
	}
	settings.UserTasks, settings.UserConfirmations = h.userTasks, 5
	h.Server = httptest.NewUnstartedServer(nil) // before change, which may ask where it listens
	if change != nil {
		change(&settings.Guard)
	}
	h.log = &lines{}
	a, err := app.Open(ctx, name, role, settings, h.log)
	require.NoError(t, err)
	w, err := wire(ctx, a)
	require.NoError(t, err)
	h.store, h.operations, h.routes = a.Store, w.operations, w.router.Routes()
	var working sync.WaitGroup
	for _, work := range w.background {
		working.Go(func() { work(ctx) })
	}
	h.Config.Handler = w.router
	// As the product's: it gives each request of a connection a deadline of its own, so
	// that none inherits that of a stream which ended before it.
	h.Config.WriteTimeout = time.Minute
	h.Start()
	t.Cleanup(func() { h.CloseClientConnections(); h.Close(); stop(); working.Wait(); a.Close() })
	return h
}

// lines collects the log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// twice runs a test under the api's role and again under the schema's owner, where
// only the queries isolate users: they must do so without row-level security. The
// tests of the repository show that the policies do so without the queries.
func twice(t *testing.T, test func(t *testing.T, h *house)) {
	t.Parallel()
	for name, role := range map[string]repository.Role{"as it runs": repository.RoleAPI, "by the queries alone": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, (&house{owner: pgtest.Open(t), asItRuns: role != ""}).serve(t, role, nil))
		})
	}
}

// resident is a user with a token.
type resident struct {
	*house
	user  person.Settings
	token string
}

func (h *house) resident(t testing.TB, name string) *resident {
	t.Helper()
	id, err := h.store.EnsureUser(t.Context(), repository.LocalIssuer, name, "UTC")
	require.NoError(t, err)
	user, err := h.store.Settings(t.Context(), id)
	require.NoError(t, err)
	return &resident{h, user, h.newToken(t, id, access.Standard...)}
}

func (h *house) newToken(t testing.TB, userID int64, scopes ...access.Scope) string {
	t.Helper()
	secret, stored := access.NewToken()
	stored.Scopes = scopes
	_, err := h.store.AddToken(t.Context(), userID, stored)
	require.NoError(t, err)
	return secret
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	text   string
}

func (a answer) body(t testing.TB) fields {
	t.Helper()
	var body fields
	require.NoError(t, json.Unmarshal([]byte(a.text), &body), a.text)
	return body
}

// send sends a request with a token; headers alternate names and values.
func (h *house) send(t testing.TB, token, method, path string, body any, headers ...string) answer {
	t.Helper()
	response := h.open(t, t.Context(), token, method, path, body, headers...)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

func (h *house) open(t testing.TB, ctx context.Context, token, method, path string, body any, headers ...string) *http.Response {
	t.Helper()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		require.NoError(t, err)
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, h.URL+path, content)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json, text/event-stream")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	return response
}

// rpc calls a method of MCP.
func (h *house) rpc(t testing.TB, token, method string, params any) answer {
	t.Helper()
	return h.rpcAt(t, token, "/mcp", method, params)
}

// rpcAt does so at another address, such as that of a profile.
func (h *house) rpcAt(t testing.TB, token, path, method string, params any) answer {
	t.Helper()
	return h.send(t, token, http.MethodPost, path, fields{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

// call calls a tool and requires success.
func (r *resident) call(t testing.TB, tool string, arguments fields) fields {
	t.Helper()
	a := r.rpc(t, r.token, "tools/call", fields{"name": tool, "arguments": arguments})
	require.Equal(t, http.StatusOK, a.status, a.text)
	result, ok := a.body(t)["result"].(fields)
	require.True(t, ok, a.text)
	require.Nil(t, result["isError"], a.text)
	return result["structuredContent"].(fields)
}

// fetch gets a path and requires success.
func (r *resident) fetch(t testing.TB, path string) answer {
	t.Helper()
	a := r.send(t, r.token, http.MethodGet, path, nil)
	require.Equal(t, http.StatusOK, a.status, a.text)
	return a
}

// firstEventID returns the first id of a new stream of events.
func (r *resident) firstEventID(t testing.TB) string {
	t.Helper()
	response := r.open(t, t.Context(), r.token, http.MethodGet, "/v1/events", nil)
	defer func() { _ = response.Body.Close() }()
	var text string
	for part := make([]byte, 1024); !strings.Contains(text, "\n\n"); {
		n, err := response.Body.Read(part)
		require.NoError(t, err)
		text += string(part[:n])
	}
	_, id, _ := strings.Cut(text, "id: ")
	id, _, _ = strings.Cut(id, "\n")
	require.NotEmpty(t, id)
	return id
}
