package access

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"tickler/internal/fault"
	"tickler/internal/wake"
)

// ErrInvalid is a token that is unknown, expired, revoked, or not for here.
var ErrInvalid = errors.New("the token is not valid")

// ExpiredError is an ErrInvalid for a token that was valid until At.
type ExpiredError struct{ At time.Time }

func (e *ExpiredError) Error() string {
	return "the token expired at " + e.At.UTC().Format(time.RFC3339)
}

// Unwrap makes it an ErrInvalid.
func (e *ExpiredError) Unwrap() error { return ErrInvalid }

// Store keeps personal tokens and users.
type Store interface {
	// TokenByHash reads a token that is neither expired nor revoked, or returns an
	// ExpiredError or fault.ErrNotFound.
	TokenByHash(ctx context.Context, hash []byte) (Token, error)
	// NoteUse notes when tokens, by id, were last used.
	NoteUse(ctx context.Context, used map[int64]time.Time) error
	// ProvisionUser returns the id of the user that an issuer knows by a subject,
	// and creates the user if there is none.
	ProvisionUser(ctx context.Context, issuer, subject string) (int64, error)
	// StillGood returns the scopes of those tokens, by id, that are neither expired
	// nor revoked, and which of the users still exist.
	StillGood(ctx context.Context, tokens, users map[int64]bool) (scopes map[int64][]Scope, known map[int64]bool, err error)
	SessionStore
}

const (
	// freshness is how long a check is cached. A revoked token works for no longer
	// than this, on every replica.
	freshness = 2 * time.Second
	// signedFreshness is the same for an issuer's token. It cannot be revoked here,
	// and its expiry is checked anyway.
	signedFreshness = time.Minute
	// remembered bounds the cache; the least recently used go first.
	remembered = 10_000
	// noteInterval is how often last uses are written to the store.
	noteInterval = 15 * time.Second
	// lookups bounds concurrent lookups of unknown tokens of a kind, so that a
	// flood of bad tokens, or an issuer that hangs, does not starve other callers.
	lookups = 4
)

// Checker finds out who a token speaks for. It is safe for concurrent use.
type Checker struct {
	store   Store
	issuers *Issuers // nil: none is trusted
	now     func() time.Time
	log     *slog.Logger

	known  *lru.Cache[[sha256.Size]byte, checked] // by hash: tokens themselves are not kept
	asking singleflight.Group
	turns  map[kind]chan struct{}

	doubt wake.Signal // asks for a recheck of all answers

	mu           sync.Mutex
	used         map[int64]time.Time // by token
	usedSessions map[int64]time.Time
	answers      map[*held]struct{} // under way
}

// checked is a token that was valid.
type checked struct {
	caller Caller
	until  time.Time
}

// NewChecker makes a checker; issuers may be nil.
func NewChecker(store Store, issuers *Issuers, now func() time.Time, log *slog.Logger) *Checker {
	known, err := lru.New[[sha256.Size]byte, checked](remembered)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &Checker{
		store: store, issuers: issuers, now: now, log: log, known: known,
		turns: map[kind]chan struct{}{personal: make(chan struct{}, lookups), signed: make(chan struct{}, lookups), session: make(chan struct{}, lookups)},
		used:  map[int64]time.Time{}, usedSessions: map[int64]time.Time{},
		doubt: wake.New(), answers: map[*held]struct{}{},
	}
}

// Known returns the caller of a token from the cache, without a lookup. seen
// reports whether the token was ever valid here.
func (c *Checker) Known(token string) (caller Caller, fresh, seen bool) {
	return c.cached(sha256.Sum256([]byte(token)))
}

func (c *Checker) cached(key [sha256.Size]byte) (caller Caller, fresh, seen bool) {
	entry, seen := c.known.Get(key)
	if !seen || !c.now().Before(entry.until) {
		return Caller{}, false, seen
	}
	c.note(entry.caller)
	return entry.caller, true, true
}

// Check returns the caller of a token. The error is ErrInvalid for a token that is
// not valid; any other error means that it could not be checked now.
func (c *Checker) Check(ctx context.Context, token string) (Caller, error) {
	caller, fresh, seen := c.Known(token)
	if fresh {
		return caller, nil
	}
	shape := kindOf(token)
	if shape == neither {
		return Caller{}, ErrInvalid
	}
	return c.lookUp(ctx, sha256.Sum256([]byte(token)), shape, seen, func(ctx context.Context) (checked, error) { return c.ask(ctx, token, shape) })
}

// askTimeout bounds a lookup.
const askTimeout = 5 * time.Second

// lookUp asks who has a secret, once for all who wait for the answer, and remembers
// it. What was never seen here waits for its turn among its kind.
func (c *Checker) lookUp(ctx context.Context, key [sha256.Size]byte, shape kind, seen bool, ask func(context.Context) (checked, error)) (Caller, error) {
	if !seen {
		select {
		case c.turns[shape] <- struct{}{}:
			defer func() { <-c.turns[shape] }()
		case <-ctx.Done():
			return Caller{}, ctx.Err()
		}
	}
	found, err, _ := c.asking.Do(string(key[:]), func() (any, error) {
		// Detach: waiters must not be cancelled with the request that started the
		// lookup.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
		defer cancel()
		return ask(ctx)
	})
	if err != nil {
		if errors.Is(err, ErrInvalid) {
			c.known.Remove(key)
		}
		return Caller{}, err
	}
	entry := found.(checked)
	c.known.Add(key, entry)
	c.note(entry.caller)
	return entry.caller, nil
}

func (c *Checker) ask(ctx context.Context, token string, shape kind) (checked, error) {
	caller, lasts := Caller{}, freshness
	var err error
	if shape == personal {
		caller, err = c.personal(ctx, token)
	} else {
		lasts = signedFreshness
		caller, err = c.signed(ctx, token)
	}
	if err != nil {
		return checked{}, err
	}
	until := c.now().Add(lasts)
	if !caller.Expires.IsZero() && caller.Expires.Before(until) {
		until = caller.Expires
	}
	return checked{caller, until}, nil
}

func (c *Checker) personal(ctx context.Context, token string) (Caller, error) {
	t, err := c.store.TokenByHash(ctx, hashToken(token))
	if errors.Is(err, fault.ErrNotFound) {
		return Caller{}, ErrInvalid
	}
	if err != nil {
		return Caller{}, err
	}
	caller := Caller{UserID: t.UserID, TokenID: t.ID, Scopes: t.Scopes, Actor: t.Actor(), Client: t.ClientID, Resource: t.Resource}
	if t.ExpiresAt != nil {
		caller.Expires = *t.ExpiresAt
	}
	return caller, nil
}

func (c *Checker) signed(ctx context.Context, token string) (Caller, error) {
	if c.issuers == nil {
		return Caller{}, ErrInvalid
	}
	claims, err := c.issuers.Verify(ctx, token)
	if err != nil {
		return Caller{}, err
	}
	id, err := c.store.ProvisionUser(ctx, claims.Issuer, claims.Subject)
	if err != nil {
		return Caller{}, err
	}
	return Caller{UserID: id, Scopes: claims.Scopes, Expires: claims.Expires, Actor: claims.actor(), Client: claims.Client}, nil
}

func (c *Checker) note(caller Caller) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case caller.SessionID != 0:
		c.usedSessions[caller.SessionID] = c.now()
	case caller.TokenID != 0:
		c.used[caller.TokenID] = c.now()
	}
}

// Run writes last uses to the store at intervals and once more when ctx ends, and
// cancels answers whose tokens have ended: see Hold.
func (c *Checker) Run(ctx context.Context) {
	var checking sync.WaitGroup
	checking.Go(func() { c.keepChecking(ctx) })
	defer checking.Wait()
	ticker := time.NewTicker(noteInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			c.flush(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
			c.flush(ctx)
		}
	}
}

func (c *Checker) flush(ctx context.Context) {
	c.mu.Lock()
	tokens, sessions := c.used, c.usedSessions
	c.used, c.usedSessions = map[int64]time.Time{}, map[int64]time.Time{}
	c.mu.Unlock()
	for _, of := range []struct {
		what string
		used map[int64]time.Time
		note func(context.Context, map[int64]time.Time) error
	}{{"tokens", tokens, c.store.NoteUse}, {"sessions", sessions, c.store.NoteSessionUse}} {
		if len(of.used) == 0 {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, askTimeout)
		if err := of.note(ctx, of.used); err != nil {
			c.log.Warn("the last uses of "+of.what+" could not be noted", of.what, len(of.used), "error", err)
		}
		cancel()
	}
}
