package access

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"time"
)

// tokenPrefix lets people and secret scanners recognise a personal token.
const tokenPrefix = "tkl_"

const (
	shownLength = len(tokenPrefix) + 4 // the prefix by which people recognise a token
	tokenLength = len(tokenPrefix) + 52
	// longestToken bounds what is parsed. An issuer's token can be some KiB.
	longestToken = 8 << 10
)

// Token is a personal token, or the connection of a client, as it is stored: without
// the token itself.
type Token struct {
	ID         int64
	UserID     int64
	User       string // the subject of a user of the issuer "local", else issuer and subject
	Name       string
	Prefix     string
	Hash       []byte // SHA-256; none of a connection, whose client has tokens of its own
	Scopes     []Scope
	ClientID   string // of a connection; "" for a personal token
	LeadsTo    string // where the person was sent back to when the client was connected
	Resource   string // the path that the token opens, for example /mcp; "" opens all
	CreatedAt  time.Time
	ExpiresAt  *time.Time
	LastUsedAt *time.Time // to some seconds
	RevokedAt  *time.Time
}

// Actor names the token in the history.
func (t Token) Actor() string { return cmp.Or(t.Name, "token "+t.Prefix) }

// NewToken makes a secret of 256 bits and what is stored of it.
func NewToken() (secret string, stored Token) {
	secret = tokenPrefix + rand.Text() + rand.Text()
	return secret, Token{Prefix: secret[:shownLength], Hash: hashToken(secret)}
}

// hashToken is how a token is stored. Tokens are random, so they need neither salt
// nor stretching.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// ParseBearer takes the token out of an Authorization header. Its second value
// is false when there is none of the scheme Bearer, or it cannot be one:
// RFC 6750 allows these characters only.
func ParseBearer(header string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > longestToken {
		return "", false
	}
	for _, c := range []byte(token) {
		if !tokenCharacter(c) {
			return "", false
		}
	}
	return token, true
}

func tokenCharacter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~+/=", c) >= 0
}

// kind classifies a token by its shape alone.
type kind int

const (
	neither kind = iota
	personal
	signed  // a JWT
	session // of a browser; no token has this kind
)

func kindOf(token string) kind {
	switch {
	case len(token) == tokenLength && strings.HasPrefix(token, tokenPrefix):
		return personal
	case strings.Count(token, ".") == 2:
		return signed
	default:
		return neither
	}
}
