package access_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/access"
)

func TestSessionIsAskedForOnceInTwoSecondsAndEndsThen(t *testing.T) {
	t.Parallel()
	store, now := newShelf(), time.Now()
	checker := access.NewChecker(store, nil, func() time.Time { return now }, slog.New(slog.DiscardHandler))
	secret, id := store.seat(7, now.Add(access.SessionLasts))
	for range 5 {
		caller, err := checker.CheckSession(t.Context(), secret)
		require.NoError(t, err)
		require.Equal(t, access.Caller{UserID: 7, SessionID: id, Scopes: access.Standard, Actor: "page", Client: "Firefox"}, caller)
	}
	require.EqualValues(t, 1, store.asked.Load())
	store.endSessions()
	now = now.Add(2 * time.Second)
	_, err := checker.CheckSession(t.Context(), secret)
	require.ErrorIs(t, err, access.ErrInvalid)

	secret, _ = store.seat(7, now.Add(time.Second))
	_, err = checker.CheckSession(t.Context(), secret)
	require.NoError(t, err)
	store.endSessions()
	now = now.Add(time.Second)
	_, err = checker.CheckSession(t.Context(), secret)
	require.ErrorIs(t, err, access.ErrInvalid, "it ends at its instant")

	secret, _ = store.seat(7, now.Add(time.Hour))
	_, err = checker.CheckSession(t.Context(), secret)
	require.NoError(t, err)
	store.endSessions()
	checker.ForgetSession(secret)
	_, err = checker.CheckSession(t.Context(), secret)
	require.ErrorIs(t, err, access.ErrInvalid, "at once where somebody signs out")
	store.away.Store(true)
	_, err = checker.CheckSession(t.Context(), secret)
	require.NotErrorIs(t, err, access.ErrInvalid, "that cannot be known now")
}

// A session is no token and a token no session, also where one was just checked.
func TestSessionAndTokenAreNeverTakenForEachOther(t *testing.T) {
	t.Parallel()
	store := newShelf()
	checker := access.NewChecker(store, nil, time.Now, slog.New(slog.DiscardHandler))
	session, _ := store.seat(7, time.Now().Add(time.Hour))
	token, _ := store.put(7)
	_, err := checker.CheckSession(t.Context(), session)
	require.NoError(t, err)
	_, err = checker.Check(t.Context(), token)
	require.NoError(t, err)
	_, fresh, seen := checker.Known(session)
	require.False(t, fresh || seen)
	_, err = checker.Check(t.Context(), session)
	require.ErrorIs(t, err, access.ErrInvalid)
	_, fresh, seen = checker.KnownSession(token)
	require.False(t, fresh || seen)
	_, err = checker.CheckSession(t.Context(), token)
	require.ErrorIs(t, err, access.ErrInvalid)
}

func TestLastUsesOfSessionsAreNotedNotAtEachRequest(t *testing.T) {
	t.Parallel()
	store := newShelf()
	checker := access.NewChecker(store, nil, time.Now, slog.New(slog.DiscardHandler))
	secret, id := store.seat(7, time.Now().Add(time.Hour))
	for range 100 {
		_, err := checker.CheckSession(t.Context(), secret)
		require.NoError(t, err)
	}
	require.Empty(t, store.used)
	ctx, stop := context.WithCancel(t.Context())
	stop() // notes what there is, once
	checker.Run(ctx)
	require.Len(t, store.used, 1)
	require.WithinDuration(t, time.Now(), store.used[-id], time.Minute)
}
