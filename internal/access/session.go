package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"time"

	"tickler/internal/fault"
)

const (
	// SessionLasts is how long a browser stays signed in after it was last used.
	SessionLasts = 30 * 24 * time.Hour
	// LinkLasts is how long a link signs in. Postgres counts it, by the default of
	// sign_in_links.expires_at.
	LinkLasts = 15 * time.Minute
	// SessionsPerUser is how many browsers of a user are signed in at a time. One
	// more ends the one that was unused longest.
	SessionsPerUser = 50
)

// Session is a signed-in browser as it is stored: without its secret.
type Session struct {
	ID         int64
	UserID     int64
	Hash       []byte // SHA-256
	Browser    string // as people know it, for example Firefox on Linux
	Address    string // from which it signed in
	Method     string // MethodLink, MethodPasskey, or an issuer
	CreatedAt  time.Time
	LastUsedAt time.Time // to some seconds
	ExpiresAt  time.Time
}

// Methods of signing in, beside issuers.
const (
	MethodLink    = "link"
	MethodPasskey = "passkey"
)

// NewSession makes the secret of a session, 256 random bits, and what is stored of it.
func NewSession() (secret string, stored Session) {
	secret = rand.Text() + rand.Text()
	return secret, Session{Hash: hashToken(secret)}
}

const sessionLength = 52 // of a secret

// SessionStore keeps signed-in browsers.
type SessionStore interface {
	// SessionByHash reads a session that has not ended, or returns fault.ErrNotFound.
	SessionByHash(ctx context.Context, hash []byte) (Session, error)
	// NoteSessionUse notes when sessions, by id, were last used, and makes each last
	// SessionLasts from then.
	NoteSessionUse(ctx context.Context, used map[int64]time.Time) error
	// SessionsStillGood returns which of the sessions, by id, have not ended.
	SessionsStillGood(ctx context.Context, sessions map[int64]bool) (map[int64]bool, error)
}

// sessionKey is the key of a session in the cache. It differs from that of a token,
// so that the secret of a session, sent as a token, finds nothing.
func sessionKey(secret string) [sha256.Size]byte { return sha256.Sum256([]byte("session " + secret)) }

// KnownSession returns the caller of a session from the cache, without a lookup. seen
// reports whether the session ever lasted here.
func (c *Checker) KnownSession(secret string) (caller Caller, fresh, seen bool) {
	return c.cached(sessionKey(secret))
}

// CheckSession returns the caller whose browser has a session with this secret. The
// error is ErrInvalid for a session that is unknown or has ended; any other error
// means that it could not be checked now. A session that ended works for no longer
// than freshness, on every replica.
func (c *Checker) CheckSession(ctx context.Context, secret string) (Caller, error) {
	if len(secret) != sessionLength {
		return Caller{}, ErrInvalid
	}
	caller, fresh, seen := c.KnownSession(secret)
	if fresh {
		return caller, nil
	}
	return c.lookUp(ctx, sessionKey(secret), session, seen, func(ctx context.Context) (checked, error) { return c.askSession(ctx, secret) })
}

func (c *Checker) askSession(ctx context.Context, secret string) (checked, error) {
	s, err := c.store.SessionByHash(ctx, hashToken(secret))
	if errors.Is(err, fault.ErrNotFound) {
		return checked{}, ErrInvalid
	}
	if err != nil {
		return checked{}, err
	}
	until := c.now().Add(freshness)
	if s.ExpiresAt.Before(until) {
		until = s.ExpiresAt
	}
	return checked{Caller{UserID: s.UserID, SessionID: s.ID, Scopes: Standard, Actor: ActorPage, Client: s.Browser}, until}, nil
}

// ActorPage names a person at the page in the history.
const ActorPage = "page"

// ForgetSession makes this replica ask for a session anew. The others do within
// freshness.
func (c *Checker) ForgetSession(secret string) { c.known.Remove(sessionKey(secret)) }
