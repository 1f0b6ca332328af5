// Package journal is the record of each change: who made it, through what, and
// what the object was before and after. The events on the bus, the streams that
// clients follow, the history that a person reads and undo are four readers of
// the same entries. An entry is written in the transaction of its change; see
// package repository.
package journal

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"tickler/internal/event"
)

// Object is the kind of thing that was changed.
type Object string

// The kinds of object.
const (
	Task         Object = "task"
	Category     Object = "category"
	Tag          Object = "tag"
	Settings     Object = "settings"
	Channel      Object = "channel"
	CalendarFeed Object = "calendar_feed"
	Token        Object = "token"
	User         Object = "user"
)

// Objects lists the kinds of object.
func Objects() []Object {
	return []Object{Task, Category, Tag, Settings, Channel, CalendarFeed, Token, User}
}

// Action is what was done to an object.
type Action string

// The actions. Those of tasks decide the type of the event; see EventType.
const (
	Created   Action = "created"
	Updated   Action = "updated"
	Completed Action = "completed"
	Reopened  Action = "reopened" // was completed, and is open again
	Skipped   Action = "skipped"  // moved to the next date of its series
	Deleted   Action = "deleted"
	Restored  Action = "restored" // was deleted, and is not any more
	Reminded  Action = "reminded"
	Revoked   Action = "revoked"
)

// EventType is the type of the event that reports an action on a task, or "" for
// an action that no event reports. Reopening, restoring and skipping are updates.
func EventType(a Action) string {
	switch a {
	case Created:
		return event.TaskCreated
	case Updated, Reopened, Restored, Skipped:
		return event.TaskUpdated
	case Completed:
		return event.TaskCompleted
	case Deleted:
		return event.TaskDeleted
	case Reminded:
		return event.ReminderSent
	}
	return ""
}

// Kind tells a person from those who act for one.
type Kind string

// Kinds of actor.
const (
	Person Kind = "person" // at the page, or on the server's command line
	Agent  Kind = "agent"  // an agent or program with a token of its own
	System Kind = "system" // an app that worked by itself, such as the recurrer
)

// Transports through which changes come.
const (
	MCP     = "mcp"
	REST    = "rest"
	Page    = "page"
	Command = "command" // the server's command line
	Bus     = "bus"     // an event that an app handled
)

// Actor is who made a change. It is known from the token, never from an argument.
type Actor struct {
	Kind Kind
	// Name is the token's or connection's, or the app that worked by itself.
	Name string
	// TokenID is that of a personal token; 0: it was none.
	TokenID int64
	// Client is the program that the token was issued to, "" where that is unknown.
	Client string
	// Transport is one of those above.
	Transport string
}

// Call is one call of an actor. All changes that it makes share its id.
type Call struct {
	ID uuid.UUID
	By Actor
}

// NewCall begins a call. Its id grows with time (RFC 9562, version 7).
func NewCall(by Actor) Call {
	id, err := uuid.NewV7()
	if err != nil {
		id = uuid.New() // the clock or the random source failed: the order is lost, not the call
	}
	return Call{ID: id, By: by}
}

type callKey struct{}

// With returns a context whose changes belong to a call.
func With(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// From is the call that a context belongs to. A context without one belongs to
// an app that works by itself: the call is a new one.
func From(ctx context.Context, app string) Call {
	if c, ok := ctx.Value(callKey{}).(Call); ok {
		return c
	}
	return NewCall(Actor{Kind: System, Name: app, Transport: Bus})
}

// Entry is one change.
type Entry struct {
	ID       int64 // grows with time; the changes of one object are in the order in which they happened
	Position event.Position
	At       time.Time // UTC
	UserID   int64     // whose data
	CallID   uuid.UUID
	By       Actor
	Object   Object
	ObjectID int64
	Action   Action
	// Before and After hold the fields that changed, by their public names; of an
	// object that was created or deleted, all of them.
	Before, After json.RawMessage
	// Restores is what undo needs beyond Before.
	Restores json.RawMessage
	Version  int        // of a task, after the change
	EventID  *uuid.UUID // of the event that reports a task's change
}

// Filter selects entries; zero values select all.
type Filter struct {
	Object   Object
	ObjectID int64
	CallID   uuid.UUID
	TokenID  int64
	By       string // an actor's or client's name, or a kind of actor
	Since    time.Time
	Changes  bool  // leave out reminders: nobody changed anything
	Before   int64 // only entries before the one with this id
	Limit    int
}
