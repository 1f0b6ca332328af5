package repository

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/semaphore"

	"tickler/internal/fault"
)

// patience is how long a call waits for a session before it is refused.
const patience = 5 * time.Second

const (
	// effort is how long sessions work for a user at full speed, effortRegained how much
	// of that comes back per second, and effortOwed the most by which a user can be over
	// it: what they did while they were alone is forgotten within half a minute.
	effort         = 2 * time.Second
	effortRegained = 0.25
	effortOwed     = 8 * time.Second
	// Beyond the effort, while others call too, a session that a user gives back is
	// missing from their share for restFactor times as long as they had it, at most for
	// longestRest. Four sessions then do the work of half a one.
	restFactor  = 7
	longestRest = 3 * time.Second
	// present is how long after a call a user counts as one who would notice others' work.
	present = 10 * time.Second
)

// work is the purpose of a session on a user's data.
type work int

const (
	reading  work = iota // lists, searches, histories: slower the more tasks the user has
	changing             // a transaction that writes
	serving              // a worker's transaction, for all users or none: takes no share, waits as long as ctx allows
)

// sessions divides a pool so that no user can take all of it. Work on users' data
// leaves some sessions for checking tokens and for what all streams share. Reads
// leave half of the sessions to changes. One user gets a quarter at most, half of that
// for reads, and less after having kept sessions busy while others call. See
// docs/decisions/0017-cost-of-a-user.md.
type sessions struct {
	pool  *pgxpool.Pool
	all   *semaphore.Weighted // for users' data
	reads *semaphore.Weighted
	each  int64 // per user

	patience time.Duration

	mu      sync.Mutex
	users   map[int64]*share
	efforts accounts
	last    appearance // the last call
	other   appearance // the last call of another user than that
}

// appearance is when a user last asked for a session.
type appearance struct {
	userID int64
	at     time.Time
}

// share is what one user holds or waits for.
type share struct {
	all, reads *semaphore.Weighted
	calls      int // calls that hold a session or wait for one
}

func newSessions(pool *pgxpool.Pool) *sessions {
	size := int64(pool.Config().MaxConns)
	return &sessions{
		pool: pool, users: map[int64]*share{}, patience: patience, efforts: newAccounts(effort, effortRegained, effortOwed),
		all:   semaphore.NewWeighted(max(1, size-max(1, size/8))),
		reads: semaphore.NewWeighted(max(1, size/2)),
		each:  max(1, size/4),
	}
}

// session is a pool session with its shares. Release must be called exactly once.
type session struct {
	*pgxpool.Conn
	give []func()             // shares of everybody's sessions
	mine []func()             // those of the user
	rest func() time.Duration // how long the user does without them
}

// Release returns the session to the pool.
func (s *session) Release() {
	s.Conn.Release()
	if s.rest != nil {
		if rest := s.rest(); rest > 0 {
			mine := s.mine
			s.mine = nil
			time.AfterFunc(rest, func() { giveAll(mine) })
		}
	}
	s.giveUp()
}

func (s *session) giveUp() {
	giveAll(s.give)
	giveAll(s.mine)
}

func giveAll(shares []func()) {
	for _, give := range shares {
		give()
	}
}

// nobody is the user id of a transaction that is not for one user.
const nobody = 0

// lend waits for a session. If none is free in time, it returns RATE_LIMITED if the
// user's own calls held them, and UNAVAILABLE if everybody's did.
func (s *sessions) lend(ctx context.Context, userID int64, w work) (*session, error) {
	lent := &session{}
	if err := s.fetch(ctx, lent, userID, w); err != nil {
		lent.giveUp()
		return nil, err
	}
	return lent, nil
}

func (s *sessions) fetch(ctx context.Context, lent *session, userID int64, w work) error {
	if w == serving {
		var err error
		lent.Conn, err = s.pool.Acquire(ctx)
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	take := func(of *semaphore.Weighted, list *[]func(), refusal *fault.Error) error {
		if of.Acquire(waiting, 1) == nil {
			*list = append(*list, func() { of.Release(1) })
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return refusal
	}
	mine, leave := s.join(userID)
	lent.mine = append(lent.mine, leave)
	if w == reading {
		if err := take(mine.reads, &lent.mine, errOwnCalls); err != nil {
			return err
		}
	}
	if err := take(mine.all, &lent.mine, errOwnCalls); err != nil {
		return err
	}
	if w == reading {
		if err := take(s.reads, &lent.give, errBusy); err != nil {
			return err
		}
	}
	if err := take(s.all, &lent.give, errBusy); err != nil {
		return err
	}
	var err error
	if lent.Conn, err = s.pool.Acquire(waiting); err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("%w: no session within %s: %w", fault.ErrUnavailable, s.patience, err)
		}
		return err
	}
	began := time.Now()
	lent.rest = func() time.Duration { return s.rest(userID, began, time.Now()) }
	return nil
}

// rest notes a user's work, and returns for how long a part of their share rests.
func (s *sessions) rest(userID int64, began, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	took := now.Sub(began)
	s.efforts.spend(userID, took, now)
	others := s.last
	if others.userID == userID {
		others = s.other
	}
	if s.efforts.over(userID, now) == 0 || now.Sub(others.at) > present {
		return 0
	}
	return min(restFactor*took, longestRest)
}

var (
	errOwnCalls = &fault.Error{
		Code: fault.RateLimited, Message: "this call waited " + patience.String() + " for your other calls, which cost a lot, and nothing was done",
		Hint: "make fewer calls at the same time, and ask for less: fewer words, a smaller page",
	}
	errBusy = fault.Busy("the server is busy; this call waited " + patience.String() + " for its turn and nothing was done")
)

// join finds or creates a user's share; leave releases it.
func (s *sessions) join(userID int64) (mine *share, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine = s.users[userID]
	if mine == nil {
		mine = &share{all: semaphore.NewWeighted(s.each), reads: semaphore.NewWeighted(max(1, s.each/2))}
		s.users[userID] = mine
	}
	mine.calls++
	if userID != s.last.userID {
		s.other = s.last
	}
	s.last = appearance{userID, time.Now()}
	return mine, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if mine.calls--; mine.calls == 0 {
			delete(s.users, userID)
		}
	}
}
