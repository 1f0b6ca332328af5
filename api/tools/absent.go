package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// buffer holds a response back until it has been inspected.
type buffer struct {
	http.ResponseWriter
	status int
	text   bytes.Buffer
}

func (b *buffer) WriteHeader(status int)         { b.status = status }
func (b *buffer) Write(text []byte) (int, error) { return b.text.Write(text) }
func (b *buffer) Unwrap() http.ResponseWriter    { return b.ResponseWriter }
func (b *buffer) send(status int, text []byte) {
	b.ResponseWriter.Header().Del("Content-Length")
	b.ResponseWriter.WriteHeader(status)
	_, _ = b.ResponseWriter.Write(text) // a client that has gone needs no answer
}

type absentKey struct{}

// absent is the error of a handler whose resource is not there, which it notes in
// the context of the request.
func absent(ctx context.Context, message string) error {
	if noted, ok := ctx.Value(absentKey{}).(*bool); ok {
		*noted = true
	}
	return fmt.Errorf("%w: %s", server.ErrResourceNotFound, message)
}

// readResource answers resources/read, and works around mcp-go 1.2.1: whatever
// error a handler returns, its handlerError (server/handler_errors.go) makes of it
// an internal error of the server, and never says which resource it was about.
// https://modelcontextprotocol.io/specification/2026-07-28/server/resources
func (l *listener) readResource(w http.ResponseWriter, r *http.Request, params json.RawMessage) {
	var isAbsent bool
	answer := &buffer{ResponseWriter: w, status: http.StatusOK}
	l.next.ServeHTTP(answer, r.WithContext(context.WithValue(r.Context(), absentKey{}, &isAbsent)))
	var message struct {
		ID    json.RawMessage `json:"id"`
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	var read struct {
		URI string `json:"uri"`
	}
	status, code := http.StatusOK, mcp.RESOURCE_NOT_FOUND
	if mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)) {
		status, code = http.StatusBadRequest, mcp.INVALID_PARAMS
	}
	err := errors.Join(json.Unmarshal(answer.text.Bytes(), &message), json.Unmarshal(params, &read))
	if err != nil || !isAbsent && message.Error.Code != code { // the library has the right code for a URI without a handler
		answer.send(answer.status, answer.text.Bytes())
		return
	}
	text, err := json.Marshal(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": message.ID, "error": map[string]any{
		"code": code, "message": message.Error.Message, "data": map[string]any{"uri": read.URI},
	}})
	if err != nil {
		status, text = answer.status, answer.text.Bytes()
	}
	answer.send(status, text)
}
