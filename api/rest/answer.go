package rest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tickler/api/operation"
	"tickler/internal/fault"
)

// problem is an error as RFC 9457 writes it, with code, field and hint as the
// tools have them.
type problem struct {
	Type   string     `json:"type" doc:"Always about:blank: code tells more."`
	Title  string     `json:"title" doc:"That of the status."`
	Status int        `json:"status"`
	Detail string     `json:"detail" doc:"What was wrong, what is allowed, and an example."`
	Code   fault.Code `json:"code" enum:"INVALID_INPUT,UNAUTHORIZED,FORBIDDEN,NOT_FOUND,CONFLICT,LIMIT_EXCEEDED,RATE_LIMITED,UNAVAILABLE,INTERNAL"`
	Field  string     `json:"field,omitempty" doc:"The input at fault."`
	Hint   string     `json:"hint,omitempty" doc:"What to do next."`
}

var statuses = map[fault.Code]int{
	fault.InvalidInput: http.StatusBadRequest, fault.Unauthorized: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden,
	fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.LimitExceeded: http.StatusUnprocessableEntity,
	fault.RateLimited: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable, fault.Internal: http.StatusInternalServerError,
}

// statusError is an error that has another status than its code.
type statusError struct {
	error
	status int
}

func (e statusError) Unwrap() error { return e.error }

func withStatus(status int, e *fault.Error) error { return statusError{e, status} }

// refuse answers with problem details.
func (s *server) refuse(ctx huma.Context, err error) {
	visible := s.Operations.Visible(ctx.Context(), ctx.Operation().OperationID, err)
	status := statuses[visible.Code]
	var own statusError
	if errors.As(err, &own) {
		status = own.status
	}
	if visible.Code == fault.Unavailable || visible.Code == fault.RateLimited {
		ctx.SetHeader("Retry-After", "5")
	}
	send(ctx, status, "application/problem+json", problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: visible.Message, Code: visible.Code, Field: visible.Field, Hint: visible.Hint,
	})
}

func encode(content any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(content); err != nil {
		panic(err) // our own types always marshal
	}
	return text.Bytes()
}

func send(ctx huma.Context, status int, kind string, content any) {
	sendText(ctx, status, kind, encode(content))
}

func sendText(ctx huma.Context, status int, kind string, text []byte) {
	ctx.SetHeader("Content-Type", kind)
	ctx.SetStatus(status)
	_, _ = ctx.BodyWriter().Write(text) // who has gone needs no answer
}

// write answers, with what HTTP has its own headers for: Location of what was
// created, ETag, and Link to the next page.
func (r route) write(ctx huma.Context, answer any) {
	status, text := http.StatusOK, encode(answer)
	switch one := answer.(type) {
	case interface{ Resource() operation.Resource }:
		if r.method == del {
			break
		}
		resource := one.Resource()
		ctx.SetHeader("ETag", fmt.Sprintf(`"%d-%s"`, resource.Version, digest(encode(resource.Content))))
		if resource.Created {
			status = http.StatusCreated
			ctx.SetHeader("Location", fmt.Sprintf("/v1/tasks/%d", resource.ID))
		}
	case interface{ Next() string }:
		address := ctx.URL()
		if next := one.Next(); next != "" {
			query := address.Query()
			query.Set("cursor", next)
			ctx.SetHeader("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, address.EscapedPath(), query.Encode()))
		}
		ctx.SetHeader("ETag", `"`+digest(text)+`"`)
	default:
		if r.method == get {
			ctx.SetHeader("ETag", `"`+digest(text)+`"`)
		}
		if strings.HasPrefix(r.operation, "create_") {
			status = http.StatusCreated
		}
	}
	if r.method == get && unchanged(ctx) {
		ctx.SetStatus(http.StatusNotModified)
		return
	}
	sendText(ctx, status, "application/json", text)
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// unchanged tells whether the client has what would be sent.
// https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
func unchanged(ctx huma.Context) bool {
	return Matches(ctx.Header(ifNoneMatch), header(ctx, "ETag"))
}

// Matches tells whether the list of an If-None-Match has an entity tag, compared
// weakly.
func Matches(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}
