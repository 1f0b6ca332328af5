package signin

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"tickler/api/guard"
	"tickler/api/problem"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/input"
)

const (
	// passkeyLasts is how long a person may take to answer their authenticator.
	passkeyLasts = 5 * time.Minute
	handleSize   = 64 // bytes, as the specification advises
	// MaxPasskeyName is how many characters the name of a passkey can have.
	MaxPasskeyName = 60
)

// PasskeyStore keeps passkeys: repository.Repository.
type PasskeyStore interface {
	Passkeys(ctx context.Context, userID int64) ([]access.Passkey, error)
	AddPasskey(ctx context.Context, k access.Passkey) (id int64, err error)
	// FindPasskey returns the passkey with an id, of whichever user, or
	// fault.ErrNotFound.
	FindPasskey(ctx context.Context, credentialID []byte) (access.Passkey, error)
	// UsedPasskey stores how a passkey is after its use, unless it was used
	// meanwhile: then it returns fault.ErrNotFound.
	UsedPasskey(ctx context.Context, k access.Passkey, credential string, now time.Time) error
	// PersonName is how a person is called.
	PersonName(ctx context.Context, userID int64) (string, error)
}

// ceremony is what is remembered between the challenge and the authenticator's answer.
type ceremony struct {
	UserID int64                `json:"user_id,omitempty"` // whose passkey is added; 0: somebody signs in
	Data   webauthn.SessionData `json:"data"`
}

// owner is a person as the library sees them.
type owner struct {
	handle []byte
	name   string
	keys   []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return o.handle }
func (o owner) WebAuthnName() string                       { return o.name }
func (o owner) WebAuthnDisplayName() string                { return o.name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

// PasskeysAt reports whether browsers take passkeys for the host of a request. They
// take them for names only; of loopback that is localhost.
func PasskeysAt(c *gin.Context) bool {
	_, err := netip.ParseAddr(hostOf(c))
	return err != nil
}

func hostOf(c *gin.Context) string {
	host, _, err := net.SplitHostPort(c.Request.Host)
	if err != nil {
		return c.Request.Host
	}
	return host
}

// party is this server as authenticators know it: by the name that the browser calls
// it by, which the guard has found to be its own.
// https://www.w3.org/TR/webauthn-3/#rp-id
func (h *Handler) party(c *gin.Context) (*webauthn.WebAuthn, error) {
	if !PasskeysAt(c) {
		return nil, &fault.Error{Code: fault.Conflict, Message: "browsers take passkeys for a name and not for an address; open the page under its name, on this machine http://localhost"}
	}
	limit := webauthn.TimeoutConfig{Enforce: true, Timeout: passkeyLasts, TimeoutUVD: passkeyLasts}
	return webauthn.New(&webauthn.Config{
		RPID: hostOf(c), RPDisplayName: "Tickler", RPOrigins: []string{h.origin(c)},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
	})
}

// mountPasskeys adds the routes that the script calls.
func (h *Handler) mountPasskeys(router gin.IRouter, attempt, in gin.HandlersChain) {
	router.POST("/sign-in/passkey/begin", append(attempt, h.scripted(h.beginPasskey))...)
	router.POST("/sign-in/passkey/finish", append(attempt, h.scripted(h.finishPasskey))...)
	router.POST("/settings/passkeys/begin", append(in, h.scripted(h.beginAdding))...)
	router.POST("/settings/passkeys/finish", append(in, h.scripted(h.finishAdding))...)
}

// scripted answers the script in JSON, errors too.
func (h *Handler) scripted(do func(c *gin.Context) (any, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		answer, err := do(c)
		if err != nil {
			problem.Refuse(c, h.Visible(c.Request.Context(), "passkey", err))
			return
		}
		c.JSON(http.StatusOK, answer)
	}
}

// beginPasskey challenges any passkey of this server: the authenticator knows whose
// it has.
func (h *Handler) beginPasskey(c *gin.Context) (any, error) {
	party, err := h.party(c)
	if err != nil {
		return nil, err
	}
	challenge, data, err := party.BeginDiscoverableLogin()
	if err != nil {
		return nil, err
	}
	return challenge, h.begin(c, stepPasskey, ceremony{Data: *data}, passkeyLasts)
}

// errPasskey says no more to anybody: neither whether the passkey exists nor what is
// wrong with the answer.
var errPasskey = &fault.Error{Code: fault.Forbidden, Message: "this passkey does not sign you in here; try again, or sign in another way"}

// finishPasskey signs in who answered the challenge.
func (h *Handler) finishPasskey(c *gin.Context) (any, error) {
	party, begun, answer, err := h.answered(c)
	if err != nil {
		return nil, err
	}
	ctx := c.Request.Context()
	parsed, err := protocol.ParseCredentialRequestResponseBody(bytes.NewReader(answer))
	if err != nil || begun.UserID != 0 {
		return nil, h.refusePasskey(c, err)
	}
	var found access.Passkey
	var failed error // of the store
	_, used, err := party.ValidatePasskeyLogin(func(id, handle []byte) (webauthn.User, error) {
		found, failed = h.Store.FindPasskey(ctx, id)
		if failed != nil || !bytes.Equal(found.Handle, handle) {
			return nil, errors.New("there is no such passkey")
		}
		return ownerOf("", found)
	}, begun.Data, parsed)
	switch {
	case failed != nil && !errors.Is(failed, fault.ErrNotFound):
		return nil, failed
	case err != nil:
		return nil, h.refusePasskey(c, err)
	case used.Authenticator.CloneWarning:
		h.Log.Warn("the sign count of a passkey went back: it may have been copied, and signs nobody in", "passkey", found.ID, "user_id", found.UserID)
		return nil, h.refusePasskey(c, nil)
	}
	text, err := json.Marshal(used)
	if err != nil {
		return nil, err
	}
	if err := h.Store.UsedPasskey(ctx, found, string(text), h.Now().UTC()); errors.Is(err, fault.ErrNotFound) {
		return nil, h.refusePasskey(c, nil)
	} else if err != nil {
		return nil, err
	}
	onward, err := h.signIn(c, found.UserID, access.MethodPasskey)
	return gin.H{"to": onward}, err
}

func (h *Handler) refusePasskey(c *gin.Context, why error) error {
	h.Guard.Failed(c)
	h.Log.Info("a passkey signed nobody in", "error", why, "request", guard.RequestID(c))
	return errPasskey
}

// ownerOf is a person with some of their passkeys.
func ownerOf(name string, keys ...access.Passkey) (owner, error) {
	o := owner{name: name}
	for _, k := range keys {
		var credential webauthn.Credential
		if err := json.Unmarshal([]byte(k.Credential), &credential); err != nil {
			return o, err
		}
		o.handle, o.keys = k.Handle, append(o.keys, credential)
	}
	return o, nil
}

// answered reads an authenticator's answer, and the ceremony that this browser began.
func (h *Handler) answered(c *gin.Context) (party *webauthn.WebAuthn, begun ceremony, answer []byte, err error) {
	if party, err = h.party(c); err != nil {
		return nil, begun, nil, err
	}
	if answer, err = io.ReadAll(c.Request.Body); err != nil {
		return nil, begun, nil, fault.Invalid("the answer", "is too long")
	}
	if err = h.take(c, stepPasskey, &begun); errors.Is(err, fault.ErrNotFound) {
		h.Guard.Failed(c)
		return nil, begun, nil, &fault.Error{Code: fault.Conflict, Message: "that took too long, or was answered already; try again"}
	}
	return party, begun, answer, err
}

// beginAdding asks an authenticator for a new passkey of the signed-in person.
func (h *Handler) beginAdding(c *gin.Context) (any, error) {
	ctx := c.Request.Context()
	userID, _, err := Session(ctx)
	if err != nil {
		return nil, err
	}
	// Later, the authenticator would be left with a passkey that is of no use.
	if _, err := passkeyName(c); err != nil {
		return nil, err
	}
	party, err := h.party(c)
	if err != nil {
		return nil, err
	}
	there, err := h.Store.Passkeys(ctx, userID)
	if err != nil {
		return nil, err
	}
	name, err := h.Store.PersonName(ctx, userID)
	if err != nil {
		return nil, err
	}
	o, err := ownerOf(name, there...)
	if err != nil {
		return nil, err
	}
	if o.handle == nil {
		o.handle = make([]byte, handleSize)
		_, _ = rand.Read(o.handle) // never fails
	}
	challenge, data, err := party.BeginRegistration(o, webauthn.WithExclusions(webauthn.Credentials(o.keys).CredentialDescriptors()))
	if err != nil {
		return nil, err
	}
	return challenge, h.begin(c, stepPasskey, ceremony{UserID: userID, Data: *data}, passkeyLasts)
}

// passkeyName reads the name of a new passkey, which is in the query.
func passkeyName(c *gin.Context) (string, error) {
	return input.CheckName("name", c.DefaultQuery("name", "Passkey"), MaxPasskeyName, "Phone")
}

// finishAdding stores the passkey that an authenticator made.
func (h *Handler) finishAdding(c *gin.Context) (any, error) {
	ctx := c.Request.Context()
	userID, _, err := Session(ctx)
	if err != nil {
		return nil, err
	}
	name, err := passkeyName(c)
	if err != nil {
		return nil, err
	}
	party, begun, answer, err := h.answered(c)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBody(bytes.NewReader(answer))
	if err != nil || begun.UserID != userID {
		h.Log.Info("a passkey was not added", "error", err, "request", guard.RequestID(c))
		return nil, fault.Invalid("the answer", "is not that of an authenticator to what this browser asked; try again")
	}
	credential, err := party.CreateCredential(owner{handle: begun.Data.UserID}, begun.Data, parsed)
	if err != nil {
		h.Log.Info("a passkey was not added", "error", err, "request", guard.RequestID(c))
		return nil, &fault.Error{Code: fault.Forbidden, Message: "this passkey cannot be added: it must ask for a finger, a face or a PIN, and be made for this page; try again"}
	}
	text, err := json.Marshal(credential)
	if err != nil {
		return nil, err
	}
	id, err := h.Store.AddPasskey(ctx, access.Passkey{UserID: userID, CredentialID: credential.ID, Handle: begun.Data.UserID, Credential: string(text), Name: name})
	return gin.H{"id": id, "to": "/settings#passkeys"}, err
}
