package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/repository"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

// refuse answers with problem details (RFC 9457) that carry the error's code.
func refuse(c *gin.Context, status int, e *task.Error) {
	c.Header("Content-Type", "application/problem+json")
	c.AbortWithStatusJSON(status, gin.H{
		"type": "about:blank", "title": http.StatusText(status), "status": status,
		"detail": e.Message, "code": e.Code,
	})
}

// authenticated lets only callers with a valid token pass, and says who they
// are. The token is the only source of identity.
// https://www.rfc-editor.org/rfc/rfc6750#section-3
func authenticated(store *repository.Repository, log *slog.Logger) gin.HandlerFunc {
	challenge := func(c *gin.Context, reason, message string) {
		c.Header("WWW-Authenticate", `Bearer realm="tickler"`+reason)
		refuse(c, http.StatusUnauthorized, &task.Error{Code: task.Unauthorized, Message: message})
	}
	return func(c *gin.Context) {
		scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" {
			challenge(c, "", "a token is needed: send the header Authorization: Bearer TOKEN; make one with: api token create --user NAME")
			return
		}
		user, err := store.UserByToken(c.Request.Context(), hashToken(strings.TrimSpace(token)))
		switch {
		case errors.Is(err, task.ErrNotFound):
			challenge(c, `, error="invalid_token", error_description="unknown, expired or revoked"`, "this token is unknown, expired or revoked")
		case err != nil:
			log.Error("a token could not be checked", "error", err, "trace", telemetry.TraceID(c.Request.Context()))
			c.Header("Retry-After", "5")
			refuse(c, http.StatusServiceUnavailable, &task.Error{Code: task.Unavailable, Message: "tokens cannot be checked at the moment; try again in some seconds"})
		default:
			c.Request = c.Request.WithContext(operation.WithUser(c.Request.Context(), user))
		}
	}
}

// sameOrigin refuses calls that a web page elsewhere makes a browser send. MCP
// clients send no Origin.
// https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
func sameOrigin(c *gin.Context) {
	origin := c.GetHeader("Origin")
	if origin == "" {
		return
	}
	if u, err := url.Parse(origin); err != nil || u.Host != c.Request.Host {
		refuse(c, http.StatusForbidden, &task.Error{Code: task.Forbidden, Message: "this Origin may not call"})
	}
}

// dropCancellations acknowledges notifications/cancelled without acting on
// them: without a session the library could not tell whose request is meant.
func dropCancellations(c *gin.Context) {
	if c.Request.Method != http.MethodPost {
		return
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		refuse(c, http.StatusRequestEntityTooLarge, &task.Error{Code: task.InvalidInput, Message: "the body is too large; at most 1 MiB is allowed"})
		return
	}
	var message struct {
		Method string `json:"method"`
	}
	if json.Unmarshal(body, &message) == nil && message.Method == "notifications/cancelled" {
		c.AbortWithStatus(http.StatusAccepted)
		return
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
}
