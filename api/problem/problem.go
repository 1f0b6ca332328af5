// Package problem sends errors as problem details.
// https://www.rfc-editor.org/rfc/rfc9457
package problem

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"tickler/internal/fault"

	"github.com/gin-gonic/gin"
)

// Type is the media type of a problem.
const Type = "application/problem+json"

// Details is an error as sent, with code, field and hint like those of tools.
type Details struct {
	Type   string     `json:"type" doc:"Always about:blank: code tells more."`
	Title  string     `json:"title" doc:"That of the status."`
	Status int        `json:"status"`
	Detail string     `json:"detail" doc:"What was wrong, what is allowed, and an example."`
	Code   fault.Code `json:"code" enum:"INVALID_INPUT,UNAUTHORIZED,FORBIDDEN,NOT_FOUND,CONFLICT,LIMIT_EXCEEDED,RATE_LIMITED,UNAVAILABLE,INTERNAL"`
	Field  string     `json:"field,omitempty" doc:"The input at fault."`
	Hint   string     `json:"hint,omitempty" doc:"What to do next."`
}

// statuses maps codes to HTTP statuses.
var statuses = map[fault.Code]int{
	fault.InvalidInput: http.StatusBadRequest, fault.Unauthorized: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden,
	fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.LimitExceeded: http.StatusUnprocessableEntity,
	fault.RateLimited: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable, fault.Internal: http.StatusInternalServerError,
}

// clientClosedRequest is the status, first used by nginx, of a request whose client
// disconnected before the answer. It appears in metrics only.
const clientClosedRequest = 499

// retryAfter is the default Retry-After, in seconds.
const retryAfter = "5"

// StatusOf returns the status of a code.
func StatusOf(code fault.Code) int {
	return cmp.Or(statuses[code], http.StatusInternalServerError)
}

const forClients = "errors for clients of OAuth"

// clientErrors are codes as clients of OAuth know them; any other is invalid_request.
var clientErrors = map[fault.Code]string{
	fault.Forbidden: "access_denied", fault.RateLimited: "temporarily_unavailable", fault.Unavailable: "temporarily_unavailable", fault.Internal: "server_error",
}

// ForClients makes Refuse answer a request as clients of OAuth read it.
// https://www.rfc-editor.org/rfc/rfc6749#section-5.2
func ForClients(c *gin.Context) { c.Set(forClients, true) }

// Refuse sends an error with the status of its code and aborts the handlers that
// follow.
func Refuse(c *gin.Context, e *fault.Error) {
	if e.Code == fault.Internal && c.Request.Context().Err() != nil {
		RefuseAs(c, clientClosedRequest, e)
		return
	}
	RefuseAs(c, StatusOf(e.Code), e)
}

// RefuseAs is Refuse with a status that is more specific than the code's.
func RefuseAs(c *gin.Context, status int, e *fault.Error) {
	if (e.Code == fault.Unavailable || e.Code == fault.RateLimited) && c.Writer.Header().Get("Retry-After") == "" {
		c.Header("Retry-After", retryAfter)
	}
	if c.GetBool(forClients) {
		c.AbortWithStatusJSON(status, gin.H{"error": cmp.Or(clientErrors[e.Code], "invalid_request"), "error_description": e.Message})
		return
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(Details{
		Type: "about:blank", Title: cmp.Or(http.StatusText(status), "Client Closed Request"), Status: status,
		Detail: e.Message, Code: e.Code, Field: e.Field, Hint: e.Hint,
	}); err != nil {
		panic(err) // strings and a number always marshal
	}
	c.Abort()
	c.Data(status, Type, text.Bytes())
}
