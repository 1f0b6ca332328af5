package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each list of a body is bounded before it is decoded, whatever takes it.
func TestBodyThatWouldCostMuchMemoryIsRefusedBeforeItIsDecoded(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	many := func(value string) string { return strings.Repeat(value+",", 200_000/len(value)) + value }
	members := func(n int) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, `"a%d":0,`, i)
		}
		return text.String()
	}
	deep := strings.Repeat(`[`, 50) + strings.Repeat(`]`, 50)
	for what, c := range map[string]struct{ arguments, want string }{
		"many tasks":           {`{"tasks":[` + many(`{}`) + `]}`, "tasks has more than 1000 values"},
		"many tags":            {`{"title":"x","tags":[` + many(`""`) + `]}`, "tags has more than 1000 values"},
		"many ids":             {`{"title":"x","tag_ids":[` + many(`1`) + `]}`, "tag_ids has more than 1000 values"},
		"many offsets":         {`{"title":"x","reminder_offsets":[` + many(`[]`) + `]}`, "reminder_offsets has more than 1000 values"},
		"many fields":          {`{` + members(2000) + `"title":"x"}`, "has more than 1000 values"},
		"many lists":           {`{"tasks":[` + strings.Repeat(`{"title":"x","tags":[`+strings.Repeat(`"",`, 500)+`""]},`, 49) + `{}]}`, "has more than 20000 values in all"},
		"what is nested deep":  {`{"title":` + deep + `}`, "nested more than 32 deep"},
		"what is no such list": {`[` + many(`{}`) + `]`, "has more than 1000 values"},
	} {
		for _, path := range []string{"/v1/tasks", "/v1/batch"} {
			a := h.send(t, ann.token, http.MethodPost, path, json.RawMessage(c.arguments))
			require.Equal(t, http.StatusBadRequest, a.status, "%s: %.300s", what, a.text)
			require.Contains(t, a.text, c.want, what)
		}
		a := h.send(t, ann.token, http.MethodPost, "/mcp", json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_tasks","arguments":`+c.arguments+`}}`))
		require.Equal(t, http.StatusOK, a.status, "%s: %.300s", what, a.text)
		require.Contains(t, a.text, `"isError":true`, what)
		require.Contains(t, a.text, c.want, what)
	}
	a := h.send(t, ann.token, http.MethodPost, "/mcp", json.RawMessage(`[`+many(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)+`]`))
	require.Equal(t, http.StatusBadRequest, a.status, "a batch of calls")
	require.Contains(t, a.text, "has more than 1000 values")
	a = h.send(t, ann.token, http.MethodPatch, "/v1/settings", json.RawMessage(`{"reminder_offsets":[`+many(`1`)+`]}`))
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.text, "reminder_offsets has more than 1000 values")
}

// A browser that is still sending a large file would show that the connection broke.
func TestAnswerReachesWhoIsStillSending(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	server, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
	require.NoError(t, err)
	defer func() { _ = server.Close() }()
	const size = 15 << 20
	_, err = fmt.Fprintf(server, "POST /v1/import HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n<html>", strings.TrimPrefix(h.URL, "http://"), ann.token, size)
	require.NoError(t, err)
	_, err = server.Write(bytes.Repeat([]byte("x"), size-len("<html>")))
	require.NoError(t, err)
	answer, err := http.ReadResponse(bufio.NewReader(server), nil)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
}
