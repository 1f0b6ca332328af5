package guard

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"tickler/api/problem"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/limit"
)

// invalidRequest is an error's code: https://www.jsonrpc.org/specification#error_object
const invalidRequest = -32600

// Require admits callers whose token has a scope.
func (g *Guard) Require(needed access.Scope) gin.HandlerFunc {
	return func(c *gin.Context) { g.require(c, needed) }
}

func (g *Guard) require(c *gin.Context, needed access.Scope) {
	caller, ok := access.From(c.Request.Context())
	if ok && caller.May(needed) {
		return
	}
	hint := "this token has no scope that is known here"
	if len(caller.Scopes) > 0 {
		hint = "this token has: " + access.Join(caller.Scopes, ", ")
	}
	// Clients request exactly the scopes that the challenge names. It names those of
	// the present token too, so that a new token does not lose them.
	g.challenge(c, "insufficient_scope", append(slices.Clone(caller.Scopes), needed), &fault.Error{
		Code: fault.Forbidden, Message: "this call needs a token with the scope " + string(needed), Hint: hint,
	})
}

// MCP checks a message before the library handles it. It refuses a message that
// would take much memory to decode, and answers a call that the token's scopes do
// not cover with HTTP 403, on which clients request more scopes. It acknowledges
// notifications/cancelled without acting on them: without a session the library
// cannot tell whose request is meant.
//
// needed lists the scopes that a call of a tool needs. An unknown tool needs none.
func (g *Guard) MCP(needed func(tool string, arguments json.RawMessage) []access.Scope) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.Method != http.MethodPost {
			// There are no sessions, so there is neither a stream of one to get nor an end of
			// one to ask for.
			c.Header("Allow", http.MethodPost)
			problem.RefuseAs(c, http.StatusMethodNotAllowed, &fault.Error{
				Code: fault.InvalidInput, Message: "MCP is spoken here with POST only, without sessions", Hint: "give this address to an MCP client; people use the page at /",
			})
			return
		}
		if media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || media != "application/json" {
			problem.RefuseAs(c, http.StatusUnsupportedMediaType, fault.Invalid("Content-Type", "%q is not taken; allowed is application/json", fault.Clip(c.GetHeader("Content-Type"))))
			return
		}
		body, err := io.ReadAll(c.Request.Body)
		if err != nil {
			problem.RefuseAs(c, http.StatusRequestEntityTooLarge, &fault.Error{Code: fault.InvalidInput, Message: "the body is too large; at most 1 MiB is allowed"})
			return
		}
		var exceeded *limit.Error
		if errors.As(limit.Body.Check(body), &exceeded) {
			refuseExcess(c, body, exceeded)
			return
		}
		var message struct {
			Method string `json:"method"`
			Params struct {
				Name      string          `json:"name"`
				Arguments json.RawMessage `json:"arguments"`
			} `json:"params"`
		}
		// The library refuses anything that cannot be decoded, as the protocol wants.
		_ = json.Unmarshal(body, &message)
		switch message.Method {
		case "notifications/cancelled":
			c.AbortWithStatus(http.StatusAccepted)
			return
		case "tools/call":
			for _, scope := range needed(message.Params.Name, message.Params.Arguments) {
				if g.require(c, scope); c.IsAborted() {
					return
				}
			}
		case "resources/read", "resources/subscribe", "completion/complete", "prompts/get", "subscriptions/listen":
			g.require(c, access.TasksRead)
		}
		c.Request.Body = io.NopCloser(bytes.NewReader(body))
	}
}

// longestID is how many bytes of the id of a call are repeated.
const longestID = 100

// refuseExcess answers a message that exceeds a limit. Where it calls a tool the answer is
// a result of the tool, since clients show only that to their model.
func refuseExcess(c *gin.Context, body []byte, exceeded *limit.Error) {
	refusal := &fault.Error{Code: fault.InvalidInput, Field: fault.Clip(exceeded.Field), Message: fault.Clip(cmp.Or(exceeded.Field, "the message")) + " " + exceeded.Message}
	var call struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
	}
	if err := json.Unmarshal(body, &call); err == nil && call.Method == "tools/call" && len(call.ID) > 0 && len(call.ID) <= longestID {
		content := gin.H{"error": refusal}
		if text, err := json.Marshal(content); err == nil {
			c.AbortWithStatusJSON(http.StatusOK, gin.H{"jsonrpc": "2.0", "id": call.ID, "result": gin.H{
				"isError": true, "content": []gin.H{{"type": "text", "text": string(text)}}, "structuredContent": content,
			}})
			return
		}
	}
	c.AbortWithStatusJSON(http.StatusBadRequest, gin.H{"jsonrpc": "2.0", "id": nil, "error": gin.H{"code": invalidRequest, "message": refusal.Message}})
}
