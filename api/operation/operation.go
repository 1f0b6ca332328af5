// Package operation is what a caller can do, whichever transport they use: the
// inputs and outputs, how inputs are read and answers put together. Each
// operation decodes, calls the task service, and encodes. No rule lives here,
// and nothing that only one transport knows.
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
	Details string // what else a caller should know, if anything

	ReadOnly    bool // changes nothing
	Destructive bool // may overwrite or delete
	Idempotent  bool // a repetition changes nothing more
	Creates     bool // the answer is about something new
	Versioned   bool // the answer is Versioned; define sets it
	Paged       bool // the answer is Paged; define sets it

	In, Out reflect.Type
	// Call decodes the arguments, a JSON object, and does the operation on
	// behalf of a user. Its errors are for Visible.
	Call func(ctx context.Context, user person.Settings, arguments json.RawMessage) (any, error)
}

// ToolDescription is what an agent is told of the operation, in one text.
func (o Operation) ToolDescription() string {
	return strings.TrimSpace(o.Summary + " Example: " + o.Example + ". " + o.Details)
}

// Operations are those on the services of one store.
type Operations struct {
	tasks  *task.Service
	labels *label.Service
	people *person.Service
	now    func() time.Time
	log    *slog.Logger
	feeds  string // root of the addresses of calendar feeds
}

// New makes the operations on services; now is the clock.
func New(tasks *task.Service, labels *label.Service, people *person.Service, now func() time.Time, log *slog.Logger) *Operations {
	return &Operations{tasks: tasks, labels: labels, people: people, now: now, log: log}
}

// WithPublicURL sets the root under which callers reach what is not an operation.
func (o *Operations) WithPublicURL(root string) *Operations {
	o.feeds = root + "/calendar/"
	return o
}

// All lists the operations.
func (o *Operations) All() []Operation {
	return slices.Concat(o.taskOperations(), o.categoryOperations(), o.tagOperations(), o.overviews(), o.reminders(), o.settings(), o.batches())
}

// Named finds an operation that is known to exist.
func (o *Operations) Named(name string) Operation {
	all := o.All()
	i := slices.IndexFunc(all, func(one Operation) bool { return one.Name == name })
	if i < 0 {
		panic("there is no operation " + name) // a mistake in code, found by any test
	}
	return all[i]
}

// Scopes tells the scope that calling each operation needs, by name.
func (o *Operations) Scopes() map[string]access.Scope {
	needed := map[string]access.Scope{}
	for _, one := range o.All() {
		needed[one.Name] = access.Needed(one.ReadOnly)
	}
	return needed
}

type userKey struct{}

// WithUser returns a context that carries the caller.
func WithUser(ctx context.Context, user person.Settings) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

// User is the caller that the context carries, or UNAUTHORIZED.
func User(ctx context.Context) (person.Settings, error) {
	user, ok := ctx.Value(userKey{}).(person.Settings)
	if !ok {
		return user, &fault.Error{Code: fault.Unauthorized, Message: "no caller is known"}
	}
	return user, nil
}

// define completes an operation with the function that does it, which takes In
// and answers with Out.
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
		if caller, known := access.From(ctx); known && !caller.May(access.Needed(o.ReadOnly)) {
			return nil, &fault.Error{Code: fault.Forbidden, Message: "this call needs a token with the scope " + string(access.Needed(o.ReadOnly))}
		}
		in, err := decode[In](arguments)
		if err != nil {
			return nil, err
		}
		out, err := call(ctx, user, in)
		if err != nil {
			return nil, err
		}
		return out, nil
	}
	return o
}

// CallerLeft tells whether an error is only that nobody waits for the answer any
// more: the client has gone, or its token has ended.
func CallerLeft(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Canceled)
}

// Visible is what a caller may see of an error. Anything that is not theirs to
// mend is logged under an id they can quote; name is what was being done.
func (o *Operations) Visible(ctx context.Context, name string, err error) *fault.Error {
	var known *fault.Error
	if errors.As(err, &known) {
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
		return &fault.Error{Code: fault.Unavailable, Message: "the database cannot be reached at the moment", Hint: "try again in some seconds; a change may have been made if the connection broke at its very end, so look first, or add with an idempotency_key"}
	}
	return &fault.Error{Code: fault.Internal, Message: "something went wrong on the server; it was logged as " + id, Hint: "quote this id to the operator"}
}
