package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"tickler/api/operation"
	"tickler/api/sse"
	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/feed"
	"tickler/internal/lifecycle"
)

const (
	writeTimeout = 20 * time.Second // after which a client that does not read is gone
	retryRead    = time.Second
)

// listener answers subscriptions/listen itself, and passes everything else on.
// mcp-go 1.2.1 has a stream of its own (server/subscriptions.go) that cannot be
// used here: what is sent to all clients reaches every user, an updated resource
// never reaches a stream over HTTP, no sign of life is sent, and a stream holds up
// the shutdown of the server. readResource works around another of its habits.
// https://modelcontextprotocol.io/specification/2026-07-28/server/subscriptions
type listener struct {
	next   http.Handler
	named  map[string][]string // the tools of each profile
	events *feed.Feed
	log    *slog.Logger
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		l.next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		answerError(w, http.StatusRequestEntityTooLarge, nil, mcp.INVALID_REQUEST, "the body is too large")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var request struct {
		ID     json.RawMessage `json:"id"`
		Method mcp.MCPMethod   `json:"method"`
		Params json.RawMessage `json:"params"`
	}
	if json.Unmarshal(body, &request) != nil || request.Method != mcp.MethodSubscriptionsListen {
		switch request.Method {
		case mcp.MethodResourcesRead:
			l.readResource(w, r, request.Params)
			return
		case mcp.MethodToolsCall:
			if refusal := l.unknownTool(r, request.Params); refusal != nil {
				status := http.StatusOK
				if mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)) {
					status = http.StatusBadRequest
				}
				answerFault(w, status, request.ID, mcp.INVALID_PARAMS, refusal)
				return
			}
		}
		l.next.ServeHTTP(w, r)
		return
	}
	if len(request.ID) == 0 || bytes.Equal(request.ID, []byte("null")) {
		answerError(w, http.StatusBadRequest, nil, mcp.INVALID_REQUEST, "subscriptions/listen needs an id")
		return
	}
	var params struct {
		Notifications *mcp.SubscriptionFilter `json:"notifications"`
		Meta          *mcp.Meta               `json:"_meta"`
	}
	if err := json.Unmarshal(request.Params, &params); err != nil || params.Notifications == nil {
		answerError(w, http.StatusBadRequest, request.ID, mcp.INVALID_PARAMS, `params.notifications must say what to be told of, for example {"resourceSubscriptions": ["`+tasksURI+`"]}`)
		return
	}
	version, header := params.Meta.ProtocolVersion(), r.Header.Get(mcp.HeaderProtocolVersion)
	switch {
	case !mcp.IsModernProtocol(version) && !mcp.IsModernProtocol(header):
		answerError(w, http.StatusOK, request.ID, mcp.METHOD_NOT_FOUND, "subscriptions/listen needs protocol version "+mcp.ProtocolVersion20260728)
	case version != header || !mcp.IsValidProtocolVersion(version) || r.Header.Get(mcp.HeaderLastEventID) != "":
		l.next.ServeHTTP(w, r) // the library refuses it, as for every method
	case r.Header.Get(mcp.HeaderMethod) != string(mcp.MethodSubscriptionsListen):
		answerError(w, http.StatusBadRequest, request.ID, mcp.HEADER_MISMATCH, "the header "+mcp.HeaderMethod+" must be subscriptions/listen, as the method is")
	case len(params.Notifications.ResourceSubscriptions) > maxSubscribed:
		answerError(w, http.StatusBadRequest, request.ID, mcp.INVALID_PARAMS, fmt.Sprintf("at most %d resourceSubscriptions are allowed; %s is about all tasks", maxSubscribed, tasksURI))
	default:
		l.listen(w, r, request.ID, subscribed(params.Notifications.ResourceSubscriptions))
	}
}

// listen notifies a client about its user's tasks until the client leaves, the
// server stops, or the stream has lasted long enough.
func (l *listener) listen(w http.ResponseWriter, r *http.Request, id json.RawMessage, wanted wanted) {
	user, err := operation.User(r.Context())
	if err != nil {
		answerError(w, http.StatusUnauthorized, id, mcp.INVALID_REQUEST, err.Error())
		return
	}
	subscription, err := l.events.Subscribe(r.Context(), user.UserID, nil)
	if err != nil {
		if e := (*fault.Error)(nil); errors.As(err, &e) {
			answerFault(w, http.StatusTooManyRequests, id, mcp.INVALID_REQUEST, e)
			return
		}
		if !operation.CallerLeft(r.Context(), err) {
			l.log.Error("a client cannot listen", "error", err)
		}
		answerFault(w, http.StatusServiceUnavailable, id, mcp.INTERNAL_ERROR, fault.Busy("events cannot be read at the moment"))
		return
	}
	defer subscription.Close()
	ctx, cancel := lifecycle.UntilStopping(r.Context())
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, sse.Longest)
	defer cancel()

	s := stream{sse.Open(r.Context(), w, writeTimeout)}
	defer s.Close()
	s.send(map[string]any{
		"jsonrpc": mcp.JSONRPC_VERSION, "method": mcp.MethodNotificationSubscriptionsAcknowledged,
		"params": map[string]any{"_meta": map[string]any{mcp.MetaKeySubscriptionID: id}, "notifications": wanted.filter()},
	})
	for !wanted.nothing() && ctx.Err() == nil && s.Err() == nil {
		entries, err := l.awaited(ctx, subscription)
		if err != nil {
			l.log.Warn("the events of a listening client cannot be read; trying again", "error", err)
		}
		if len(entries) == 0 {
			s.Comment("keep-alive")
		}
		for _, e := range entries {
			for _, uri := range wanted.concerned(e) {
				s.send(updated(id, uri, e))
			}
		}
	}
	if r.Context().Err() == nil {
		s.send(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": id, "result": map[string]any{
			"_meta": map[string]any{mcp.MetaKeySubscriptionID: id}, "resultType": mcp.ResultTypeComplete,
		}})
	}
}

// awaited waits for events, at most until the next keep-alive is due.
func (l *listener) awaited(ctx context.Context, s *feed.Subscription) ([]event.Entry, error) {
	waiting, cancel := context.WithTimeout(ctx, sse.KeepAlive)
	defer cancel()
	entries, err := s.Next(waiting)
	if err == nil || waiting.Err() != nil {
		return entries, nil
	}
	select {
	case <-ctx.Done():
	case <-time.After(retryRead):
	}
	return nil, err
}

// updated is the notification that an event changed a resource.
func updated(id json.RawMessage, uri string, e event.Entry) map[string]any {
	return map[string]any{
		"jsonrpc": mcp.JSONRPC_VERSION, "method": mcp.MethodNotificationResourceUpdated,
		"params": map[string]any{"uri": uri, "_meta": map[string]any{
			mcp.MetaKeySubscriptionID: id,
			"tickler/event":           map[string]any{"id": e.ID, "type": e.Type, "task_id": e.TaskID, "time": e.Time},
		}},
	}
}

func answerError(w http.ResponseWriter, status int, id json.RawMessage, code int, message string) {
	answer(w, status, id, map[string]any{"code": code, "message": message})
}

// answerFault is answerError for an error with a code of the domain, which data holds
// as the answers of tools do.
func answerFault(w http.ResponseWriter, status int, id json.RawMessage, code int, e *fault.Error) {
	message := e.Message
	if e.Hint != "" {
		message += "; " + e.Hint
	}
	answer(w, status, id, map[string]any{"code": code, "message": message, "data": map[string]any{"error": e}})
}

func answer(w http.ResponseWriter, status int, id json.RawMessage, failure map[string]any) {
	if len(id) == 0 {
		id = json.RawMessage("null")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": id, "error": failure})
}

// unknownTool is the error for a call of a tool that the list which the client asked
// for does not have, nil if it has it. The library's own names no other.
func (l *listener) unknownTool(r *http.Request, params json.RawMessage) *fault.Error {
	var call struct {
		Name string `json:"name"`
	}
	profile := r.URL.Query().Get("tools")
	names, known := l.named[profile]
	if json.Unmarshal(params, &call) != nil || call.Name == "" || !known || slices.Contains(names, call.Name) {
		return nil // the library refuses what is malformed
	}
	e := fault.Invalid("name", "%q is not a tool here", fault.Clip(call.Name))
	e.Code = fault.NotFound
	switch near := fault.Nearest(call.Name, names); {
	case slices.Contains(l.named[""], call.Name):
		return e.WithHint(fmt.Sprintf("it is not among those of /mcp?tools=%s; /mcp has all tools", profile))
	case near != "":
		return e.WithHint(fmt.Sprintf("did you mean %q?", near))
	default:
		return e.WithHint("tools/list names all")
	}
}

// stream sends JSON-RPC messages.
type stream struct{ *sse.Stream }

func (s stream) send(message any) {
	text, err := json.Marshal(message)
	if err != nil {
		s.Fail(err)
		return
	}
	s.Write("event: message\ndata: " + string(text) + "\n\n")
}
