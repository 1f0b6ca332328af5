package guard_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"tickler/api/guard"
	"tickler/api/operation"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/person"
)

// shelf stores tokens in memory.
type shelf struct {
	mu     sync.Mutex
	tokens map[string]access.Token
}

func (s *shelf) put(userID int64, scopes ...access.Scope) string {
	secret, stored := access.NewToken()
	stored.ID, stored.UserID, stored.Scopes = userID, userID, scopes
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[string(stored.Hash)] = stored
	return secret
}

func (s *shelf) TokenByHash(_ context.Context, hash []byte) (access.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, found := s.tokens[string(hash)]
	if !found {
		return t, fault.ErrNotFound
	}
	return t, nil
}

func (s *shelf) StillGood(context.Context, map[int64]bool, map[int64]bool) (map[int64][]access.Scope, map[int64]bool, error) {
	return nil, nil, nil
}
func (s *shelf) NoteUse(context.Context, map[int64]time.Time) error           { return nil }
func (s *shelf) ProvisionUser(context.Context, string, string) (int64, error) { return 1, nil }
func (s *shelf) SessionByHash(context.Context, []byte) (access.Session, error) {
	return access.Session{}, fault.ErrNotFound
}
func (s *shelf) SessionsStillGood(context.Context, map[int64]bool) (map[int64]bool, error) {
	return nil, nil
}
func (s *shelf) NoteSessionUse(context.Context, map[int64]time.Time) error { return nil }

// deleted is a person who is not there any more; their token still is.
const deleted = 404

func settings(_ context.Context, userID int64) (person.Settings, error) {
	if userID == deleted {
		return person.Settings{}, fault.ErrNotFound
	}
	return person.Settings{UserID: userID, TimeZone: "UTC"}, nil
}

// house is a guard with a handler behind it that names the caller.
type house struct {
	*shelf
	handler http.Handler
	log     strings.Builder
}

func build(t testing.TB, change func(*guard.Config, *access.Trust)) *house {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	h := &house{shelf: &shelf{tokens: map[string]access.Token{}}}
	config, trust := guard.Config{PublicURL: "https://tickler.example.com"}, access.Trust{}
	if change != nil {
		change(&config, &trust)
	}
	log := slog.New(slog.NewTextHandler(&h.log, nil))
	g := guard.New(config, trust, access.NewChecker(h, nil, time.Now, log), settings, time.Now, log)
	router := gin.New()
	require.NoError(t, router.SetTrustedProxies([]string{"10.0.0.0/8"}))
	router.Use(guard.Headers, g.ExpectedHost)
	g.Metadata(router)
	room := func(c *gin.Context) {
		user, err := operation.User(c.Request.Context())
		require.NoError(t, err)
		c.String(http.StatusOK, strconv.FormatInt(user.UserID, 10))
	}
	router.Group("/mcp", g.WithToken(0)...).Any("", g.MCP(func(tool string, _ json.RawMessage) []access.Scope {
		return map[string][]access.Scope{"get_task": {access.TasksRead}, "add_task": {access.TasksWrite}, "open_feed": {access.TasksWrite, access.TasksRead}}[tool]
	}), room)
	router.Group("/v1", g.WithToken(0)...).GET("/admin", g.Require(access.Admin), room)
	h.handler = router
	return h
}

// call is a request to the guard.
type call struct {
	method, target, body, token, from string
	header                            map[string]string
}

func (h *house) send(c call) *httptest.ResponseRecorder {
	if c.method == "" {
		c.method = http.MethodPost
	}
	if c.target == "" {
		c.target = "https://tickler.example.com/mcp"
	}
	r := httptest.NewRequest(c.method, c.target, strings.NewReader(c.body))
	r.Header.Set("Content-Type", "application/json")
	if c.from != "" {
		r.RemoteAddr = c.from
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var problem struct {
		Code, Detail string
		Status       int
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &problem), w.Body.String())
	require.Equal(t, w.Code, problem.Status)
	require.NotEmpty(t, problem.Detail)
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	return problem.Code
}

func TestServerIsCalledByItsOwnNames(t *testing.T) {
	t.Parallel()
	h := build(t, func(c *guard.Config, _ *access.Trust) { c.Hosts = []string{"api.tickler"} })
	token := h.put(1, access.Standard...)
	for _, host := range []string{"tickler.example.com", "TICKLER.example.com:443", "api.tickler:8080", "localhost:1", "127.0.0.1:8080", "10.1.2.3", "[::1]:8080"} {
		require.Equal(t, http.StatusOK, h.send(call{target: "http://" + host + "/mcp", token: token}).Code, host)
	}
	for _, host := range []string{"evil.example", "tickler.example.com.evil.example", "api.tickler.evil", "localhost.evil.example"} {
		w := h.send(call{target: "http://" + host + "/mcp", token: token})
		require.Equal(t, http.StatusForbidden, w.Code, host)
		require.Equal(t, "FORBIDDEN", code(t, w))
	}
}

func TestPagesOfListedOriginsMayCall(t *testing.T) {
	t.Parallel()
	h := build(t, func(c *guard.Config, _ *access.Trust) { c.Origins = []string{"https://app.example.com"} })
	token := h.put(1, access.Standard...)
	for origin, want := range map[string]int{"https://tickler.example.com": 200, "https://app.example.com": 200, "https://app.example.com.evil.example": 403, "null": 403, "": 200, "https://evil.example": 403} {
		header := map[string]string{}
		if origin != "" {
			header["Origin"] = origin
		}
		require.Equal(t, want, h.send(call{token: token, header: header}).Code, origin)
	}
}

func TestTokenBelongsIntoTheHeader(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token := h.put(1, access.Standard...)
	for _, query := range []string{"access_token=" + token, "ACCESS_TOKEN=x", "token=x", "q=" + token, "api_key=x"} {
		w := h.send(call{target: "https://tickler.example.com/mcp?" + query, token: token})
		require.Equal(t, http.StatusBadRequest, w.Code, query)
		require.NotContains(t, w.Body.String(), token)
	}
	require.NotContains(t, h.log.String(), "tkl_")
	require.Equal(t, http.StatusOK, h.send(call{target: "https://tickler.example.com/mcp?cursor=x", token: token}).Code)
}

func TestBodyIsPlainAndBounded(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token := h.put(1, access.Standard...)
	for _, encoding := range []string{"gzip", "deflate", "br", "identity, gzip"} {
		require.Equal(t, http.StatusUnsupportedMediaType, h.send(call{token: token, header: map[string]string{"Content-Encoding": encoding}}).Code, encoding)
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, h.send(call{token: token, body: strings.Repeat(" ", 1<<20+1)}).Code)
	deep := h.send(call{token: token, body: strings.Repeat("[", 1<<20)})
	require.Equal(t, http.StatusBadRequest, deep.Code)
	require.JSONEq(t, `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"the message is nested more than 32 deep"}}`, deep.Body.String())

	// A model sees what a tool answers, and nothing of HTTP.
	many := h.send(call{token: token, body: `{"jsonrpc":"2.0","id":"7","method":"tools/call","params":{"name":"update_tasks","arguments":{"task_ids":[1` + strings.Repeat(",1", 1000) + `]}}}`})
	require.Equal(t, http.StatusOK, many.Code)
	require.JSONEq(t, `{"jsonrpc":"2.0","id":"7","result":{"isError":true,
		"content":[{"type":"text","text":"{\"error\":{\"code\":\"INVALID_INPUT\",\"message\":\"task_ids has more than 1000 values; send fewer at a time\",\"field\":\"task_ids\"}}"}],
		"structuredContent":{"error":{"code":"INVALID_INPUT","message":"task_ids has more than 1000 values; send fewer at a time","field":"task_ids"}}}}`, many.Body.String())
}

func TestChallengeSaysWhatTokenIsWanted(t *testing.T) {
	t.Parallel()
	const metadata = `resource_metadata="https://tickler.example.com/.well-known/oauth-protected-resource/mcp"`
	for _, trusted := range []bool{false, true} {
		h := build(t, func(_ *guard.Config, trust *access.Trust) {
			if trusted {
				trust.Issuers = []string{"https://id.example.com"}
			}
		})
		w := h.send(call{})
		require.Equal(t, http.StatusUnauthorized, w.Code)
		require.Equal(t, "UNAUTHORIZED", code(t, w))
		challenge := w.Header().Get("WWW-Authenticate")
		require.Contains(t, challenge, `Bearer realm="tickler"`)
		require.Contains(t, challenge, `scope="tasks:read tasks:write"`)
		require.NotContains(t, challenge, "error", "RFC 6750: not where no token came")
		require.Equal(t, trusted, strings.Contains(challenge, metadata))
		require.Contains(t, h.send(call{token: "wrong"}).Header().Get("WWW-Authenticate"), `error="invalid_token"`)

		for _, path := range []string{"", "/mcp", "/v1"} {
			w := h.send(call{method: http.MethodGet, target: "https://tickler.example.com/.well-known/oauth-protected-resource" + path})
			if !trusted {
				require.Equal(t, http.StatusNotFound, w.Code)
				continue
			}
			require.JSONEq(t, `{"resource":"https://tickler.example.com`+path+`","resource_name":"Tickler","authorization_servers":["https://id.example.com"],
				"scopes_supported":["tasks:read","tasks:write"],"bearer_methods_supported":["header"]}`, w.Body.String())
		}
	}
}

func TestMetadataOfAServerUnderAPathIsWhereClientsLook(t *testing.T) {
	t.Parallel()
	h := build(t, func(c *guard.Config, trust *access.Trust) {
		c.PublicURL, trust.Issuers = "https://example.com/tickler", []string{"https://id.example.com"}
	})
	const address = "https://example.com/.well-known/oauth-protected-resource/tickler/mcp"
	require.Contains(t, h.send(call{target: "https://example.com/mcp"}).Header().Get("WWW-Authenticate"), `resource_metadata="`+address+`"`)
	w := h.send(call{method: http.MethodGet, target: address})
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), `"resource":"https://example.com/tickler/mcp"`)
}

func TestTokenOfADeletedPersonIsUnknown(t *testing.T) {
	h := build(t, nil)
	token := h.put(deleted, access.Standard...)
	for range 2 { // the second is cached
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/v1/admin", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		answer := httptest.NewRecorder()
		h.handler.ServeHTTP(answer, r)
		require.Equal(t, http.StatusUnauthorized, answer.Code, answer.Body)
		require.Contains(t, answer.Body.String(), "unknown, revoked")
		require.Contains(t, answer.Header().Get("WWW-Authenticate"), "invalid_token")
	}
	require.Empty(t, h.log.String())
}

func TestScopeThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	reader, writer, admin := h.put(1, access.TasksRead), h.put(2, access.TasksWrite), h.put(3, access.Admin)
	message := func(method, name string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":{"name":"` + name + `"}}`
	}
	for _, c := range []struct {
		token, body, wanted string
	}{
		{reader, message("tools/call", "get_task"), ""}, {writer, message("tools/call", "add_task"), ""},
		{reader, message("tools/call", "add_task"), "tasks:read tasks:write"}, {writer, message("tools/call", "get_task"), "tasks:write tasks:read"},
		{reader, message("tools/call", "open_feed"), "tasks:read tasks:write"}, {writer, message("tools/call", "open_feed"), "tasks:write tasks:read"},
		{admin, message("tools/call", "get_task"), "admin tasks:read"}, {writer, message("resources/read", ""), "tasks:write tasks:read"},
		{reader, message("tools/list", ""), ""}, {admin, message("ping", ""), ""}, {reader, message("tools/call", "no_such_tool"), ""},
		// What Go's decoder, which the library uses, takes for the same words.
		{reader, `{"METHOD":"tools/call","Params":{"NAME":"add_task"}}`, "tasks:read tasks:write"},
		{reader, `{"method":"tools/call","params":{"name":"get_task","name":"add_task"}}`, "tasks:read tasks:write"},
		{reader, `{"method":"ping","method":"tools/call","params":{"name":"add_task"}}`, "tasks:read tasks:write"},
	} {
		w := h.send(call{token: c.token, body: c.body})
		if c.wanted == "" {
			require.Equal(t, http.StatusOK, w.Code, c.body)
			continue
		}
		require.Equal(t, http.StatusForbidden, w.Code, c.body)
		require.Equal(t, "FORBIDDEN", code(t, w))
		challenge := w.Header().Get("WWW-Authenticate")
		require.Contains(t, challenge, `error="insufficient_scope"`)
		require.Contains(t, challenge, `scope="`+c.wanted+`"`, "what the token has, lest the next one lack it, and what is missing")
	}
	require.Equal(t, http.StatusForbidden, h.send(call{method: http.MethodGet, target: "https://tickler.example.com/v1/admin", token: reader}).Code)
	require.Equal(t, http.StatusOK, h.send(call{method: http.MethodGet, target: "https://tickler.example.com/v1/admin", token: admin}).Code)
}

func TestWhoCallsTooOftenIsToldWhenToComeAgain(t *testing.T) {
	t.Parallel()
	h := build(t, func(c *guard.Config, _ *access.Trust) { c.UserRate = 0.5 })
	busy, calm := h.put(1, access.Standard...), h.put(2, access.Standard...)
	var limited *httptest.ResponseRecorder
	for range 10 {
		if w := h.send(call{token: busy}); w.Code != http.StatusOK {
			limited = w
			break
		}
	}
	require.NotNil(t, limited)
	require.Equal(t, http.StatusTooManyRequests, limited.Code)
	require.Equal(t, "RATE_LIMITED", code(t, limited))
	seconds, err := strconv.Atoi(limited.Header().Get("Retry-After"))
	require.NoError(t, err)
	require.True(t, seconds >= 1 && seconds <= 2, seconds)
	require.Equal(t, http.StatusOK, h.send(call{token: calm}).Code, "another user is not concerned")
}

func TestAddressIsThatOfTheCallerNotOfWhatTheySay(t *testing.T) {
	t.Parallel()
	h := build(t, func(c *guard.Config, _ *access.Trust) { c.AddressRate = 0.001 })
	token := h.put(1, access.Standard...)
	status := func(from, forwarded string) int {
		return h.send(call{token: token, from: from, header: map[string]string{"X-Forwarded-For": forwarded}}).Code
	}
	require.Equal(t, http.StatusOK, status("192.0.2.1:1", "1.1.1.1"))
	require.Equal(t, http.StatusTooManyRequests, status("192.0.2.1:2", "2.2.2.2"), "a stranger's word counts nothing")
	require.Equal(t, http.StatusOK, status("10.0.0.1:1", "198.51.100.1"), "a trusted proxy's does")
	require.Equal(t, http.StatusOK, status("10.0.0.1:1", "198.51.100.2"))
	require.Equal(t, http.StatusTooManyRequests, status("10.0.0.1:1", "198.51.100.2"))
	require.Equal(t, http.StatusOK, status("[2001:db8::1]:1", ""))
	require.Equal(t, http.StatusTooManyRequests, status("[2001:db8::2]:1", ""), "one network of IPv6 is one caller")
}

func TestFloodOfBadTokensLeavesGoodOnesAlone(t *testing.T) {
	t.Parallel()
	h := build(t, func(c *guard.Config, _ *access.Trust) { c.FailureRate = 1 })
	good, later := h.put(1, access.Standard...), h.put(2, access.Standard...)
	require.Equal(t, http.StatusOK, h.send(call{token: good}).Code)
	statuses := map[int]int{}
	for range 100 {
		bad, _ := access.NewToken()
		statuses[h.send(call{token: bad}).Code]++
	}
	require.Equal(t, 100, statuses[401]+statuses[429])
	require.Greater(t, statuses[429], 80)
	require.Equal(t, http.StatusOK, h.send(call{token: good}).Code, "from the same address")
	require.Equal(t, http.StatusTooManyRequests, h.send(call{token: later}).Code, "a token nobody has seen waits there")
	require.Equal(t, http.StatusOK, h.send(call{token: later, from: "198.51.100.7:1"}).Code, "and not elsewhere")
}

func TestAnswersAreHardened(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token := h.put(1, access.Standard...)
	for _, c := range []call{{token: token}, {}, {target: "https://evil.example/mcp"}} {
		w := h.send(c)
		for name, value := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "max-age=31536000",
		} {
			require.Equal(t, value, w.Header().Get(name), name)
		}
		require.NotEmpty(t, w.Header().Get("X-Request-Id"))
	}
	require.Equal(t, "mine-1", h.send(call{header: map[string]string{"X-Request-Id": "mine-1"}}).Header().Get("X-Request-Id"))
	for _, forged := range []string{"a b", "x\ty", strings.Repeat("x", 65), `{"level":"error"}`} {
		require.NotEqual(t, forged, h.send(call{header: map[string]string{"X-Request-Id": forged}}).Header().Get("X-Request-Id"))
	}
}
