// Package operation defines what callers can do, whichever transport they use:
// inputs, answers, and the facts about each operation. An operation decodes its
// arguments, calls a service and builds the answer. Rules live in the services;
// what only one transport needs lives there.
package operation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/history"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

// Operation is one thing that a caller can do.
type Operation struct {
	Name    string // of the tool, for example add_task
	Title   string
	Summary string // what it does
	Example string // of arguments, as JSON
	Details string // what else a caller should know; may be empty

	Core        bool // what a personal assistant needs
	ReadOnly    bool // changes nothing
	Destructive bool // may overwrite or delete
	Idempotent  bool // repeating a call changes nothing more
	Creates     bool // makes the object that it answers with
	Versioned   bool // the answer is Versioned; define sets it
	Paged       bool // the answer is Paged; define sets it

	// ReadsIf tells whether a call with these arguments changes nothing, of an
	// operation that is not ReadOnly; nil: no call is sure to.
	ReadsIf func(arguments json.RawMessage) bool
	// OpensIf tells whether a call with these arguments opens a way on which tasks
	// can be read without a token, so that it needs a token that may read them as
	// well; nil: no call does.
	OpensIf func(arguments json.RawMessage) bool

	In, Out reflect.Type
	// Call decodes the arguments, a JSON object, and runs the operation for a user.
	// Pass its errors to Visible.
	Call func(ctx context.Context, user person.Settings, arguments json.RawMessage) (any, error)
}

// ToolDescription is the description of the operation for agents.
func (o Operation) ToolDescription() string {
	return strings.TrimSpace(o.Summary + " Example: " + o.Example + ". " + o.Details)
}

// Operations runs operations on the services of one store.
type Operations struct {
	tasks   *task.Service
	labels  *label.Service
	people  *person.Service
	changes *history.Service
	now     func() time.Time
	log     *slog.Logger
	root    string // of the URLs in answers
}

// New makes the operations on services; now is the clock.
func New(tasks *task.Service, labels *label.Service, people *person.Service, changes *history.Service, now func() time.Time, log *slog.Logger) *Operations {
	return &Operations{tasks: tasks, labels: labels, people: people, changes: changes, now: now, log: log}
}

// WithPublicURL sets the root of the URLs in answers.
func (o *Operations) WithPublicURL(root string) *Operations {
	o.root = root
	return o
}

// All lists the operations.
func (o *Operations) All() []Operation {
	return slices.Concat(o.taskOperations(), o.categoryOperations(), o.tagOperations(), o.overviews(), o.reminders(), o.settings(), o.batches(), o.histories(), o.undos())
}

// Named returns the operation with a name. It panics if there is none.
func (o *Operations) Named(name string) Operation {
	all := o.All()
	i := slices.IndexFunc(all, func(one Operation) bool { return one.Name == name })
	if i < 0 {
		panic("there is no operation " + name) // a mistake in code, found by any test
	}
	return all[i]
}

// Needed returns a function that tells the scopes which an agent's call of the named
// operation needs: none when there is no such operation.
func (o *Operations) Needed() func(name string, arguments json.RawMessage) []access.Scope {
	all := map[string]Operation{}
	for _, one := range slices.Concat(o.All(), o.Connector()) {
		all[one.Name] = one
	}
	return func(name string, arguments json.RawMessage) []access.Scope {
		one, known := all[name]
		if !known {
			return nil
		}
		coerced, _ := one.Coerce(arguments)
		return one.Needs(coerced)
	}
}

// Needs lists the scopes that a call with these arguments needs.
func (o Operation) Needs(arguments json.RawMessage) []access.Scope {
	needed := []access.Scope{access.Needed(o.ReadOnly || (o.ReadsIf != nil && o.ReadsIf(arguments)))}
	if o.OpensIf != nil && o.OpensIf(arguments) {
		needed = append(needed, access.TasksRead)
	}
	return needed
}

type userKey struct{}

// WithUser returns a context that carries the caller.
func WithUser(ctx context.Context, user person.Settings) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

// User returns the caller in the context. The error is UNAUTHORIZED.
func User(ctx context.Context) (person.Settings, error) {
	user, ok := ctx.Value(userKey{}).(person.Settings)
	if !ok {
		return user, &fault.Error{Code: fault.Unauthorized, Message: "no caller is known"}
	}
	return user, nil
}

// define completes an operation with the function that runs it.
func define[In, Out any](o Operation, call func(context.Context, person.Settings, In) (Out, error)) Operation {
	var out Out
	o.In, o.Out = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	_, o.Versioned = any(out).(Versioned)
	_, o.Paged = any(out).(Paged)
	o.Call = func(ctx context.Context, user person.Settings, arguments json.RawMessage) (answer any, err error) {
		defer func() {
			if panicked := recover(); panicked != nil {
				answer, err = nil, fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
			}
		}()
		// The guard has checked already; this holds if a route ever goes without it.
		caller, known := access.From(ctx)
		for _, needed := range o.Needs(arguments) {
			if known && !caller.May(needed) {
				return nil, &fault.Error{Code: fault.Forbidden, Message: "this call needs a token with the scope " + string(needed)}
			}
		}
		in, err := decode[In](arguments)
		if err != nil {
			return nil, err
		}
		out, err := call(ctx, user, in)
		if err != nil {
			return nil, err
		}
		if known {
			return forCaller(out, caller)
		}
		return out, nil
	}
	return o
}

// CallerLeft reports whether an operation failed only because the caller no longer
// waits: the client disconnected, or its token ended.
func CallerLeft(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Canceled)
}

// Visible returns what the caller may see of an error: a caller without the right to read
// is shown nothing that is stored. Anything else is logged under an id the caller can
// quote; name is the operation in that log line.
func (o *Operations) Visible(ctx context.Context, name string, err error) *fault.Error {
	var known *fault.Error
	if errors.As(err, &known) {
		if caller, ok := access.From(ctx); ok && !caller.May(access.TasksRead) {
			return known.Plain()
		}
		return known
	}
	if CallerLeft(ctx, err) {
		o.log.Debug("a caller left before the answer", "operation", name, "cause", context.Cause(ctx), "trace", telemetry.TraceID(ctx))
		if errors.Is(context.Cause(ctx), access.ErrInvalid) {
			return &fault.Error{Code: fault.Unauthorized, Message: "this token ended before the answer was there"}
		}
		return &fault.Error{Code: fault.Internal, Message: "the caller left before the answer"}
	}
	id := uuid.NewString()
	o.log.Error("an operation failed", "operation", name, "error", err, "id", id, "trace", telemetry.TraceID(ctx))
	if errors.Is(err, fault.ErrUnavailable) {
		return fault.Busy("the database cannot be reached at the moment").WithHint(fault.TryAgain + "; a change may have been made if the connection broke at its very end, so look first, or add with an idempotency_key")
	}
	return &fault.Error{Code: fault.Internal, Message: "something went wrong on the server; it was logged as " + id, Hint: "quote this id to the operator"}
}
