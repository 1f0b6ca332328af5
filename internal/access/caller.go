// Package access decides who a token speaks for and what it may do: personal
// tokens and sessions of browsers, which Tickler keeps hashed, and access tokens of
// OAuth 2.1 issuers that the operator trusts.
package access

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Scope is a right that a token carries.
type Scope string

// The scopes there are.
const (
	TasksRead  Scope = "tasks:read"  // calls that change nothing
	TasksWrite Scope = "tasks:write" // calls that change something
	Admin      Scope = "admin"       // what concerns other users: the audit of all
)

// Scopes lists all scopes.
var Scopes = []Scope{TasksRead, TasksWrite, Admin}

// Standard is the scopes of a token that is created without any.
var Standard = []Scope{TasksRead, TasksWrite}

// Needed is the scope that a call needs.
func Needed(readOnly bool) Scope {
	if readOnly {
		return TasksRead
	}
	return TasksWrite
}

// ParseScopes reads scopes, separated by commas or blanks. None, or one that is
// not known, is an error that lists what there is.
func ParseScopes(text string) ([]Scope, error) {
	var list []Scope
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		scope := Scope(name)
		if !slices.Contains(Scopes, scope) {
			return nil, errors.New("there is no scope " + quoted(name) + "; there are " + Join(Scopes, ", "))
		}
		if !slices.Contains(list, scope) {
			list = append(list, scope)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no scope is given; there are " + Join(Scopes, ", "))
	}
	return list, nil
}

// Join writes scopes separated by blanks.
func Join(scopes []Scope, separator string) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, separator)
}

func quoted(text string) string { return `"` + text[:min(len(text), 60)] + `"` }

// Caller is who a token speaks for.
type Caller struct {
	UserID int64
	Scopes []Scope
	// TokenID is that of a personal token, 0 for one of an issuer.
	TokenID int64
	// SessionID is that of a signed-in browser, 0 for a token.
	SessionID int64
	// Actor names the token in the history, never the token itself: the name of a
	// personal one, or its first characters; the issuer and client of another.
	Actor string
	// Client is the program that an issuer or a person gave the token to, or the
	// browser of a session; "" where that is unknown.
	Client string
	// Resource is the path that the token opens, and what is below it; "" opens all.
	Resource string
	// Expires is when the token ends by itself; zero: never.
	Expires time.Time
}

// May reports whether the caller has a scope.
func (c Caller) May(s Scope) bool { return slices.Contains(c.Scopes, s) }

// MayOpen reports whether the token is for a path (RFC 8707).
func (c Caller) MayOpen(path string) bool {
	return c.Resource == "" || path == c.Resource || strings.HasPrefix(path, c.Resource+"/")
}

type callerKey struct{}

// With returns a context that carries the caller.
func With(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// From is the caller that a context carries; ok is false when there is none.
func From(ctx context.Context) (c Caller, ok bool) {
	c, ok = ctx.Value(callerKey{}).(Caller)
	return c, ok
}
