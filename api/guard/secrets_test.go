package guard_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"tickler/api/guard"
	"tickler/internal/access"
)

// secrets is a server of what is read with the secret "good".
type secrets struct {
	http.Handler
	now     time.Time
	asked   int           // how often it was looked whether a secret is one
	holding chan struct{} // what is read waits for this, unless it is nil
	begun   chan struct{}
}

func newSecrets() *secrets {
	gin.SetMode(gin.ReleaseMode)
	s := &secrets{now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), begun: make(chan struct{})}
	g := guard.New(guard.Config{PublicURL: "https://tickler.example.com", AddressRate: 100, FailureRate: 1}, access.Trust{}, nil, nil, func() time.Time { return s.now }, slog.New(slog.DiscardHandler))
	router := gin.New()
	router.GET("/:secret", append(g.WithSecret("secret"), func(c *gin.Context) {
		s.asked++
		if c.Param("secret") != "good" {
			c.Status(http.StatusNotFound)
			return
		}
		if s.holding != nil {
			s.begun <- struct{}{}
			<-s.holding
		}
		c.Status(http.StatusOK)
	})...)
	s.Handler = router
	return s
}

func (s *secrets) get(address, secret string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "https://tickler.example.com/"+secret, nil)
	request.RemoteAddr = address + ":1234"
	response := httptest.NewRecorder()
	s.ServeHTTP(response, request)
	return response
}

func TestSecretIsReadSoOftenOnly(t *testing.T) {
	t.Parallel()
	s := newSecrets()
	for range 4 {
		require.Equal(t, http.StatusOK, s.get("192.0.2.1", "good").Code)
	}
	refused := s.get("192.0.2.2", "good") // from wherever
	require.Equal(t, http.StatusTooManyRequests, refused.Code)
	require.Equal(t, "1", refused.Header().Get("Retry-After"))
	require.Equal(t, 4, s.asked, "nobody looked for it")
	s.now = s.now.Add(time.Second)
	require.Equal(t, http.StatusOK, s.get("192.0.2.2", "good").Code)
}

func TestWrongSecretsAreTriedSoOftenOnly(t *testing.T) {
	t.Parallel()
	s := newSecrets()
	for n := range 4 {
		require.Equal(t, http.StatusNotFound, s.get("192.0.2.1", string(rune('a'+n))).Code)
	}
	require.Equal(t, http.StatusTooManyRequests, s.get("192.0.2.1", "e").Code)
	require.Equal(t, 4, s.asked, "nobody looked for it")
	require.Equal(t, http.StatusOK, s.get("192.0.2.2", "good").Code, "from elsewhere")
	for range 4 {
		require.Equal(t, http.StatusNotFound, s.get("192.0.2.3", "wrong").Code, "the same wrong one")
	}
	require.Equal(t, http.StatusTooManyRequests, s.get("192.0.2.4", "wrong").Code)
}

func TestSecretIsReadTwiceAtATimeOnly(t *testing.T) {
	t.Parallel()
	s := newSecrets()
	s.holding = make(chan struct{})
	ended := make(chan int)
	for range 2 {
		go func() { ended <- s.get("192.0.2.1", "good").Code }()
		<-s.begun
	}
	require.Equal(t, http.StatusTooManyRequests, s.get("192.0.2.1", "good").Code)
	s.holding <- struct{}{}
	require.Equal(t, http.StatusOK, <-ended)
	go func() { ended <- s.get("192.0.2.1", "good").Code }()
	<-s.begun
	s.holding <- struct{}{}
	s.holding <- struct{}{}
	require.Equal(t, http.StatusOK, <-ended)
	require.Equal(t, http.StatusOK, <-ended)
}
