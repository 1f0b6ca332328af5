// Package sealed encrypts the secrets that are kept for users, with keys from the
// configuration, so that the database alone reveals none of them.
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Keys seal and open. The first key seals and all of them open, so that a new key
// can be put first while older secrets remain readable. Without keys nothing can be
// sealed.
type Keys struct {
	first string
	aeads map[string]cipher.AEAD
}

// ErrNoKey is returned by Seal where no key is configured.
var ErrNoKey = errors.New("no key to keep secrets with is configured")

const keySize = 32 // bytes: AES-256

// Parse reads keys: ID:KEY, more of them after commas. An ID is any word; a KEY
// is 32 random bytes in base64.
func Parse(text string) (Keys, error) {
	keys := Keys{aeads: map[string]cipher.AEAD{}}
	if strings.TrimSpace(text) == "" {
		return keys, nil
	}
	for _, part := range strings.Split(text, ",") {
		id, encoded, found := strings.Cut(strings.TrimSpace(part), ":")
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !found || id == "" || err != nil || len(key) != keySize {
			return Keys{}, errors.New("must be ID:KEY, several separated by commas, where KEY is 32 bytes in base64; make one with: echo k1:$(head -c 32 /dev/urandom | base64)")
		}
		if keys.aeads[id] != nil {
			return Keys{}, fmt.Errorf("has two keys with the id %s", id)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return Keys{}, err
		}
		if keys.aeads[id], err = cipher.NewGCM(block); err != nil {
			return Keys{}, err
		}
		if keys.first == "" {
			keys.first = id
		}
	}
	return keys, nil
}

// Seal encrypts a secret and binds it to a context, without which it cannot be
// opened. The result is text that names the key.
func (k Keys) Seal(secret, place string) (string, error) {
	aead := k.aeads[k.first]
	if aead == nil {
		return "", ErrNoKey
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return k.first + ":" + base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(secret), []byte(place))), nil
}

// Open decrypts what Seal returned for the same context.
func (k Keys) Open(text, place string) (string, error) {
	id, encoded, _ := strings.Cut(text, ":")
	aead := k.aeads[id]
	if aead == nil {
		return "", fmt.Errorf("a secret was sealed with the key %q, which is not configured", id)
	}
	box, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(box) < aead.NonceSize() {
		return "", errors.New("a sealed secret is damaged")
	}
	secret, err := aead.Open(nil, box[:aead.NonceSize()], box[aead.NonceSize():], []byte(place))
	if err != nil {
		return "", errors.New("a sealed secret does not open: another key, another place, or damage")
	}
	return string(secret), nil
}
