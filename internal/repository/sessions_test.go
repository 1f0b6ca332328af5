package repository

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/pgtest"
	"tickler/internal/task"
)

// held lends sessions until one is refused, and returns the refusal.
func held(t *testing.T, s *sessions, userID int64, w work) (lent int, refusal error) {
	t.Helper()
	for {
		one, err := s.lend(t.Context(), userID, w)
		if err != nil {
			return lent, err
		}
		t.Cleanup(one.Release)
		lent++
	}
}

// small makes a repository with short waits. Its sessions are open already: how long
// opening one takes is no matter of these tests.
func small(t *testing.T) *Repository {
	t.Helper()
	pool, err := Connect(t.Context(), pgtest.Open(t).Config().ConnString(), RoleAPI)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	var open []*pgxpool.Conn
	for range pool.Config().MaxConns {
		conn, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		open = append(open, conn)
	}
	for _, conn := range open {
		conn.Release()
	}
	r := New(pool, "api", func() {})
	r.sessions.patience = 200 * time.Millisecond
	return r
}

func TestOneUserNeverHoldsTheSessionsThatOthersNeed(t *testing.T) {
	t.Parallel()
	r := small(t)
	var refusal *fault.Error
	reads, err := held(t, r.sessions, 1, reading)
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, fault.RateLimited, refusal.Code)
	changes, err := held(t, r.sessions, 1, changing)
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, fault.RateLimited, refusal.Code)
	require.Positive(t, changes, "a user's own changes do not wait for their searches")
	require.LessOrEqual(t, reads+changes, maxSessions/4)
	for _, w := range []work{reading, changing} {
		one, err := r.sessions.lend(t.Context(), 2, w)
		require.NoError(t, err, "another user is served")
		one.Release()
	}
}

func TestUserWhoKeepsSessionsBusyRestsWhileOthersCall(t *testing.T) {
	t.Parallel()
	s := small(t).sessions
	appear := func(user int64) { _, leave := s.join(user); leave() }
	now := time.Now()
	rest := func(user int64, after, took time.Duration) time.Duration {
		end := now.Add(after)
		return s.rest(user, end.Add(-took), end)
	}
	appear(1)
	require.Zero(t, rest(1, 0, time.Hour), "nobody else is there")
	appear(2)
	appear(1)
	require.Equal(t, restFactor*20*time.Millisecond, rest(1, 0, 20*time.Millisecond))
	require.Equal(t, longestRest, rest(1, 0, time.Minute))
	require.Zero(t, rest(2, 0, effort), "the other user has not worked much")
	require.Zero(t, rest(1, 2*present, time.Minute), "the other user is gone")
	appear(2)
	require.Positive(t, rest(1, 0, time.Millisecond), "still over")
	require.Zero(t, s.efforts.over(1, now.Add(time.Duration(float64(effortOwed)/effortRegained))), "what was done alone is forgotten")
}

func TestShareThatRestsIsBackAfterwardsAndTakesNothingFromOthers(t *testing.T) {
	t.Parallel()
	r := small(t)
	s := r.sessions
	s.efforts.allowance = 0
	other, err := s.lend(t.Context(), 2, changing)
	require.NoError(t, err)
	other.Release()
	var all []*session
	for range maxSessions / 4 {
		one, err := s.lend(t.Context(), 1, changing)
		require.NoError(t, err)
		all = append(all, one)
	}
	time.Sleep(longestRest / restFactor)
	for _, one := range all {
		one.Release()
	}
	var refusal *fault.Error
	_, err = s.lend(t.Context(), 1, changing)
	require.ErrorAs(t, err, &refusal, "all of the share rests")
	require.Equal(t, fault.RateLimited, refusal.Code)
	other, err = s.lend(t.Context(), 2, changing)
	require.NoError(t, err, "another user is served")
	other.Release()
	s.patience = 2 * longestRest
	one, err := s.lend(t.Context(), 1, changing)
	require.NoError(t, err, "and the user again, later")
	one.Release()
}

func TestWorkersTakeNoShare(t *testing.T) {
	t.Parallel()
	r := small(t)
	var inside func(left int) error
	inside = func(left int) error {
		return r.serve(t.Context(), func(tx *transaction) error {
			if _, err := tx.Exec(t.Context(), `SELECT`); err != nil || left == 1 {
				return err
			}
			return inside(left - 1)
		})
	}
	require.NoError(t, inside(maxSessions), "as many at a time as the pool has sessions")
}

func TestChecksAndChangesNeverWaitBehindReading(t *testing.T) {
	t.Parallel()
	r := small(t)
	id, err := r.EnsureUser(t.Context(), LocalIssuer, "ann", "UTC")
	require.NoError(t, err)
	_, stored := access.NewToken()
	stored.Scopes = access.Standard
	_, err = r.AddToken(t.Context(), id, stored)
	require.NoError(t, err)
	check := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := r.TokenByHash(ctx, stored.Hash)
		require.NoError(t, err)
		_, err = r.Settings(ctx, id)
		require.NoError(t, err)
		_, _, err = r.StillGood(ctx, map[int64]bool{1: true}, nil)
		require.NoError(t, err)
	}

	var refusal *fault.Error
	for user := int64(1000); ; user++ { // as many users as it takes search as much as they may
		lent, err := held(t, r.sessions, user, reading)
		require.ErrorAs(t, err, &refusal)
		if lent == 0 {
			require.Equal(t, fault.Unavailable, refusal.Code, "not the user's own calls are to blame")
			break
		}
	}
	check()
	require.NoError(t, r.Tx(t.Context(), id, func(tx task.Tx) error { _, err := tx.Tags(t.Context(), true); return err }), "a change is taken")

	for user := int64(2000); ; user++ { // and change as much as they may
		lent, err := held(t, r.sessions, user, changing)
		require.ErrorAs(t, err, &refusal)
		if lent == 0 {
			break
		}
	}
	check()
}

func TestEverySessionHasTimeLimits(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t).Config().ConnString()
	for _, role := range []Role{RoleAPI, RoleNotifier, RoleRecurrer, RoleRelay} {
		pool, err := Connect(t.Context(), url, role)
		require.NoError(t, err)
		var jit string
		require.NoError(t, pool.QueryRow(t.Context(), "SHOW jit").Scan(&jit))
		require.Equal(t, "off", jit, "%s: compiling would take longer than the statement", role)
		for _, name := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
			var limit string
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&limit))
			require.NotEqual(t, "0", limit, "%s of %s", name, role)
		}
		pool.Close()
	}
}

func TestWhatTakesTooLongIsSaidSo(t *testing.T) {
	t.Parallel()
	r := small(t)
	err := r.read(t.Context(), 1, func(tx *transaction) error {
		if _, err := tx.Exec(t.Context(), `SET LOCAL statement_timeout = '50ms'`); err != nil {
			return err
		}
		_, err := tx.Exec(t.Context(), `SELECT pg_sleep(10)`)
		return err
	})
	var refusal *fault.Error
	require.ErrorAs(t, unavailable(err), &refusal)
	require.Equal(t, fault.Unavailable, refusal.Code)
}
