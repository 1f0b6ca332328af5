package access

import "time"

// PasskeysPerUser is how many passkeys a user can have.
const PasskeysPerUser = 20

// Passkey is a credential of WebAuthn as it is stored. It holds no secret: that never
// leaves the authenticator.
type Passkey struct {
	ID           int64
	UserID       int64
	CredentialID []byte
	Handle       []byte // by which authenticators know the user
	Credential   string // as the library keeps it, JSON
	Name         string // given by the user
	CreatedAt    time.Time
	LastUsedAt   *time.Time
}
