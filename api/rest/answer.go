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

// statusError is an error that has another status than its code.
type statusError struct {
	error
	status int
}

func (e statusError) Unwrap() error { return e.error }

func withStatus(status int, e *fault.Error) error { return statusError{e, status} }

// refuse answers with a problem; id names the operation.
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

// write answers, with what HTTP has its own headers for: Location of what was
// created, ETag, and Link to the next page.
func (r route) write(c *gin.Context, o operation.Operation, answer any) {
	status, text := http.StatusOK, encode(answer)
	if o.Creates {
		status = http.StatusCreated
	}
	if r.method == get {
		c.Header("ETag", etag.Of(text))
	}
	if v, ok := answer.(operation.Versioned); ok && r.method != del { // what is answered to DELETE is not what a GET would show
		resource := v.Resource()
		c.Header("ETag", fmt.Sprintf(`"%d-%s"`, resource.Version, etag.Digest(encode(resource.Content))))
		switch {
		case o.Creates && resource.Created:
			c.Header("Location", fmt.Sprintf("/v1/tasks/%d", resource.ID))
		case o.Creates:
			status = http.StatusOK // it was there
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
