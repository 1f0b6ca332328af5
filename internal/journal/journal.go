// Package journal records each change: who made it, through what, and how the object
// was before and after. The bus, the streams that clients follow, the history that a
// person reads, and undo all read the same entries. An entry is written in the
// transaction of its change; see package repository.
package journal

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"tickler/internal/event"
)

// Object is the kind of thing that changed.
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
	Session      Object = "session" // a signed-in browser
	Passkey      Object = "passkey"
	Comment      Object = "comment" // on a task
)

// Objects lists the kinds of object.
func Objects() []Object {
	return []Object{Task, Category, Tag, Settings, Channel, CalendarFeed, Token, User, Session, Passkey, Comment}
}

// Action is what was done to an object.
type Action string

// The actions. Those on tasks determine the type of the event; see EventType.
const (
	Created   Action = "created"
	Updated   Action = "updated"
	Completed Action = "completed"
	Reopened  Action = "reopened" // was completed, is open again
	Skipped   Action = "skipped"  // moved to the next date of its series
	Deleted   Action = "deleted"
	Restored  Action = "restored" // was deleted, is back
	Reminded  Action = "reminded"
	Blocked   Action = "blocked"   // something must be done before it
	Unblocked Action = "unblocked" // nothing must any more
	Commented Action = "commented" // told of a task when a comment on it is added
	Revoked   Action = "revoked"
)

// MergedInto is the tag that the tasks of a deleted tag got for it, 0 if none.
func (e Entry) MergedInto() int64 {
	var kept struct {
		MergedInto int64 `json:"merged_into"`
	}
	_ = json.Unmarshal(e.Restores, &kept) // there may be nothing
	return kept.MergedInto
}

// EventType returns the type of the event that reports an action on a task, or "" if
// no event reports it. Reopening, restoring and skipping are updates.
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
	case Blocked:
		return event.TaskBlocked
	case Unblocked:
		return event.TaskUnblocked
	case Commented:
		return event.TaskCommented
	}
	return ""
}

// Notices are the actions that change nothing in their object: each reports what
// follows from a moment, or from a change of another object.
func Notices() []Action { return []Action{Reminded, Blocked, Unblocked, Commented} }

// Notice tells whether an action is one of Notices.
func (a Action) Notice() bool { return slices.Contains(Notices(), a) }

// Kind distinguishes a person from those acting on a person's behalf.
type Kind string

// Kinds of actor.
const (
	Person Kind = "person" // at the page, or on the server's command line
	Agent  Kind = "agent"  // an agent or program with a token of its own
	System Kind = "system" // an app acting on its own, such as the recurrer
)

// Transports of a change.
const (
	MCP     = "mcp"
	REST    = "rest"
	Page    = "page"
	Command = "command" // the server's command line
	Bus     = "bus"     // an event that an app handled
)

// Actor is who made a change. It always comes from the token, never from an
// argument.
type Actor struct {
	Kind Kind
	// Name is the name of the token or connection, or of the app that acted on its
	// own.
	Name string
	// TokenID is the id of a personal token, 0 if none was used.
	TokenID int64
	// Client is the program the token was issued to, "" if unknown.
	Client string
	// Transport is one of the transports above.
	Transport string
}

// Call is one call by an actor. All changes it makes share its id.
type Call struct {
	ID uuid.UUID
	By Actor
}

// NewCall starts a call. Ids increase with time (RFC 9562, version 7).
func NewCall(by Actor) Call {
	id, err := uuid.NewV7()
	if err != nil {
		id = uuid.New() // no ordered id could be made: lose the order rather than the call
	}
	return Call{ID: id, By: by}
}

type callKey struct{}

// With returns a context whose changes belong to the call.
func With(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// From returns the call of a context. A context without one belongs to an app acting
// on its own, and gets a new call.
func From(ctx context.Context, app string) Call {
	if c, ok := ctx.Value(callKey{}).(Call); ok {
		return c
	}
	return NewCall(Actor{Kind: System, Name: app, Transport: Bus})
}

// Entry is one change.
type Entry struct {
	ID       int64 // increases with time; changes of one object are in the order they were made
	Position event.Position
	At       time.Time // UTC
	UserID   int64     // whose data
	User     string    // the name of that person, where entries of all users are listed
	CallID   uuid.UUID
	By       Actor
	Object   Object
	ObjectID int64
	Action   Action
	// Before and After hold the changed fields by their public names; for a created
	// or deleted object, all fields.
	Before, After json.RawMessage
	// Restores holds what undo needs in addition to Before: columns of a task by their
	// names; in "because" the change of the same call that changed this task too, such
	// as "tag 7 deleted"; in "inserted" whether the task had been removed for good; in
	// "trashed" the deleted tasks of a category that was deleted.
	Restores json.RawMessage
	Undoes   int64      // the id of the entry that this one takes back, 0 if none
	Version  int        // of a task, after the change
	EventID  *uuid.UUID // the event that reports a task's change
}

// Filter selects entries; zero values select all.
type Filter struct {
	Object   Object
	ObjectID int64
	CallID   uuid.UUID
	TokenID  int64
	By       string // an actor's or client's name, a kind of actor, or the id of a token
	Since    time.Time
	Changes  bool  // leave out notices
	Before   int64 // only entries older than the one with this id
	Limit    int
}
