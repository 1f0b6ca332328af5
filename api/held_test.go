package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/config"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// signer is an issuer of tokens.
type signer struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newSigner(t testing.TB) *signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	s := &signer{key: key}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/keys" {
			_ = json.NewEncoder(w).Encode(fields{"issuer": s.URL, "jwks_uri": s.URL + "/keys"})
			return
		}
		encode := base64.RawURLEncoding.EncodeToString
		_ = json.NewEncoder(w).Encode(fields{"keys": []fields{{"kty": "RSA", "kid": "one", "alg": "RS256", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes())}}})
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *signer) token(t testing.TB, subject string, lasts time.Duration) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": s.URL, "sub": subject, "aud": "http://127.0.0.1/mcp", "exp": time.Now().Add(lasts).Unix(), "scope": "tasks:read tasks:write",
	})
	token.Header["kid"] = "one"
	text, err := token.SignedString(s.key)
	require.NoError(t, err)
	return text
}

// stream follows an answer that goes on, until it ends.
func (h *house) stream(t testing.TB, token string, listen bool) (ended <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var response *http.Response
	if listen {
		response = h.open(t, ctx, token, http.MethodPost, "/mcp", fields{
			"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": fields{
				"notifications": fields{"resourceSubscriptions": []string{"tickler://tasks"}},
				"_meta":         fields{"io.modelcontextprotocol/protocolVersion": "2026-07-28"},
			},
		}, "Mcp-Method", "subscriptions/listen", "MCP-Protocol-Version", "2026-07-28")
	} else {
		response = h.open(t, ctx, token, http.MethodGet, "/v1/events", nil)
	}
	require.Equal(t, http.StatusOK, response.StatusCode)
	first := make([]byte, 1)
	_, err := response.Body.Read(first)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = response.Body.Close() }()
		_, _ = io.Copy(io.Discard, response.Body)
	}()
	return done
}

// What lives long must end with the right to it, wherever it was opened.
func TestStreamsEndWithTheirTokenOnEveryReplica(t *testing.T) {
	t.Parallel()
	issuer := newSigner(t)
	trusting := func(c *config.Guard) { c.Issuers = []string{issuer.URL} }
	one := build(t, trusting)
	two := (&house{owner: one.owner}).serve(t, repository.RoleAPI, trusting)
	run := func(t *testing.T, sql string, args ...any) {
		t.Helper()
		_, err := one.owner.Exec(t.Context(), sql, args...)
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		token func(t *testing.T, who *resident) string
		end   func(t *testing.T, who *resident)
	}{
		"revoked": {
			end: func(t *testing.T, who *resident) {
				_, err := one.store.RevokeToken(t.Context(), who.user.UserID, 0)
				require.NoError(t, err)
			},
		},
		"expired": {
			end: func(t *testing.T, who *resident) {
				run(t, `UPDATE tokens SET expires_at = now() WHERE user_id = $1`, who.user.UserID)
			},
		},
		"lost a scope": {
			end: func(t *testing.T, who *resident) {
				run(t, `UPDATE tokens SET scopes = '{tasks:write}' WHERE user_id = $1`, who.user.UserID)
			},
		},
		"user deleted": {
			end: func(t *testing.T, who *resident) { run(t, `DELETE FROM users WHERE id = $1`, who.user.UserID) },
		},
		"of an issuer, expired": {
			token: func(t *testing.T, who *resident) string { return issuer.token(t, t.Name(), 4*time.Second) },
			end:   func(*testing.T, *resident) {},
		},
		"of an issuer, user deleted": {
			token: func(t *testing.T, who *resident) string { return issuer.token(t, "gone", time.Hour) },
			end:   func(t *testing.T, who *resident) { run(t, `DELETE FROM users WHERE subject = 'gone'`) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			who, other := one.resident(t, name), one.resident(t, "other of "+name)
			token := who.token
			if c.token != nil {
				token = c.token(t, who)
			}
			var streams []<-chan struct{}
			for _, h := range []*house{one, two} {
				streams = append(streams, h.stream(t, token, false), h.stream(t, token, true))
			}
			goesOn := two.stream(t, other.token, false)
			c.end(t, who)
			began := time.Now()
			for _, ended := range streams {
				select {
				case <-ended:
				case <-time.After(10 * time.Second):
					t.Fatal("a stream goes on")
				}
			}
			t.Logf("ended after %s", time.Since(began).Round(time.Millisecond))
			select {
			case <-goesOn:
				t.Fatal("the stream of somebody else ended")
			default:
			}
		})
	}
}

// A token counts as checked for two seconds; a stream must not live on that.
func TestStreamThatIsOpenedWithARevokedTokenEndsAtOnce(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	ann.fetch(t, "/v1/settings")
	_, err := h.store.RevokeToken(t.Context(), ann.user.UserID, 0)
	require.NoError(t, err)
	response := h.open(t, t.Context(), ann.token, http.MethodGet, "/v1/events", nil)
	defer func() { _ = response.Body.Close() }()
	require.Contains(t, []int{http.StatusOK, http.StatusUnauthorized}, response.StatusCode)
	ended := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, response.Body); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the stream goes on")
	}
}

func TestCallsOfAUserAtTheSameTimeAreBounded(t *testing.T) {
	t.Parallel()
	h := (&house{owner: pgtest.Open(t)}).serve(t, repository.RoleAPI, func(c *config.Guard) { c.UserCalls = 2 })
	ann, bob := h.resident(t, "ann"), h.resident(t, "bob")
	second := h.newToken(t, ann.user.UserID, access.Standard...)
	id := int64(ann.call(t, "add_task", fields{"title": "slow"})["task"].(fields)["id"].(float64))
	stream := h.stream(t, ann.token, false) // counts with the streams
	address, err := url.Parse(ann.call(t, "user_settings", fields{"calendar_feed": "new"})["calendar_url"].(string))
	require.NoError(t, err)

	lock, err := h.owner.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = lock.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = lock.Exec(t.Context(), `SELECT FROM tasks WHERE id = $1 FOR UPDATE`, id)
	require.NoError(t, err)
	answers := make(chan answer, 2)
	go func() {
		answers <- h.send(t, ann.token, http.MethodPost, fmt.Sprintf("/v1/tasks/%d/complete", id), fields{})
	}()
	go func() {
		answers <- h.rpc(t, second, "tools/call", fields{"name": "complete_task", "arguments": fields{"task_id": id}})
	}()
	waiting := func() (n int) {
		require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n))
		return n
	}
	require.Eventually(t, func() bool { return waiting() == 2 }, 4*time.Second, 10*time.Millisecond)

	for what, refused := range map[string]answer{
		"REST": h.send(t, ann.token, http.MethodGet, "/v1/tasks", nil), "another token": h.send(t, second, http.MethodGet, "/v1/tasks", nil),
		"events": h.send(t, ann.token, http.MethodGet, "/v1/events", nil), "export": h.send(t, ann.token, http.MethodGet, "/v1/export", nil),
		"feed":     h.send(t, "", http.MethodGet, address.Path, nil),
		"tool":     h.rpc(t, ann.token, "tools/call", fields{"name": "list_tasks", "arguments": fields{}}),
		"resource": h.rpc(t, ann.token, "resources/read", fields{"uri": "tickler://overview"}),
		"import":   h.send(t, ann.token, http.MethodPost, "/v1/import", fields{}),
	} {
		require.Equal(t, http.StatusTooManyRequests, refused.status, what)
		require.Equal(t, "RATE_LIMITED", refused.body(t)["code"], what)
		require.NotEmpty(t, refused.header.Get("Retry-After"), what)
	}
	bob.fetch(t, "/v1/tasks")
	require.NoError(t, lock.Rollback(t.Context()))
	for range 2 {
		require.Equal(t, http.StatusOK, (<-answers).status)
	}
	ann.fetch(t, "/v1/tasks")
	select {
	case <-stream:
		t.Fatal("the stream ended")
	default:
	}
}

func TestCallThatWaitsForALockTooLongIsToldSo(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	id := int64(ann.call(t, "add_task", fields{"title": "slow"})["task"].(fields)["id"].(float64))
	lock, err := h.owner.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = lock.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = lock.Exec(t.Context(), `SELECT FROM tasks WHERE id = $1 FOR UPDATE`, id)
	require.NoError(t, err)
	a := h.send(t, ann.token, http.MethodPost, fmt.Sprintf("/v1/tasks/%d/complete", id), fields{})
	require.Equal(t, http.StatusServiceUnavailable, a.status, a.text)
	require.Equal(t, "UNAVAILABLE", a.body(t)["code"])
	require.NotEmpty(t, a.header.Get("Retry-After"))
}

// What is busy for a moment is no reason to leave a task out of an import.
func TestImportThatMeetsABusyDatabaseFailsRatherThanSkips(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	lock, err := h.owner.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = lock.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = lock.Exec(t.Context(), `SELECT FROM users WHERE id = $1 FOR UPDATE`, ann.user.UserID)
	require.NoError(t, err)
	a := h.send(t, ann.token, http.MethodPost, "/v1/import", fields{"format": "tickler", "version": 1, "tasks": []fields{
		{"id": 7, "title": "imported", "created_at": "2026-01-01T00:00:00Z", "priority": "low", "time_zone": "UTC", "tags": []string{"new"}},
	}})
	require.Equal(t, http.StatusServiceUnavailable, a.status, a.text)
}
