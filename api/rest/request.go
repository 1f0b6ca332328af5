package rest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/fault"
	"tickler/internal/limit"
)

const (
	ifMatch        = "If-Match"
	ifNoneMatch    = "If-None-Match"
	idempotencyKey = "Idempotency-Key"
)

// call holds the arguments of an operation, read from a request.
type call struct {
	arguments json.RawMessage
	ifMatch   bool // if_version came from the header
	foreign   bool // and that is no ETag of a task
}

// read collects the arguments of an operation from path, query or body, and
// headers. The operation validates their values.
func (r route) read(c *gin.Context, o operation.Operation) (call, error) {
	fields := o.Fields()
	given, raw, err := r.given(c, fields)
	if err != nil || raw != nil {
		return call{arguments: raw}, err
	}
	for name := range given {
		if r.leavesOut(name) && hasField(fields, name) {
			return call{}, fault.Invalid(name, "is not accepted here: it is part of the path")
		}
	}
	for _, f := range fields {
		if !slices.Contains(r.inPath(), f.Name) {
			continue
		}
		if _, twice := given[f.Name]; twice {
			return call{}, fault.Invalid(f.Name, "is not accepted here: it is part of the path")
		}
		if given[f.Name], err = text(f, c.Param(f.Name)); err != nil {
			return call{}, err
		}
	}
	if _, set := given[responseFormat]; !set && hasField(fields, responseFormat) {
		given[responseFormat] = json.RawMessage(`"detailed"`)
	}
	var made call
	if err := r.headers(c, fields, given, &made); err != nil {
		return call{}, err
	}
	made.arguments, err = json.Marshal(given)
	return made, err
}

func (r route) leavesOut(name string) bool {
	return slices.Contains(r.without, name) || slices.Contains(r.without, "*")
}

func hasField(fields []operation.Field, name string) bool {
	return slices.ContainsFunc(fields, func(f operation.Field) bool { return f.Name == name })
}

// given returns the fields of the query or the body. A body that is not an object
// is returned as raw JSON, for the operation to refuse.
func (r route) given(c *gin.Context, fields []operation.Field) (map[string]json.RawMessage, json.RawMessage, error) {
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return nil, nil, fault.Invalid("query", "cannot be read; write it as name=value&name=value, percent-encoded")
	}
	if !r.inBody() {
		given, err := fromQuery(query, fields)
		return given, nil, err
	}
	for name := range query {
		return nil, nil, fault.Invalid(fault.Clip(name), "is not accepted in the query here; put it into the body, as JSON")
	}
	body, err := jsonBody(c)
	if err != nil {
		return nil, nil, err
	}
	given := map[string]json.RawMessage{}
	if len(body) > 0 {
		if json.Unmarshal(body, &given) != nil || given == nil || !utf8.Valid(body) {
			if bytes.Equal(bytes.TrimSpace(body), []byte("null")) {
				body = json.RawMessage(`[]`) // a missing body is allowed, null is not
			}
			return nil, body, nil
		}
	}
	return given, nil, nil
}

func fromQuery(query url.Values, fields []operation.Field) (map[string]json.RawMessage, error) {
	given := map[string]json.RawMessage{}
	for name, values := range query {
		i := slices.IndexFunc(fields, func(f operation.Field) bool { return f.Name == name })
		f := operation.Field{Name: name, Text: true}
		if i >= 0 {
			f = fields[i]
		}
		if !f.List {
			if len(values) > 1 && i >= 0 {
				return nil, fault.Invalid(name, "is given %d times; give it once", len(values))
			}
			value, err := text(f, values[0])
			if err != nil {
				return nil, err
			}
			given[name] = value
			continue
		}
		list := make([]json.RawMessage, len(values))
		for n, value := range values {
			one, err := text(f, value)
			if err != nil {
				return nil, err
			}
			list[n] = one
		}
		given[name], _ = json.Marshal(list) // JSON values always marshal
	}
	return given, nil
}

// text converts a value of a path, query or header to JSON: to a number if the
// field takes numbers and the value is one, else to a string.
func text(f operation.Field, value string) (json.RawMessage, error) {
	if !utf8.ValidString(value) {
		return nil, fault.Invalid(fault.Clip(f.Name), "is not valid UTF-8; send text encoded as UTF-8, percent-encoded")
	}
	if !f.Text {
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return json.RawMessage(strconv.FormatInt(n, 10)), nil
		}
		if value == "true" || value == "false" {
			return json.RawMessage(value), nil
		}
	}
	return json.Marshal(value)
}

// jsonBody reads a body, which may be missing. What could cost much memory to
// decode is refused before it is.
func jsonBody(c *gin.Context) (json.RawMessage, error) {
	body, err := readBody(c)
	if err != nil || len(bytes.TrimSpace(body)) == 0 {
		return nil, err
	}
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if c.GetHeader("Content-Type") != "" && (err != nil || (kind != "application/json" && !strings.HasSuffix(kind, "+json"))) {
		return nil, withStatus(http.StatusUnsupportedMediaType, fault.Invalid("Content-Type", "must be application/json"))
	}
	var exceeded *limit.Error
	if errors.As(limit.Body.Check(body), &exceeded) {
		return nil, fault.Invalid(cmp.Or(fault.Clip(exceeded.Field), "body"), "%s", exceeded.Message)
	}
	return body, nil
}

func readBody(c *gin.Context) ([]byte, error) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return nil, bodyError(err)
	}
	return body, nil
}

// bodyError says why a body could not be read.
func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return withStatus(http.StatusRequestEntityTooLarge, fault.Invalid("body", "is too large; at most %d bytes are allowed", tooLarge.Limit))
	}
	return fault.Invalid("body", "arrived incomplete; send it again")
}

// validator matches our ETags of tasks: the version and, for caches, a digest of
// the representation.
var validator = regexp.MustCompile(`^"([0-9]{1,9})(-[0-9a-f]+)?"$`)

// headers reads the headers that stand for fields.
func (r route) headers(c *gin.Context, fields []operation.Field, given map[string]json.RawMessage, made *call) error {
	if key := c.GetHeader(idempotencyKey); key != "" {
		if !hasField(fields, "idempotency_key") {
			return fault.Invalid(idempotencyKey, "is not accepted here").WithHint("POST /v1/tasks takes it; in POST /v1/batch, give each task an idempotency_key")
		}
		value, err := text(operation.Field{Name: idempotencyKey, Text: true}, key)
		if err != nil {
			return err
		}
		if other, twice := given["idempotency_key"]; twice && !bytes.Equal(other, value) {
			return fault.Invalid(idempotencyKey, "is not the idempotency_key of the body; give one of them")
		}
		given["idempotency_key"] = value
	}
	match := strings.TrimSpace(c.GetHeader(ifMatch))
	if match == "" || r.method == get {
		return nil
	}
	if !hasField(fields, "if_version") {
		return fault.Invalid(ifMatch, "is not accepted here").WithHint("PATCH /v1/tasks/{task_id} takes it; PATCH /v1/batch takes an if_version for each task, also with an action")
	}
	if match == "*" { // matches any version; the operation checks that the task exists
		return nil
	}
	n := 0
	if parts := validator.FindStringSubmatch(match); parts != nil {
		n, _ = strconv.Atoi(parts[1])
	}
	if made.foreign = n < 1; made.foreign {
		n = math.MaxInt32 // which no task has
	}
	version := json.RawMessage(strconv.Itoa(n))
	if other, twice := given["if_version"]; twice && !bytes.Equal(other, version) {
		return fault.Invalid(ifMatch, "is not the if_version of the body; give one of them")
	}
	given["if_version"], made.ifMatch = version, true
	return nil
}

// condition turns a version conflict into 412 if the version came from If-Match.
// https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
func (c call) condition(err error) error {
	var e *fault.Error
	if c.ifMatch && errors.As(err, &e) && e.Field == "if_version" {
		message := "the task has changed since that ETag: " + e.Message
		if c.foreign {
			message = "this is no ETag of the task"
		}
		return withStatus(http.StatusPreconditionFailed, &fault.Error{
			Code: e.Code, Field: ifMatch, Message: message,
			Hint: "GET the task; then send its ETag",
		})
	}
	return err
}
