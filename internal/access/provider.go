package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"
)

// Client is this server as an issuer knows it, so that people can sign in there.
type Client struct {
	Issuer, ID string
	Secret     string // "" for a public client
}

// SignIn is the way of one person to an issuer and back. The first step makes it and
// the second, when the person comes back, is held to it.
type SignIn struct {
	Issuer string `json:"issuer"`
	// State ties the answer to the browser that asked, Nonce the token to the answer,
	// and Verifier the code to who asked for it.
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Back     string `json:"back"` // the URL to which the issuer sends the person
}

// ErrNotSignedIn is an answer of an issuer that signs nobody in.
var ErrNotSignedIn = errors.New("the issuer's answer signs nobody in")

// Start returns the URL at which a person signs in with an issuer.
// https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
func (all *Issuers) Start(client Client, s SignIn) (string, error) {
	config, _, err := all.config(client, s.Back)
	if err != nil {
		return "", err
	}
	return config.AuthCodeURL(s.State, oauth2.S256ChallengeOption(s.Verifier), oauth2.SetAuthURLParam("nonce", s.Nonce)), nil
}

// Answer is what an issuer sends a person back with: the parameters of that request.
type Answer struct{ State, Code, Issuer string }

// Finish returns the subject who signed in. The error wraps ErrNotSignedIn for an
// answer that is not the one to s, or whose code or token is not good.
// https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
func (all *Issuers) Finish(ctx context.Context, client Client, s SignIn, a Answer) (subject string, err error) {
	config, told, err := all.config(client, s.Back)
	if err != nil {
		return "", err
	}
	switch {
	case s.Issuer != client.Issuer || subtle.ConstantTimeCompare([]byte(a.State), []byte(s.State)) != 1:
		return "", fmt.Errorf("%w: it is the answer to another request", ErrNotSignedIn)
	case a.Issuer != client.Issuer && (a.Issuer != "" || told.NamesItself):
		// RFC 9207: else one issuer could be made to answer for another.
		return "", fmt.Errorf("%w: it comes from %s", ErrNotSignedIn, quoted(a.Issuer))
	case a.Code == "":
		return "", fmt.Errorf("%w: it has no code", ErrNotSignedIn)
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, all.direct), fetchTimeout)
	defer cancel()
	answer, err := config.Exchange(ctx, a.Code, oauth2.VerifierOption(s.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError {
			return "", fmt.Errorf("%w: the code is refused with %q", ErrNotSignedIn, refused.ErrorCode)
		}
		return "", fmt.Errorf("%w: %w", ErrIssuerAway, err)
	}
	token, _ := answer.Extra("id_token").(string)
	return all.identity(ctx, client, token, s.Nonce)
}

// config is how this server speaks to an issuer as its client.
func (all *Issuers) config(client Client, back string) (oauth2.Config, metadata, error) {
	from := all.byName[client.Issuer]
	if from == nil {
		return oauth2.Config{}, metadata{}, fmt.Errorf("%s is not a trusted issuer", quoted(client.Issuer))
	}
	if _, err := all.keysOf(from); err != nil {
		return oauth2.Config{}, metadata{}, err
	}
	told := from.metadata
	for _, address := range []string{told.Authorization, told.Token} {
		if err := checkEndpoint(address); err != nil {
			return oauth2.Config{}, told, fmt.Errorf("%w: nobody can sign in there: %w", ErrIssuerAway, err)
		}
	}
	style := oauth2.AuthStyleInHeader // the default of OpenID Connect, if an issuer names none
	if client.Secret == "" || len(told.ClientSecret) > 0 && !slices.Contains(told.ClientSecret, "client_secret_basic") {
		style = oauth2.AuthStyleInParams
	}
	return oauth2.Config{
		ClientID: client.ID, ClientSecret: client.Secret, RedirectURL: back, Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: told.Authorization, TokenURL: told.Token, AuthStyle: style},
	}, told, nil
}

// identity verifies an ID token for a client and returns its subject.
func (all *Issuers) identity(ctx context.Context, client Client, token, nonce string) (string, error) {
	var content struct {
		jwt.RegisteredClaims
		Nonce string `json:"nonce"`
		AZP   string `json:"azp"`
	}
	from := all.byName[client.Issuer]
	var away error
	parsed, err := jwt.NewParser(
		jwt.WithValidMethods(all.algorithms), jwt.WithIssuer(client.Issuer), jwt.WithAudience(client.ID), jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(all.now),
	).ParseWithClaims(token, &content, func(t *jwt.Token) (any, error) {
		if err := checkHeader(t.Header); err != nil {
			return nil, err
		}
		if typ, _ := t.Header["typ"].(string); strings.EqualFold(strings.TrimPrefix(typ, "application/"), "at+jwt") {
			return nil, errors.New("it is an access token")
		}
		keys, err := all.keysOf(from)
		if err != nil {
			away = err
			return nil, err
		}
		return keys.KeyfuncCtx(ctx)(t)
	})
	switch {
	case away != nil:
		return "", away
	case err != nil || !parsed.Valid:
		return "", fmt.Errorf("%w: the token: %w", ErrNotSignedIn, err)
	case subtle.ConstantTimeCompare([]byte(content.Nonce), []byte(nonce)) != 1:
		return "", fmt.Errorf("%w: the token is for another request", ErrNotSignedIn)
	case content.AZP != client.ID && (content.AZP != "" || len(content.Audience) > 1):
		return "", fmt.Errorf("%w: the token is for another client", ErrNotSignedIn)
	}
	return content.Subject, checkSubject(content.Subject)
}
