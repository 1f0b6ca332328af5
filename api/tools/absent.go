package tools

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// buffer keeps an answer back until it is known what it is.
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
	_, _ = b.ResponseWriter.Write(text) // who has gone needs no answer
}

// readResource answers resources/read. The library says of a task that is not
// there that the server failed, and leaves out which resource it was.
// https://modelcontextprotocol.io/specification/2026-07-28/server/resources
func (l *listener) readResource(w http.ResponseWriter, r *http.Request, params json.RawMessage) {
	answer := &buffer{ResponseWriter: w, status: http.StatusOK}
	l.next.ServeHTTP(answer, r)
	var message struct {
		ID    json.RawMessage `json:"id"`
		Error *struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	var read struct {
		URI string `json:"uri"`
	}
	if json.Unmarshal(answer.text.Bytes(), &message) != nil || message.Error == nil || json.Unmarshal(params, &read) != nil ||
		!strings.Contains(message.Error.Message, server.ErrResourceNotFound.Error()) {
		answer.send(answer.status, answer.text.Bytes())
		return
	}
	status, code := http.StatusOK, mcp.RESOURCE_NOT_FOUND
	if mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)) {
		status, code = http.StatusBadRequest, mcp.INVALID_PARAMS
	}
	text, err := json.Marshal(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": message.ID, "error": map[string]any{
		"code": code, "message": message.Error.Message, "data": map[string]any{"uri": read.URI},
	}})
	if err != nil {
		status, text = answer.status, answer.text.Bytes()
	}
	answer.send(status, text)
}
