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

// work is the purpose of a session on a user's data.
type work int

const (
	reading  work = iota // lists, searches, histories: slower the more tasks the user has
	changing             // a transaction that writes
	serving              // a worker's transaction, for all users or none: takes no share, waits as long as ctx allows
)

// sessions divides a pool so that no user can take all of it. Work on users' data
// leaves some sessions for checking tokens and for what all streams share. Reads
// leave half of the sessions to changes. One user gets a quarter at most, and half
// of that for reads. See docs/decisions/0017-cost-of-a-user.md.
type sessions struct {
	pool  *pgxpool.Pool
	all   *semaphore.Weighted // for users' data
	reads *semaphore.Weighted
	each  int64 // per user

	patience time.Duration

	mu    sync.Mutex
	users map[int64]*share
}

// share is what one user holds or waits for.
type share struct {
	all, reads *semaphore.Weighted
	calls      int // calls that hold a session or wait for one
}

func newSessions(pool *pgxpool.Pool) *sessions {
	size := int64(pool.Config().MaxConns)
	return &sessions{
		pool: pool, users: map[int64]*share{}, patience: patience,
		all:   semaphore.NewWeighted(max(1, size-max(1, size/8))),
		reads: semaphore.NewWeighted(max(1, size/2)),
		each:  max(1, size/4),
	}
}

// session is a pool session with its shares. Release must be called exactly once.
type session struct {
	*pgxpool.Conn
	give []func()
}

// Release returns the session to the pool.
func (s *session) Release() {
	s.Conn.Release()
	s.giveUp()
}

func (s *session) giveUp() {
	for _, give := range s.give {
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
	take := func(of *semaphore.Weighted, refusal *fault.Error) error {
		if of.Acquire(waiting, 1) == nil {
			lent.give = append(lent.give, func() { of.Release(1) })
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return refusal
	}
	mine, leave := s.join(userID)
	lent.give = append(lent.give, leave)
	if w == reading {
		if err := take(mine.reads, errOwnCalls); err != nil {
			return err
		}
	}
	if err := take(mine.all, errOwnCalls); err != nil {
		return err
	}
	if w == reading {
		if err := take(s.reads, errBusy); err != nil {
			return err
		}
	}
	if err := take(s.all, errBusy); err != nil {
		return err
	}
	var err error
	if lent.Conn, err = s.pool.Acquire(waiting); err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("%w: no session within %s: %w", fault.ErrUnavailable, s.patience, err)
		}
		return err
	}
	return nil
}

var (
	errOwnCalls = &fault.Error{
		Code: fault.RateLimited, Message: "your other calls are still being worked on; this one waited " + patience.String() + " for them and nothing was done",
		Hint: "make fewer calls at the same time",
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
	return mine, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if mine.calls--; mine.calls == 0 {
			delete(s.users, userID)
		}
	}
}
