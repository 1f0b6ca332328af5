package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// AccessLasts is the lifetime of an access token.
	AccessLasts = time.Hour
	// RefreshLasts is how long a connection lasts from its last refresh.
	RefreshLasts = 90 * 24 * time.Hour
	// ReuseNoticed is how long a refresh token that was exchanged is remembered.
	ReuseNoticed = 30 * 24 * time.Hour
	// RepeatedWithin is how soon after an exchange the same one is taken for a
	// repetition, by a client that did not get the answer, and answered alike.
	RepeatedWithin = 30 * time.Second
	// ConnectionsPerUser is how many connections a user has at a time.
	ConnectionsPerUser = 100
)

// Prefixes of what a client is given beside access tokens, which look like personal ones.
const (
	refreshPrefix = "tklr_"
	codePrefix    = "tklc_"
	randomLength  = 52 // characters after a prefix: 256 bits in base32
)

// Grant is what a person agreed to when a client asked for access.
type Grant struct {
	UserID               int64
	ClientID, ClientName string
	Redirect             string // the redirect URI that the code was sent to
	Challenge            string // PKCE, S256
	Resource             string // the path that tokens open; "" opens all
	Scopes               []Scope
	Attempt              []byte // key of the attempt to connect
}

// Issued are the tokens that a client is given.
type Issued struct {
	Access, Refresh string
	Scopes          []Scope
	Lasts           time.Duration // of the access token
}

// Refused is why a code or a refresh token is not exchanged. Its text is for the
// client's developer and, in the list of attempts, for the person.
type Refused struct {
	Reason string
	Target bool // it is the resource that does not fit
	Scope  bool // it is the scope
}

func (e *Refused) Error() string { return e.Reason }

// ErrUnknownGrant is a code or refresh token that never was, or is long gone.
var ErrUnknownGrant = errors.New("it is unknown or expired")

// Attempt is one attempt of a client to be connected.
type Attempt struct {
	Client  string // name or id, as far as known
	Step    Step
	Problem string // what was wrong, in words; "" if nothing
	At      time.Time
}

// Step is how far an attempt came.
type Step string

// The steps.
const (
	StepRequest   Step = "request"   // the client's request was refused
	StepConsent   Step = "consent"   // the person was asked, and has not answered
	StepDeclined  Step = "declined"  // the person declined
	StepCode      Step = "code"      // the person agreed; the client has not fetched its tokens
	StepToken     Step = "token"     // the client was refused its tokens
	StepConnected Step = "connected" // the client has its tokens
)

// AttemptsPerUser is how many attempts are remembered for a user.
const AttemptsPerUser = 20

// NewCode makes an authorization code and its hash.
func NewCode() (code string, hash []byte) {
	code = codePrefix + rand.Text() + rand.Text()
	return code, hashToken(code)
}

// HashOf returns the hash under which a code, or a token of a connection, is stored.
// ok is false for a text that cannot be one.
func HashOf(secret string) (hash []byte, ok bool) {
	_, code := strings.CutPrefix(secret, codePrefix)
	_, refresh := strings.CutPrefix(secret, refreshPrefix)
	if (code || refresh) && len(secret) == len(codePrefix)+randomLength || kindOf(secret) == personal {
		return hashToken(secret), true
	}
	return nil, false
}

// NewSalt makes what the successors of a secret are derived from.
func NewSalt() []byte {
	salt := make([]byte, sha256.Size)
	_, _ = rand.Read(salt) // never fails
	return salt
}

// Succeed derives the tokens that a code or refresh token is exchanged for. Whoever
// has both the secret and the salt can repeat it, so that the same exchange can be
// answered twice although only hashes of tokens are stored.
func Succeed(secret string, salt []byte) (access, refresh string) {
	return tokenPrefix + derive(secret, salt, "access"), refreshPrefix + derive(secret, salt, "refresh")
}

func derive(secret string, salt []byte, what string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(salt)
	mac.Write([]byte(what))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil))[:randomLength]
}

// Narrowed returns the scopes that a client asks for of those it was granted; none
// asked for is all of them.
func Narrowed(granted []Scope, asked []string) ([]Scope, error) {
	if len(asked) == 0 {
		return granted, nil
	}
	var scopes []Scope
	for _, s := range granted {
		for _, name := range asked {
			if name == string(s) {
				scopes = append(scopes, s)
				break
			}
		}
	}
	for _, name := range asked {
		known := false
		for _, s := range granted {
			known = known || name == string(s)
		}
		if !known && name != "offline_access" {
			return nil, &Refused{Reason: fmt.Sprintf("the scope %s was not granted; ask the person again to have more", quoted(name)), Scope: true}
		}
	}
	if len(scopes) == 0 {
		return granted, nil
	}
	return scopes, nil
}
