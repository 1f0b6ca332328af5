package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"tickler/api/etag"
	"tickler/api/operation"
	"tickler/api/problem"
	"tickler/internal/fault"
)

// statusError is an error whose HTTP status is not that of its code.
type statusError struct {
	error
	status int
}

func (e statusError) Unwrap() error { return e.error }

func withStatus(status int, e *fault.Error) error { return statusError{e, status} }

// refuse sends an error as problem details; id names the operation in the log.
func (s *server) refuse(c *gin.Context, id string, err error) {
	visible := s.Operations.Visible(c.Request.Context(), id, err)
	var own statusError
	if errors.As(err, &own) {
		problem.RefuseAs(c, own.status, visible)
		return
	}
	problem.Refuse(c, visible)
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

const jsonType = "application/json"

// write sends an answer with its Location, ETag and Link headers.
func (r route) write(c *gin.Context, o operation.Operation, answer any) {
	status, text := http.StatusOK, encode(answer)
	if o.Creates {
		status = http.StatusCreated
	}
	if r.method == get {
		c.Header("ETag", etag.Of(text))
	}
	if v, ok := answer.(operation.Versioned); ok && r.method != del { // DELETE answers with something that no GET returns
		resource := v.Resource()
		c.Header("ETag", fmt.Sprintf(`"%d-%s"`, resource.Version, etag.Digest(encode(resource.Content))))
		switch {
		case o.Creates && resource.Created:
			c.Header("Location", fmt.Sprintf("/v1/tasks/%d", resource.ID))
		case o.Creates:
			status = http.StatusOK // an earlier call created it
		}
	}
	if p, ok := answer.(operation.Paged); ok && p.Next() != "" {
		query := c.Request.URL.Query()
		query.Set("cursor", p.Next())
		c.Header("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, c.Request.URL.EscapedPath(), query.Encode()))
	}
	if r.method == get && etag.Matches(c.GetHeader(ifNoneMatch), c.Writer.Header().Get("ETag")) {
		c.Status(http.StatusNotModified)
		return
	}
	c.Data(status, jsonType, text)
}
