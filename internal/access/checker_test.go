package access_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/fault"
)

// shelf is a store of tokens in memory that counts what it is asked.
type shelf struct {
	mu       sync.Mutex
	tokens   map[string]access.Token
	used     map[int64]time.Time
	users    map[string]int64
	sessions map[string]access.Session
	asked    atomic.Int32
	away     atomic.Bool
}

func newShelf() *shelf {
	return &shelf{tokens: map[string]access.Token{}, used: map[int64]time.Time{}, users: map[string]int64{}, sessions: map[string]access.Session{}}
}

func (s *shelf) put(userID int64) (secret string, id int64) {
	secret, stored := access.NewToken()
	stored.UserID, stored.Scopes = userID, access.Standard
	s.mu.Lock()
	defer s.mu.Unlock()
	stored.ID = int64(len(s.tokens) + 1)
	s.tokens[string(stored.Hash)] = stored
	return secret, stored.ID
}

func (s *shelf) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

func (s *shelf) TokenByHash(_ context.Context, hash []byte) (access.Token, error) {
	s.asked.Add(1)
	if s.away.Load() {
		return access.Token{}, errors.New("away")
	}
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

// seat signs a browser in.
func (s *shelf) seat(userID int64, ends time.Time) (secret string, id int64) {
	secret, stored := access.NewSession()
	s.mu.Lock()
	defer s.mu.Unlock()
	stored.ID, stored.UserID, stored.ExpiresAt, stored.Browser = int64(len(s.sessions)+1), userID, ends, "Firefox"
	s.sessions[string(stored.Hash)] = stored
	return secret, stored.ID
}

func (s *shelf) endSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

func (s *shelf) SessionByHash(_ context.Context, hash []byte) (access.Session, error) {
	s.asked.Add(1)
	if s.away.Load() {
		return access.Session{}, errors.New("away")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, there := s.sessions[string(hash)]
	if !there {
		return found, fault.ErrNotFound
	}
	return found, nil
}

func (s *shelf) SessionsStillGood(_ context.Context, ids map[int64]bool) (map[int64]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	good := map[int64]bool{}
	for _, one := range s.sessions {
		good[one.ID] = ids[one.ID]
	}
	return good, nil
}

func (s *shelf) NoteSessionUse(ctx context.Context, used map[int64]time.Time) error {
	for id, at := range used {
		if err := s.NoteUse(ctx, map[int64]time.Time{-id: at}); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) NoteUse(_ context.Context, used map[int64]time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, at := range used {
		s.used[id] = at
	}
	return nil
}

func (s *shelf) ProvisionUser(_ context.Context, issuer, subject string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := issuer + " " + subject
	if s.users[key] == 0 {
		s.users[key] = int64(len(s.users) + 1)
	}
	return s.users[key], nil
}

// hands is a clock that the test sets.
type hands struct{ nanoseconds atomic.Int64 }

func (h *hands) now() time.Time       { return time.Unix(1_800_000_000, h.nanoseconds.Load()) }
func (h *hands) pass(d time.Duration) { h.nanoseconds.Add(int64(d)) }

func TestTokenIsAskedForOnceInTwoSeconds(t *testing.T) {
	t.Parallel()
	store, clock := newShelf(), &hands{}
	secret, id := store.put(7)
	checker := access.NewChecker(store, nil, clock.now, slog.New(slog.DiscardHandler))
	var together sync.WaitGroup
	for range 50 {
		together.Go(func() {
			caller, err := checker.Check(t.Context(), secret)
			if err != nil || caller.UserID != 7 || caller.TokenID != id {
				t.Errorf("caller %+v, error %v", caller, err)
			}
		})
	}
	together.Wait()
	clock.pass(1900 * time.Millisecond)
	_, err := checker.Check(t.Context(), secret)
	require.NoError(t, err)
	require.LessOrEqual(t, store.asked.Load(), int32(4), "those who ask at the same moment share an answer, or come after it")

	store.revoke()
	clock.pass(200 * time.Millisecond)
	_, err = checker.Check(t.Context(), secret)
	require.ErrorIs(t, err, access.ErrInvalid, "two seconds after it was last looked up")
	_, _, seen := checker.Known(secret)
	require.False(t, seen, "it is not remembered as a good one")
}

func TestTokenEndsAtItsInstantAlsoInTheCache(t *testing.T) {
	t.Parallel()
	store, clock := newShelf(), &hands{}
	secret, stored := access.NewToken()
	end := clock.now().Add(time.Second)
	stored.ID, stored.UserID, stored.ExpiresAt = 1, 7, &end
	store.tokens[string(stored.Hash)] = stored
	checker := access.NewChecker(store, nil, clock.now, slog.New(slog.DiscardHandler))
	_, err := checker.Check(t.Context(), secret)
	require.NoError(t, err)
	clock.pass(time.Second)
	_, fresh, _ := checker.Known(secret)
	require.False(t, fresh)
}

func TestDatabaseThatIsAwayIsNotABadToken(t *testing.T) {
	t.Parallel()
	store := newShelf()
	secret, _ := store.put(7)
	store.away.Store(true)
	checker := access.NewChecker(store, nil, time.Now, slog.New(slog.DiscardHandler))
	_, err := checker.Check(t.Context(), secret)
	require.Error(t, err)
	require.NotErrorIs(t, err, access.ErrInvalid)
}

func TestWhatCannotBeATokenIsNotLookedUp(t *testing.T) {
	t.Parallel()
	store := newShelf()
	checker := access.NewChecker(store, nil, time.Now, slog.New(slog.DiscardHandler))
	for _, token := range []string{"", "x", "tkl_", "tkl_short", "a.b.c", "a.b"} {
		_, err := checker.Check(t.Context(), token)
		require.ErrorIs(t, err, access.ErrInvalid, token)
	}
	require.Zero(t, store.asked.Load())
}

func TestLastUseIsWrittenDownAtTheLatestAtTheEnd(t *testing.T) {
	t.Parallel()
	store := newShelf()
	secret, id := store.put(7)
	checker := access.NewChecker(store, nil, time.Now, slog.New(slog.DiscardHandler))
	for range 100 {
		_, err := checker.Check(t.Context(), secret)
		require.NoError(t, err)
	}
	require.Empty(t, store.used)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	checker.Run(ended)
	require.Contains(t, store.used, id)
}

func TestUserOfAnIssuerIsProvisionedByIssuerAndSubject(t *testing.T) {
	t.Parallel()
	one, two := newProvider(t), newProvider(t)
	store := newShelf()
	checker := access.NewChecker(store, trust(t, one.URL, two.URL), time.Now, slog.New(slog.DiscardHandler))
	first, err := checker.Check(t.Context(), one.token(t, nil))
	require.NoError(t, err)
	again, err := checker.Check(t.Context(), one.token(t, func(_ map[string]any, c jwt.MapClaims) { c["jti"] = "another" }))
	require.NoError(t, err)
	other, err := checker.Check(t.Context(), two.token(t, nil))
	require.NoError(t, err)
	require.Equal(t, first.UserID, again.UserID)
	require.NotEqual(t, first.UserID, other.UserID, "the same subject of another issuer is another person")
	require.Zero(t, first.TokenID)
	require.Contains(t, first.Actor, one.URL)
}

func BenchmarkCheck(b *testing.B) {
	store := newShelf()
	secret, _ := store.put(7)
	checker := access.NewChecker(store, nil, func() time.Time { return time.Unix(1_800_000_000, 0) }, slog.New(slog.DiscardHandler))
	if _, err := checker.Check(b.Context(), secret); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		if _, err := checker.Check(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
}
