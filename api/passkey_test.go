package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"
)

// device is an authenticator with a passkey, and the party that it believes to speak
// to.
type device struct {
	party         virtualwebauthn.RelyingParty
	authenticator virtualwebauthn.Authenticator
	key           virtualwebauthn.Credential
}

// atLocalhost opens the page under a name: browsers take no passkeys for addresses.
func (b *browser) atLocalhost() *browser {
	b.root = strings.Replace(b.root, "127.0.0.1", "localhost", 1)
	return b
}

func (b *browser) device() *device {
	return &device{
		virtualwebauthn.RelyingParty{Name: "Tickler", ID: "localhost", Origin: b.root},
		virtualwebauthn.NewAuthenticator(), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2),
	}
}

// script sends what the script of the page does.
func (b *browser) script(path, body string) answer {
	b.t.Helper()
	return b.visit(http.MethodPost, path, strings.NewReader(body), "Content-Type", "application/json", "Accept", "application/json", "Sec-Fetch-Dest", "empty")
}

func TestNameOfAPasskeyIsRefusedBeforeTheDeviceMakesOne(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := h.browser(t).atLocalhost()
	require.Equal(t, http.StatusSeeOther, b.post(h.signInLink(t, ann.user.UserID)).status)
	refused := b.script("/settings/passkeys/begin?name="+strings.Repeat("W", 61), "{}")
	require.Equal(t, http.StatusBadRequest, refused.status)
	require.Contains(t, refused.text, "61 characters; at most 60")
	require.Equal(t, http.StatusOK, b.script("/settings/passkeys/begin?name=Phone", "{}").status)
}

// adds adds a passkey of the device in the settings.
func (b *browser) adds(d *device, name string) answer {
	b.t.Helper()
	begun := b.script("/settings/passkeys/begin", "{}")
	require.Equal(b.t, http.StatusOK, begun.status, begun.text)
	options, err := virtualwebauthn.ParseAttestationOptions(begun.text)
	require.NoError(b.t, err)
	require.Equal(b.t, "localhost", options.RelyingPartyID)
	var told struct {
		PublicKey struct {
			User struct {
				ID string `json:"id"`
			} `json:"user"`
			Selection map[string]any `json:"authenticatorSelection"`
		} `json:"publicKey"`
	}
	require.NoError(b.t, json.Unmarshal([]byte(begun.text), &told))
	require.Equal(b.t, "required", told.PublicKey.Selection["userVerification"])
	require.Equal(b.t, "required", told.PublicKey.Selection["residentKey"])
	require.Len(b.t, told.PublicKey.User.ID, 86, "64 random bytes, which say nothing of their user")
	d.authenticator.Options.UserHandle = []byte(options.UserID)
	a := b.script("/settings/passkeys/finish?name="+url.QueryEscape(name), virtualwebauthn.CreateAttestationResponse(d.party, d.authenticator, d.key, *options))
	if a.status == http.StatusOK {
		d.authenticator.AddCredential(d.key)
	}
	return a
}

// answers begins to sign in and returns the device's answer to the challenge.
func (b *browser) answers(d *device) string {
	b.t.Helper()
	begun := b.script("/sign-in/passkey/begin", "{}")
	require.Equal(b.t, http.StatusOK, begun.status, begun.text)
	require.NotContains(b.t, begun.text, "allowCredentials", "whose passkeys there are is nobody's business")
	options, err := virtualwebauthn.ParseAssertionOptions(begun.text)
	require.NoError(b.t, err)
	d.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(d.party, d.authenticator, d.key, *options)
}

func (b *browser) finish(response string) answer {
	b.t.Helper()
	return b.script("/sign-in/passkey/finish", response)
}

func TestPasskeySignsInItsPerson(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	b := ann.signedIn(t)
	require.Contains(t, b.get("/settings").text, "Browsers take passkeys under a name only")
	refused := b.script("/settings/passkeys/begin", "{}")
	require.Equal(t, http.StatusConflict, refused.status)
	require.Contains(t, refused.text, "localhost")

	b = h.browser(t).atLocalhost()
	require.Equal(t, http.StatusSeeOther, b.post(h.signInLink(t, ann.user.UserID)).status)
	phone, watch := b.device(), b.device()
	a := b.adds(phone, "Phone <1>")
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Equal(t, "/settings#passkeys", a.body(t)["to"])
	require.Equal(t, http.StatusOK, b.adds(watch, "Watch").status)
	require.Equal(t, phone.authenticator.Options.UserHandle, watch.authenticator.Options.UserHandle, "of one person")
	require.Contains(t, b.get("/settings").text, "Phone &lt;1&gt;")
	again := b.adds(phone, "Again")
	require.Equal(t, http.StatusConflict, again.status, "one passkey is added once: %s", again.text)

	b = h.browser(t).atLocalhost()
	require.Contains(t, b.get("/sign-in").text, `data-passkey="sign-in"`)
	require.Equal(t, http.StatusSeeOther, b.get("/tasks").status)
	a = b.finish(b.answers(phone))
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Equal(t, "/tasks", a.body(t)["to"])
	page := b.get("/settings")
	require.Contains(t, page.text, "<bdi>ann</bdi>")
	require.Contains(t, page.text, "signed in just now by passkey")
	id := strings.Split(strings.Split(page.text, `name="passkey" value="`)[1], `"`)[0]
	require.Contains(t, b.follow("/settings/passkeys/rename", "passkey", id, "name", "Old phone").text, "Old phone")
	require.Equal(t, http.StatusBadRequest, b.post("/settings/passkeys/rename", "passkey", id, "name", strings.Repeat("x", 61)).status)
	eve := h.resident(t, "eve").signedIn(t)
	for _, path := range []string{"rename", "remove"} {
		require.Equal(t, http.StatusNotFound, eve.post("/settings/passkeys/"+path, "passkey", id, "name", "Mine").status)
	}
	require.NotContains(t, b.follow("/settings/passkeys/remove", "passkey", id).text, "Old phone")
	other := h.browser(t).atLocalhost()
	require.Equal(t, http.StatusForbidden, other.finish(other.answers(phone)).status, "it was removed")
	require.Equal(t, http.StatusOK, other.finish(other.answers(watch)).status)
}

// What must not sign in: each changes one thing of an answer that would.
func TestPasskeyThatIsNotRightSignsNobodyIn(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, eve := h.resident(t, "ann"), h.resident(t, "eve")
	home := h.browser(t).atLocalhost()
	require.Equal(t, http.StatusSeeOther, home.post(h.signInLink(t, ann.user.UserID)).status)
	phone := home.device()
	require.Equal(t, http.StatusOK, home.adds(phone, "Phone").status)
	evil := h.browser(t).atLocalhost()
	require.Equal(t, http.StatusSeeOther, evil.post(h.signInLink(t, eve.user.UserID)).status)
	eves := evil.device()
	require.Equal(t, http.StatusOK, evil.adds(eves, "Phone").status)

	for name, attempt := range map[string]func(b *browser) answer{
		"twice": func(b *browser) answer {
			response := b.answers(phone)
			require.Equal(t, http.StatusOK, b.finish(response).status)
			require.Equal(t, http.StatusSeeOther, b.post("/sign-out").status)
			return b.finish(response)
		},
		"to another browser's challenge": func(b *browser) answer {
			response := h.browser(t).atLocalhost().answers(phone)
			b.answers(phone)
			return b.finish(response)
		},
		"without a challenge": func(b *browser) answer {
			return b.finish(h.browser(t).atLocalhost().answers(phone))
		},
		"to a challenge that is old": func(b *browser) answer {
			response := b.answers(phone)
			_, err := h.owner.Exec(t.Context(), `UPDATE sign_in_steps SET expires_at = now()`)
			require.NoError(t, err)
			return b.finish(response)
		},
		"for another page": func(b *browser) answer {
			d := *phone
			d.party.Origin = "https://evil.example"
			response := b.answers(&d)
			phone.key.Counter = d.key.Counter
			return b.finish(response)
		},
		"for another party": func(b *browser) answer {
			d := *phone
			d.party.ID = "evil.example"
			response := b.answers(&d)
			phone.key.Counter = d.key.Counter
			return b.finish(response)
		},
		"without a finger": func(b *browser) answer {
			d := *phone
			d.authenticator.Options.UserNotVerified = true
			response := b.answers(&d)
			phone.key.Counter = d.key.Counter
			return b.finish(response)
		},
		"with a count that went back": func(b *browser) answer {
			other := h.browser(t).atLocalhost()
			require.Equal(t, http.StatusOK, other.finish(other.answers(phone)).status)
			d := *phone
			d.key.Counter -= 2
			return b.finish(b.answers(&d))
		},
		"with another's handle": func(b *browser) answer {
			d := *eves
			d.authenticator.Options.UserHandle = phone.authenticator.Options.UserHandle
			response := b.answers(&d)
			eves.key.Counter = d.key.Counter
			return b.finish(response)
		},
		"with another's id": func(b *browser) answer {
			d := *eves
			d.key.ID = phone.key.ID
			d.authenticator.Options.UserHandle = phone.authenticator.Options.UserHandle
			response := b.answers(&d)
			eves.key.Counter = d.key.Counter
			return b.finish(response)
		},
		"that is unknown": func(b *browser) answer {
			d := b.device()
			d.authenticator.Options.UserHandle = phone.authenticator.Options.UserHandle
			d.authenticator.AddCredential(d.key)
			return b.finish(b.answers(d))
		},
		"that is a registration": func(b *browser) answer {
			begun := home.script("/settings/passkeys/begin", "{}")
			require.Equal(t, http.StatusOK, begun.status)
			options, err := virtualwebauthn.ParseAssertionOptions(begun.text)
			require.NoError(t, err)
			phone.key.Counter++
			b.plant("step", home.cookie("step").Value)
			return b.finish(virtualwebauthn.CreateAssertionResponse(phone.party, phone.authenticator, phone.key, *options))
		},
		"that is nothing":     func(b *browser) answer { b.answers(phone); return b.finish("{}") },
		"that is no JSON":     func(b *browser) answer { b.answers(phone); return b.finish("\x00") },
		"that is nested deep": func(b *browser) answer { b.answers(phone); return b.finish(strings.Repeat(`{"response":`, 5000)) },
		"that is endless":     func(b *browser) answer { b.answers(phone); return b.finish(`{"id":"` + strings.Repeat("x", 70_000)) },
	} {
		b := h.browser(t).atLocalhost()
		a := attempt(b)
		require.Contains(t, []int{http.StatusForbidden, http.StatusConflict, http.StatusBadRequest}, a.status, "%s: %s", name, a.text)
		require.NotContains(t, a.text, "ann", name)
		require.Equal(t, http.StatusSeeOther, b.get("/").status, name)
	}
	b := h.browser(t).atLocalhost()
	phone.key.Counter += 5
	require.Equal(t, http.StatusOK, b.finish(b.answers(phone)).status, "it is good still")
	require.NotContains(t, h.log.String(), `"ERROR"`)
}

func TestPasskeysAreAddedByTheirPersonAlone(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann, eve := h.resident(t, "ann"), h.resident(t, "eve")
	b := h.browser(t).atLocalhost()
	for _, path := range []string{"/settings/passkeys/begin", "/settings/passkeys/finish"} {
		a := b.script(path, "{}")
		require.Equal(t, http.StatusUnauthorized, a.status, path)
		require.Contains(t, a.text, "signed out")
	}
	// eve finishes what ann began.
	require.Equal(t, http.StatusSeeOther, b.post(h.signInLink(t, ann.user.UserID)).status)
	begun := b.script("/settings/passkeys/begin", "{}")
	options, err := virtualwebauthn.ParseAttestationOptions(begun.text)
	require.NoError(t, err)
	d := b.device()
	evil := h.browser(t).atLocalhost()
	require.Equal(t, http.StatusSeeOther, evil.post(h.signInLink(t, eve.user.UserID)).status)
	evil.plant("step", b.cookie("step").Value)
	a := evil.script("/settings/passkeys/finish?name=Mine", virtualwebauthn.CreateAttestationResponse(d.party, d.authenticator, d.key, *options))
	require.Equal(t, http.StatusBadRequest, a.status, a.text)
	var keys int
	require.NoError(t, h.owner.QueryRow(t.Context(), `SELECT count(*) FROM passkeys`).Scan(&keys))
	require.Zero(t, keys)
	d.authenticator.Options.UserNotVerified = true
	a = b.adds(d, "Phone")
	require.Equal(t, http.StatusForbidden, a.status, a.text)
}
